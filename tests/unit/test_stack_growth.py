"""How the work of a check grows with the size of a stack."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_portico.stack import check_stack, load_stack
from pulumi_portico.stack.view import PeerKind, PeerView
from pulumi_portico.stack.views import view_of

from tests.growth import calls_of
from tests.problems import problems_of

ROUTES = 5
"""The routes of each service."""
INTERNAL = {"scope": "internal", "platform": "gke"}


def names_of(services: int) -> list[str]:
    return [f"service-{number}" for number in range(services)]


def with_services(names: list[str], **parts: Any) -> dict[str, Any]:
    """A stack of services with one port each; `parts` are its other fields."""
    services = {name: {"image": f"{name}:1", "port": 80, "env": {"A": "b"}} for name in names}
    return {"namespace": "shop", "services": services, **parts}


def with_gateway(services: int) -> dict[str, Any]:
    names = names_of(services)
    routes = [
        {"host": f"{name}.example.com", "path": f"/{number}", "target": {"service": name}}
        for name in names
        for number in range(ROUTES)
    ]
    edge = {"exposure": INTERNAL, "crds": {"installed": True}, "routes": routes}
    return with_services(names, gateways={"edge": edge})


def with_load_balancers(services: int) -> dict[str, Any]:
    names = names_of(services)
    return with_services(
        names, loadBalancers={f"lb-{name}": {"target": {"service": name}, "exposure": INTERNAL} for name in names}
    )


def with_peers(services: int) -> dict[str, Any]:
    """Each service connects to the next one, and all of them to the first one."""
    names = names_of(services)
    stack = with_services(names)
    for number, name in enumerate(names):
        following, previous = names[(number + 1) % services], names[number - 1]
        to = {"allowTo": [{"service": following}, {"service": names[0]}]}
        stack["services"][name] |= to | {"allowFrom": [{"service": previous}]}
    stack["services"][names[0]]["allowFrom"] = [{"service": name} for name in names]
    return stack


def with_peers_by_label(services: int) -> dict[str, Any]:
    """All services have a label, and each accepts connections from, and connects to, those with the label."""
    stack = with_services(names_of(services))
    peers = [{"selector": {"team": "shop"}}]
    for service in stack["services"].values():
        service |= {"labels": {"team": "shop"}, "allowFrom": peers, "allowTo": peers}
    return stack


def with_peers_by_namespace(services: int) -> dict[str, Any]:
    stack = with_services(names_of(services))
    for service in stack["services"].values():
        service |= {"allowFrom": [{"namespace": "shop"}], "allowTo": [{"namespace": "shop"}]}
    return stack


def routes_of_aws(names: list[str]) -> list[dict[str, Any]]:
    return [
        {"host": f"{name}.example.com", "path": f"/{number}", "target": name}
        for name in names
        for number in range(ROUTES)
    ]


def with_priorities(services: int) -> dict[str, Any]:
    names = names_of(services)
    return with_balancer_of_aws(
        names, [{**route, "priority": number} for number, route in enumerate(routes_of_aws(names), 1)]
    )


def without_priorities(services: int) -> dict[str, Any]:
    """The priorities of some routes collide, and each collision has a fix."""
    names = names_of(services)
    return with_balancer_of_aws(names, routes_of_aws(names))


def with_wrong_priorities(services: int) -> dict[str, Any]:
    """The prefix of each host comes before its other routes, and a path of every host before all of them."""
    names = names_of(services)
    routes: list[dict[str, Any]] = [{"path": "/a", "priority": 1, "target": names[0]}]
    for name in names:
        host, first = f"{name}.example.com", len(routes) + 1
        routes.append({"host": host, "path": "/", "priority": first, "target": name})
        routes.append({"host": host, "path": "/a", "priority": first + 1, "target": name})
    return with_balancer_of_aws(names, routes)


def with_misspelled_names(services: int) -> dict[str, Any]:
    """All targets and peers are misspelled."""
    names = names_of(services)
    stack = with_services(names)
    for name in names:
        stack["services"][name]["allowFrom"] = [{"service": name.replace("c", "s")}]
    routes = [{"path": f"/{name}", "target": {"service": name.replace("c", "s")}} for name in names]
    return stack | {"gateways": {"edge": {"exposure": INTERNAL, "routes": routes}}}


def with_references(services: int) -> dict[str, Any]:
    """Each variable of a service refers to the ones after it, and one of them to itself."""
    count = 5 * services
    env = {f"V{n}": " ".join(f"$(V{other})" for other in range(n + 1, min(n + 5, count))) for n in range(count)}
    stack = with_services(["api"])
    stack["services"]["api"]["env"] = env | {f"V{count - 1}": f"$(V{count - 1})"}
    return stack


def with_misspelled_references(services: int) -> dict[str, Any]:
    stack = with_services(["api"])
    stack["services"]["api"]["env"] = {f"VAR_{number}": f"$(VRA_{number})" for number in range(services)}
    return stack


def with_wrong_defaults(services: int) -> dict[str, Any]:
    """Each service has the same problem, from the defaults."""
    return with_services(names_of(services), defaults={"replcas": 3})


def with_balancer_of_aws(names: list[str], routes: list[dict[str, Any]]) -> dict[str, Any]:
    listener = {"port": 80, "protocol": "http", "routes": routes}
    front = {
        "kind": "application",
        "scope": "internal",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "allowedSources": ["10.0.0.0/8"],
        "targets": {name: {"target": {"service": name}} for name in names},
        "listeners": [listener],
        "quotas": {"rules": 2000, "targetGroups": 1000},
    }
    return with_services(names, awsLoadBalancers={"front": front})


def written(stack: dict[str, Any], folder: Path) -> Path:
    folder.mkdir()
    config = {f"portico:{key}": value for key, value in stack.items()}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return folder


def check(folder: Path, codes: set[str]) -> None:
    """Check a stack, whose problems have these codes."""
    if codes:
        assert {problem.code.name for problem in problems_of(lambda: load_stack("dev", folder))} == codes
    else:
        assert load_stack("dev", folder).services


@pytest.mark.parametrize(
    ("stack_of", "codes"),
    [
        (with_gateway, set()),
        (with_load_balancers, set()),
        (with_peers, set()),
        (with_peers_by_label, set()),
        (with_peers_by_namespace, set()),
        (with_priorities, set()),
        (without_priorities, {"duplicate-priority"}),
        (with_wrong_priorities, {"wrong-route-order"}),
        (with_misspelled_names, {"unknown-service", "unknown-peer", "peer-does-not-allow-to"}),
        (with_references, {"variable-cycle"}),
        (with_misspelled_references, {"unknown-variable"}),
        (with_wrong_defaults, {"unknown-argument"}),
    ],
)
def test_a_check_makes_calls_in_proportion_to_the_stack(
    stack_of: Callable[[int], dict[str, Any]], codes: set[str], tmp_path: Path
) -> None:
    check(written(stack_of(1), tmp_path / "first"), codes if stack_of is not without_priorities else set())
    small, large = (
        calls_of(lambda: check(folder, codes))  # noqa: B023
        for folder in (written(stack_of(services), tmp_path / str(services)) for services in (100, 300))
    )
    assert large <= 3.3 * small


@pytest.mark.parametrize(
    "stack_of", [with_gateway, with_load_balancers, with_peers, with_peers_by_label, with_peers_by_namespace]
)
def test_a_view_makes_calls_in_proportion_to_the_stack(stack_of: Callable[[int], dict[str, Any]]) -> None:
    small, large = (check_stack("dev", stack_of(services)) for services in (100, 300))
    view_of(small)
    assert calls_of(lambda: view_of(large)) <= 3.3 * calls_of(lambda: view_of(small))


@pytest.mark.parametrize(("services", "links"), [(20, 20 * 20), (21, 21), (300, 300)])
def test_one_link_stands_for_many_services_that_a_label_selects(services: int, links: int) -> None:
    found = view_of(check_stack("dev", with_peers_by_label(services))).links
    assert len(found) == links
    if services > 20:
        assert {link.source for link in found} == {PeerView(PeerKind.PODS, labels=(("team", "shop"),))}
        assert {link.target.name for link in found} == set(names_of(services))


def test_a_wrong_priority_is_reported_once() -> None:
    """It can be wrong because of each route of another kind."""
    routes = [{"path": f"/{number}", "priority": number, "target": "api"} for number in range(1, 21)]
    hosts = [{"host": f"{number}.example.com", "priority": 100 + number, "target": "api"} for number in range(20)]
    found = problems_of(lambda: check_stack("dev", with_balancer_of_aws(["api"], [*routes, *hosts])))
    assert [problem.code.name for problem in found] == ["wrong-route-order"] * 20
    assert len({problem.location for problem in found}) == 20
