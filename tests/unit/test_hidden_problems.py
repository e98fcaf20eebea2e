"""No problem hides another one: an invalid value is unavailable only to the rules that read it."""

from __future__ import annotations

import copy
import itertools
import typing
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
import yaml
from pulumi_portico.args.location import Location, camel_case
from pulumi_portico.args.problems import Problem
from pulumi_portico.args.shapes import is_args, is_generic, shapes_of, take_apart
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.parts import KINDS, Kind

from tests.problems import problems_of

VALID: Mapping[str, Any] = yaml.safe_load("""\
namespace: shop
services:
  api: {image: api:1, port: 8080}
  web: {image: web:1, port: 8080}
  jobs: {image: jobs:1, ports: {}}
jobs:
  migrate: {image: migrate:1, before: [web]}
gateways:
  edge:
    exposure: {scope: internet, platform: gke, allowedSources: [0.0.0.0/0]}
    tls:
      shop.example.com: {secret: shop-tls}
    routes:
      - {host: shop.example.com, path: /api, target: {service: api}}
      - {host: shop.example.com, path: /shared, target: {service: api}}
  other:
    exposure: {scope: internal, platform: gke}
    routes:
      - {host: other.example.com, path: /shared, target: {service: api}}
routes:
  added:
    gateway: {className: platform, namespace: platform, controller: ingress-nginx, controllerPeers: []}
    routes:
      - {host: added.example.com, path: /added, target: {service: api}}
loadBalancers:
  direct:
    target: {service: api}
    exposure: {scope: internal, platform: gke, staticAddresses: [direct]}
  more:
    target: {service: api}
    exposure: {scope: internal, platform: gke}
awsLoadBalancers:
  front:
    kind: application
    name: front
    scope: internal
    vpc: vpc-0123456789abcdef0
    subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    allowedSources: [10.0.0.0/8]
    targets: {api: {target: {service: api}}}
    listeners:
      - port: 80
        protocol: http
        target: api
        routes:
          - {path: /twice, target: api}
  back:
    kind: network
    scope: internal
    vpc: vpc-0123456789abcdef0
    subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    allowedSources: [10.0.0.0/8]
    targets: {api: {target: {service: api}}}
    listeners: [{port: 443, protocol: tcp, target: api}]
""")

# Each fault is what it sets in the valid stack. A number is an item that is appended to a list.
FAULTS: Sequence[Mapping[str, str]] = [
    # Rules of one component.
    {"services.api.replicas": "3", "services.api.autoscaling": "{maxReplicas: 9}"},
    {"services.web.port": "70000"},
    {"services.web.allowFrom": "[{service: nobody}]"},
    {"services.jobs.health": "{path: /ready}"},
    {"gateways.edge.routes.2": "{host: shop.example.com, path: wrong, target: {service: api}}"},
    {"gateways.edge.routes.3": "{host: shop.example.com, path: /api, target: {service: web}}"},
    {"gateways.edge.routes.4": "{host: shop.example.com, path: /port, target: {service: api, port: 1}}"},
    {"gateways.edge.routes.5": "{host: open.example.com, path: /rpc, protocol: GRPC, target: {service: api}}"},
    {"gateways.edge.routes.6": "{path: /host, requestHeaders: {host: a}, target: {service: api}}"},
    {"gateways.edge.tls.localhost": "{}"},
    {"gateways.edge.upstream": "{sources: [10.0.0.0/8]}"},
    {"gateways.edge.controllerPeers": "[{cidr: 10.0.0.0/8}]"},
    {"loadBalancers.direct.ports": "{http: {port: 80, targetPort: 8080}, web: {port: 80, targetPort: 8080}}"},
    {"awsLoadBalancers.front.listeners.0.routes.1": "{path: /twice, target: api}"},
    {"awsLoadBalancers.front.listeners.0.routes.2": "{path: wrong, target: api}"},
    {"awsLoadBalancers.front.listeners.0.routes.3": "{path: /unknown, target: nothing}"},
    # What a controller or a platform doesn't support.
    {"gateways.edge.routes.7": "{path: /cors, cors: {origins: ['*']}, target: {service: api}}"},
    {"gateways.edge.routes.8": "{path: /to, redirect: {path: /elsewhere}}"},
    {"loadBalancers.direct.exposure.crossZone": "true"},
    {"awsLoadBalancers.back.listeners.0.routes": "[{path: /a, target: api}]"},
    # Conflicts between components.
    {"services.api.selector": "{app: shop}", "services.web.selector": "{app: shop}"},
    {"gateways.edge.className": "public", "gateways.other.className": "public"},
    {
        "gateways.edge.className": "public",
        "gateways.other.className": "public",
        "gateways.other.routes.1": "{host: shop.example.com, path: /shared, target: {service: api}}",
    },
    {"loadBalancers.more.exposure.staticAddresses": "[direct]"},
    {"awsLoadBalancers.back.name": "front"},
]


class Need(NamedTuple):
    """Why the problem of a fault isn't reported if another value is invalid: a rule needs that value."""

    kind: str
    field: str
    codes: Sequence[str]
    reason: str


SELECTED = ("pods-selected-by-other", "selects-pods-of-other")
FEATURES = ("feature-needs-custom-resources", "f5-nginx-redirects-whole-hosts")
INSTALLED = ("only-if-not-installed", "mutually-exclusive", "same-ingress-class")
NEEDS: Sequence[Need] = [
    *(
        Need("services", field, ["unknown-port", "already-claimed-port"], "It decides the ports of the Service.")
        for field in ("kind", "port", "service_port", "service")
    ),
    Need("services", "external_replicas", ["mutually-exclusive"], "It excludes the same fields."),
    Need("services", "namespace", SELECTED, "Selectors select pods of one namespace."),
    Need("services", "selector", SELECTED, "These problems are about the selector."),
    Need("services", "extra", SELECTED, "It can replace or remove the labels of the pods."),
    Need("gateways", "controller", [*FEATURES, *INSTALLED], "It decides what is supported, and what is installed."),
    Need("gateways", "installation.host_network", ["only-if-not-installed"], "Nobody knows the peers of nodes."),
    Need("gateways", "install", INSTALLED, "It decides whether these fields and the class are the gateway's."),
    Need("gateways", "class_name", ["same-ingress-class", "route-of-other-component"], "Both compare the classes."),
    Need("gateways", "routes", ["route-of-other-component"], "It is about one of these routes."),
    *(
        Need("gateways", f"routes.0.{field}", ["duplicate-route"], "It decides which requests the first route matches.")
        for field in ("host", "path", "path_type")
    ),
    Need("gateways", "tls", ["host-without-tls"], "It decides which hosts have TLS."),
    Need("gateways", "crds", FEATURES[:1], "It decides whether the custom resources are available."),
    Need("load_balancers", "exposure.platform", ["unsupported-field", "already-claimed-port"], "It decides both."),
    Need("load_balancers", "exposure.static_addresses", ["already-claimed-port"], "It is about these addresses."),
    Need("load_balancers", "exposure.scope", ["already-claimed-port"], "It decides which addresses can be shared."),
    Need("load_balancers", "ports", ["already-claimed-port"], "It is about the ports of the addresses."),
    Need("aws_load_balancers", "targets", ["no-such-key"], "It has the keys."),
    *(
        Need("aws_load_balancers", f"listeners.0.routes.0.{field}", ["duplicate-alb-route"], "It decides what matches.")
        for field in ("host", "path", "path_type", "methods", "headers", "queries", "allowed_sources")
    ),
    Need("aws_load_balancers", "name", ["already-claimed"], "It is about the name."),
    Need("aws_load_balancers", "existing", ["already-claimed"], "An existing load balancer has a name already."),
]


def with_faults(faults: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The valid stack with faults."""
    config: Any = copy.deepcopy(VALID)
    for fault in faults:
        for path, text in fault.items():
            put(config, path, yaml.safe_load(text))
    return config


def put(config: Any, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        config = config[int(step)] if isinstance(config, list) else config[step]
    if isinstance(config, list):
        config.append(value)
    else:
        config[last] = value


def found_in(config: Mapping[str, Any]) -> list[Problem]:
    return problems_of(lambda: check_stack("dev", config))


def codes_of(problems: Sequence[Problem]) -> Counter[str]:
    return Counter(problem.code.name for problem in problems)


Steps = tuple[Any, ...]
NOT_A_KEY = "Not a key!"


def wrong_value(typ: Any) -> Any:
    """A value that no field of a type accepts, and that has no fix."""
    return 3.5 if is_args(typ) or is_generic(typ, Mapping) or is_generic(typ, Sequence) else ["wrong"]


def seeds(args_type: Any, above: Steps = (), within: tuple[Any, ...] = ()) -> Iterator[tuple[Steps, Any]]:
    """The location of each field of an args type, at any depth, with an invalid value."""
    for name, shape in shapes_of(args_type).items():
        steps, inner = (*above, name), shape.type
        yield steps, wrong_value(inner)
        below: Steps = steps
        if is_generic(inner, Mapping):
            inner = take_apart(typing.get_args(inner)[1]).type
            yield (*steps, NOT_A_KEY), wrong_value(inner)
            below = (*steps, "seeded")
        elif is_generic(inner, Sequence):
            inner = take_apart(typing.get_args(inner)[0]).type
            below = (*steps, 0)
        if is_args(inner) and inner not in within:
            yield from seeds(inner, below, (*within, inner))


def seeded(config: Mapping[str, Any], component: Steps, steps: Steps, value: Any) -> dict[str, Any]:
    """The stack with a value; what must be around it is added."""
    changed: Any = copy.deepcopy(config)
    holder = changed[component[0]][component[1]]
    for step, following in itertools.pairwise(steps):
        key = camel_case(step) if isinstance(step, str) else step
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(key, int) and not holder:
            holder.append(empty)
        elif not isinstance(key, int) and not isinstance(holder.get(key), type(empty)):
            holder[key] = empty
        holder = holder[key]
    holder[steps[-1] if steps[-1] == NOT_A_KEY else camel_case(steps[-1])] = value
    return changed


def is_needed(kind: Kind, at: Location, problem: Problem) -> bool:
    """Whether a rule that reports a problem needs the value at a location, or the problem is about that value."""
    if problem.location.is_within(at):
        return True
    steps = ".".join(str(step) for step in at[2:]) + "."
    needs = [need for need in NEEDS if need.kind == kind.field and problem.code.name in need.codes]
    # A value that holds the one that is needed is needed too.
    return any(steps.startswith(f"{need.field}.") or f"{need.field}.".startswith(steps) for need in needs)


def test_faults_hide_no_other() -> None:
    together = codes_of(found_in(with_faults(FAULTS)))
    alone: Counter[str] = Counter()
    for fault in FAULTS:
        alone += codes_of(found_in(with_faults([fault])))
    # Two faults have the class of two gateways.
    alone["same-ingress-class"] -= 1
    assert together == alone


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_an_invalid_value_hides_no_problem_that_does_not_need_it(kind: Kind) -> None:
    config = with_faults(FAULTS)
    before = found_in(config)
    component = camel_case(kind.field), next(iter(VALID[camel_case(kind.field)]))
    hidden: list[Any] = []
    count = 0
    for steps, value in seeds(kind.args_type):
        at = Location((kind.field, component[1], *steps))
        after = {(problem.code, problem.location) for problem in found_in(seeded(config, component, steps, value))}
        lost = [problem for problem in before if (problem.code, problem.location) not in after]
        hidden += [(at, problem.code.name, problem.location) for problem in lost if not is_needed(kind, at, problem)]
        count += 1
    assert count > 50
    assert not hidden, "\n".join(map(str, hidden))
