"""URNs are for ever: a changed one replaces a live resource, so each change is a reviewed difference."""

import functools
import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_portico
from pulumi.runtime.resource import all_aliases
from pulumi_portico import (
    AwsLoadBalancer,
    Exposure,
    IngressGateway,
    IngressRoutes,
    Job,
    Namespace,
    Platform,
    PublicLoadBalancer,
    Scope,
    TargetBinding,
    WebService,
    WorkloadKind,
)
from pulumi_portico.testing import Recording, record

from tests.aws_balancers import WEB_ACL, calls, outputs
from tests.aws_balancers import application as application_balancer
from tests.unit.gateways import CERTIFICATE, KEY

SNAPSHOT = Path(__file__).with_name("urns.txt")


def everything() -> None:
    """One of each component, with every option that makes another resource."""
    environment: Any = {"secret_env": {"A": "b"}, "config_files": {"/a": "b"}}
    more: Any = {"name": "more", "image": "more:1", **environment}
    scale: Any = {"max_replicas": 3}
    args: Any = {"image": "api:1", "port": 8080, "autoscaling": scale, "sidecars": [more], **environment}
    api = WebService("api", args)
    once: Any = {"image": "api:1", "sidecars": [more], **environment}
    daily: Any = {"image": "api:1", "schedule": "@daily", **environment}
    Job("migrate", once)
    Job("report", daily)
    for kind in (WorkloadKind.STATEFUL_SET, WorkloadKind.DAEMON_SET, WorkloadKind.REPLICA_SET):
        WebService(kind.value.lower(), {"image": "api:1", "port": 8080, "kind": kind})
    exposed: Exposure = {"scope": Scope.INTERNET, "platform": Platform.GENERIC, "allowed_sources": ["0.0.0.0/0"]}
    PublicLoadBalancer("public", {"target": api.targets["http"], "exposure": exposed})
    _gateways(api, exposed)
    _of_aws(api)


def _of_aws(api: WebService) -> None:
    """Load balancers that Pulumi owns, with every resource that they can be made of."""
    target: Any = api.target
    zoned = {"zone": "example.com", "zone_id": "Z1"}
    listener = {"client_certificates": {"bundle": {"bucket": "a", "key": "b"}}, "target": "api"}
    application: Any = application_balancer(
        targets={"api": {"target": target}, "old": {"instances": {"one": "i-1"}, "port": 80, "security_group": "old"}},
        target_security_groups={"old": "sg-1"},
        sources={"cdn": {"prefix_list": "pl-1", "prefix_list_weight": 9}},
        ip_address_type="dualstack",
        hosts={"shop.example.com": zoned, "*.example.com": zoned},
        default_host="shop.example.com",
        listeners=[{"port": 443, "protocol": "https", **listener, "routes": [{"path": "/a", "target": "old"}]}],
        web_acl=WEB_ACL,
    )
    shop = AwsLoadBalancer("own", application)
    args: Any = {"target": target, "target_group": shop.target_group_arns["api"]}
    TargetBinding("joined", args)
    limits: Any = {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}
    limited: Any = {"name": "limited", "resource_quota": {"hard": {"pods": "9"}}, "limit_range": limits}
    Namespace("limited", limited)


def _gateways(api: WebService, exposed: Exposure) -> None:
    target = api.targets["http"]
    routes: Any = [
        {"host": "shop.example.com", "path": "/api", "rewrite": "/v2", "target": target},
        {"host": "shop.example.com", "path": "/api", "path_type": "Exact", "target": target},
        {"host": "shop.example.com", "response_headers": {"X-A": "b"}, "target": target},
        {"host": "shop.example.com", "path": "/in", "basic_auth": {"users": {"a": "$6$b$c"}}, "target": target},
    ]
    tls: Any = {"shop.example.com": {"certificate": CERTIFICATE, "key": KEY}}
    common: Any = {"exposure": exposed, "routes": routes, "tls": tls, "default_backend": target}
    custom: Any = {"cors": {"origins": ["*"]}, "allowed_sources": ["10.0.0.0/8"], "target": target}
    own: Any = {
        **common,
        "exposure": {**exposed, "client_ip": "preserve"},
        "routes": [*routes, {"host": "new.example.com", **custom}, _redirect("www.example.com")],
        "crds": {"installed": True},
        "installation": {"autoscaling": {"max_replicas": 3}, "served_namespaces": ["shop"]},
    }
    f5 = _gateway("f5", own)
    webhook: Any = {
        "api_server_sources": ["10.0.0.1/32"],
        "certificate": CERTIFICATE,
        "key": KEY,
        "ca_certificate": CERTIFICATE,
    }
    community: Any = {**common, "controller": "ingress-nginx", "installation": {"admission_webhook": webhook}}
    _gateway("community", community)
    behind: Any = {"kind": "DaemonSet"}
    plain: Any = [{"host": "any.example.com", "target": {"service": "a", "namespace": "shop", "port": 80}}]
    IngressGateway("behind", {"upstream": {}, "namespace": "edge", "installation": behind})
    any_class: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop", "controller_peers": []}
    _gateway("any", {**any_class, "routes": plain})
    IngressRoutes("more", {"gateway": f5.reference, "routes": [{"path": "/more", "target": target}]})


def _gateway(name: str, args: Any) -> IngressGateway:
    return IngressGateway(name, args)


def _redirect(host: str) -> Any:
    return {"host": host, "redirect": {"host": "shop.example.com"}}


@functools.cache
def recorded_once() -> Recording:
    return record(everything, outputs=outputs, calls=calls)


def test_no_urn_changes_unseen() -> None:
    recorded = recorded_once()
    urns = "".join(f"{it.urn}\n" for it in recorded.registrations)
    if os.environ.get("PORTICO_UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(urns)
    assert urns == SNAPSHOT.read_text(), "alias what is renamed, then run `make snapshots` and review the difference"


FORMER, PRESENT = "portico:index:PublicLoadBalancer", "portico:index:AwsLoadBalancer"


def test_an_aws_load_balancer_has_an_alias_of_its_former_type() -> None:
    recorded = recorded_once()
    aliased = {it.urn: it.aliases for it in recorded.registrations if not it.custom and it.aliases}
    assert aliased == {f"urn:pulumi:stack::project::pulumi:pulumi:Stack${PRESENT}::own": ({"type": FORMER},)}


def test_the_children_of_an_aws_load_balancer_inherit_the_alias() -> None:
    """The engine derives the aliases of children from their parent's, by the rule that the SDK has for older engines:
    tests/engine shows the same on the engine."""
    ours = [it for it in recorded_once().registrations if f"{PRESENT}$" in it.urn]
    assert len(ours) > 30

    def program() -> None:
        component = AwsLoadBalancer("own", application_balancer())  # pyright: ignore[reportArgumentType]
        for it in ours:
            pulumi.export(it.urn, pulumi.Output.all(*all_aliases(None, it.name, it.type, component)))

    inherited = record(program, outputs=outputs, calls=calls).exports
    assert inherited == {it.urn: [it.urn.replace(PRESENT, FORMER)] for it in ours}


def test_every_component_is_in_the_snapshot() -> None:
    components = {name for name in pulumi_portico.__all__ if hasattr(getattr(pulumi_portico, name), "register_outputs")}
    assert components
    recorded = recorded_once()
    assert {it.type.rpartition(":")[2] for it in recorded.registrations if not it.custom} == components


def test_order_and_neighbours_change_no_urn() -> None:
    def two(*names: str) -> set[str]:
        def program() -> None:
            for name in names:
                WebService(name, {"image": "x:1", "port": 1})

        return {it.urn for it in record(program).registrations}

    assert two("a", "b") == two("b", "a")
    assert two("a") < two("a", "b")
