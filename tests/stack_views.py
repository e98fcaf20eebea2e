"""Stacks as they are read, for tests of what is drawn of them: by hand, and any at all."""

from __future__ import annotations

from hypothesis import strategies as st
from pulumi_portico.lifecycle.cost import Billable, Estimate, LineItem
from pulumi_portico.stack.view import (
    BalancerView,
    DefaultException,
    GatewayView,
    LinkView,
    RouteView,
    ServiceView,
    StackView,
)

ANYWHERE = ("0.0.0.0/0", "::/0")


def service(name: str, *ports: str, replicas: str = "1", kind: str = "Deployment", url: str = "") -> ServiceView:
    image = f"registry.example.com/shop/{name}:1.4.2"
    return ServiceView(name, kind, replicas, image, ports or ("http 80/TCP",), (url,) if url else ())


def balancer(
    name: str,
    *leads_to: str,
    kind: str = "Network Load Balancer",
    platform: str = "aws-controller",
    scope: str = "internet",
    sources: tuple[str, ...] = ANYWHERE,
    ports: tuple[str, ...] = ("80/TCP", "443/TCP"),
    tls: str = "gateway",
    cost: float | None = 27.4,
) -> BalancerView:
    return BalancerView(name, kind, platform, scope, sources, ports, tls, leads_to, 1, 1, estimate_of(platform, cost))


def estimate_of(platform: str, cost: float | None, currency: str = "USD") -> Estimate:
    """An estimate of one load balancer; None if no price is known."""
    billable = Billable(1, 1)
    if cost is None:
        return Estimate(platform, billable)
    return Estimate(platform, billable, (LineItem("load-balancer", 1, cost),), currency, "list prices")


def route(entry: str, host: str, path: str, leads_to: str, port: str = "80", **more: str) -> RouteView:
    path_type, scheme = more.get("path_type", "Prefix"), more.get("scheme", "https")
    return RouteView(entry, host, path, path_type, leads_to, port, scheme, more.get("client_port", ""))


def links(*pairs: tuple[str, str, str]) -> tuple[LinkView, ...]:
    return tuple(LinkView(source, target, (port,)) for source, target, port in sorted(pairs))


SMALL = StackView(
    stack="staging",
    namespace="shop",
    balancers=(balancer("edge", "edge"),),
    gateways=(GatewayView("edge", "f5-nginx", installed=True, tls_hosts=("shop.example.com",), behind=("edge",)),),
    routes=(
        route("edge", "shop.example.com", "/", "web"),
        route("edge", "shop.example.com", "/api", "api"),
    ),
    services=(
        service("api", "http 80/TCP", replicas="2 to 10", url="https://shop.example.com/api"),
        service("web", "http 80/TCP", replicas="2", url="https://shop.example.com/"),
    ),
    links=links(("edge", "api", "8080/TCP"), ("edge", "web", "8080/TCP"), ("web", "api", "8080/TCP")),
    exceptions=(),
)

MIXED = StackView(
    stack="production-aws",
    namespace="shop",
    balancers=(
        balancer("admin", "admin", scope="internal", sources=("10.0.0.0/8", "192.168.0.0/16"), tls="here", cost=16.4),
        balancer("edge", "edge", kind="Application Load Balancer", platform="aws", tls="here", cost=31),
        balancer("mqtt", "broker", ports=("8883/TCP",), tls="service", sources=("203.0.113.0/24",), cost=None),
    ),
    gateways=(
        GatewayView("edge", "f5-nginx", installed=True, tls_hosts=("*.example.com",), behind=("edge",)),
        GatewayView("legacy", "nginx-example", installed=False, tls_hosts=(), behind=()),
    ),
    routes=(
        route("admin", "", "", "admin", "8080", scheme="http", path_type="", client_port="80"),
        route("edge", "api.example.com", "/v1", "api", "8080"),
        route("edge", "api.example.com", "/v1/a/very/long/path/of/one/of/the/customers", "api", "metrics"),
        route("edge", "grpc.example.com", "/shop.Cart/Get", "cart", "5050", scheme="grpc", path_type="Exact"),
        route("edge", "shop.example.com", "/", "web"),
        route("edge", "shop.example.com", "/old", "redirect to https://www.example.com/new", "", path_type="Exact"),
        route("legacy", "", "/", "billing-of-another-team", "80", scheme="http"),
    ),
    services=(
        service("admin", "http 80/TCP", replicas="2"),
        service("api", "http 80/TCP", "metrics 9090/TCP", replicas="3 to 12"),
        service("broker", "mqtt 8883/TCP", kind="StatefulSet", replicas="3"),
        service("cart", "grpc 5050/TCP", replicas="2"),
        service("node-exporter", "metrics 9100/TCP", kind="DaemonSet", replicas="one a node"),
        service("nightly-report-of-all-orders-and-of-what-became-of-them", replicas="1"),
        service("web", "http 80/TCP", replicas="4"),
    ),
    links=links(
        ("10.20.0.0/16", "node-exporter", "9100/TCP"),
        ("api", "10.99.0.0/24", "5432/TCP"),
        ("api", "cart", "5050/TCP"),
        ("app=prometheus", "api", "9090/TCP"),
        ("app=prometheus", "node-exporter", "9100/TCP"),
        ("broker", "api", "8080/TCP"),
        ("broker", "broker", "8883/TCP"),
        ("web", "api", "8080/TCP"),
        ("web", "cart", "5050/TCP"),
    ),
    exceptions=(
        DefaultException("portico:gateways.edge.tls.redirect", "false", "HTTP is answered without encryption"),
        DefaultException("portico:services.broker.security.readOnlyRootFilesystem", "false", "files can be changed"),
        DefaultException("portico:services.broker.security.user", "0", "the process runs as root"),
    ),
)

_BOUTIQUE = {
    "ad": 9555,
    "cart": 7070,
    "checkout": 5050,
    "currency": 7000,
    "email": 5000,
    "frontend": 80,
    "loadgenerator": 0,
    "payment": 50051,
    "productcatalog": 3550,
    "recommendation": 8080,
    "redis-cart": 6379,
    "shipping": 50051,
}
_CALLS = {
    "cart": "redis-cart",
    "checkout": "cart currency email payment productcatalog shipping",
    "frontend": "ad cart checkout currency productcatalog recommendation shipping",
    "loadgenerator": "frontend",
    "recommendation": "productcatalog",
}

BOUTIQUE = StackView(
    stack="online-boutique",
    namespace="boutique",
    balancers=(balancer("edge", "edge", kind="forwarding rule", platform="gke", cost=18.25),),
    gateways=(GatewayView("edge", "f5-nginx", installed=True, tls_hosts=("shop.example.com",), behind=("edge",)),),
    routes=(route("edge", "shop.example.com", "/", "frontend"),),
    services=tuple(
        service(name, *([f"grpc {port}/TCP"] if port else ["no ports"])) for name, port in _BOUTIQUE.items()
    ),
    links=links(*((source, target, "") for source, targets in _CALLS.items() for target in targets.split())),
    exceptions=(DefaultException("portico:services.redis-cart.security.user", "999", "runs as a user of its own"),),
)

EMPTY = StackView("dev", "empty", (), (), (), (), (), ())

LARGE = StackView(
    stack="large",
    namespace="shop",
    balancers=(balancer("edge", "edge"),),
    gateways=(GatewayView("edge", "ingress-nginx", installed=True, tls_hosts=(), behind=("edge",)),),
    routes=tuple(
        route("edge", f"host-{number // 10}.example.com", f"/path-{number % 10}", f"service-{number * 7 % 40:02}")
        for number in range(100)
    ),
    services=tuple(service(f"service-{number:02}", replicas="2") for number in range(40)),
    links=links(*((f"service-{n:02}", f"service-{(n * 3 + 1) % 40:02}", "80/TCP") for n in range(0, 40, 4))),
    exceptions=(),
)

NAMED = {"small": SMALL, "mixed": MIXED, "boutique": BOUTIQUE, "empty": EMPTY, "large": LARGE}


# Any stack at all, whatever its parts are called.

NASTY = st.text(alphabet=st.sampled_from("abcWm.-<>&\"'/{};: 中😀\u202e\x00\n%"), min_size=1, max_size=70)
LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
WORD = st.one_of(LABEL, NASTY)


@st.composite
def stacks(draw: st.DrawFn, names: st.SearchStrategy[str] = WORD) -> StackView:
    """A stack with anything in it, and joined in any way."""
    services = sorted(draw(st.sets(names, max_size=12)))
    gateways = sorted(draw(st.sets(names, max_size=3)))
    balancers = sorted(draw(st.sets(names, max_size=4)))
    somewhere = st.sampled_from([*services, *gateways, "10.0.0.0/8", "app=prometheus"])
    target = st.sampled_from([*services, "not-of-the-stack"])
    entries = [*gateways, *balancers]
    routes = st.builds(
        RouteView,
        entry=st.sampled_from(entries or [""]),
        host=st.one_of(st.just(""), names),
        path=st.one_of(st.just(""), names.map("/{}".format)),
        path_type=st.sampled_from(["Exact", "Prefix"]),
        leads_to=target,
        port=st.one_of(st.just(""), st.just("8080"), names),
        scheme=st.sampled_from(["http", "https", "grpc", "tcp"]),
        client_port=st.sampled_from(["", "443"]),
    )
    found = draw(st.lists(routes, max_size=15 if entries else 0, unique=True))
    return StackView(
        stack=draw(names),
        namespace=draw(names),
        balancers=tuple(
            BalancerView(
                name,
                draw(names),
                draw(names),
                draw(st.sampled_from(["internet", "internal"])),
                tuple(draw(st.lists(names, max_size=8))),
                tuple(draw(st.lists(names, max_size=4))),
                draw(st.sampled_from(["here", "gateway", "service", "nowhere"])),
                tuple(draw(st.lists(st.sampled_from([*services, *gateways, "other"]), max_size=3, unique=True))),
                draw(st.integers(1, 3)),
                1,
                estimate_of(
                    draw(names), draw(st.one_of(st.none(), st.floats(0, 1e6))), draw(st.sampled_from(["USD", "EUR"]))
                ),
            )
            for name in balancers
        ),
        gateways=tuple(
            GatewayView(
                name,
                draw(names),
                draw(st.booleans()),
                (),
                tuple(draw(st.lists(st.sampled_from(balancers), unique=True))) if balancers else (),
            )
            for name in gateways
        ),
        routes=tuple(sorted(found, key=lambda it: (it.entry, it.host, it.path))),
        services=tuple(
            ServiceView(name, "Deployment", draw(names), draw(names), tuple(draw(st.lists(names, max_size=7))), ())
            for name in services
        ),
        links=tuple(draw(st.lists(st.builds(LinkView, somewhere, somewhere, st.just(())), max_size=20, unique=True))),
        exceptions=tuple(
            DefaultException(f"portico:services.{name}.security.user", "0", draw(names)) for name in services[:2]
        ),
    )
