"""Views of stacks, for tests of their pictures: some by hand, and generated ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from hypothesis import strategies as st
from pulumi_portico.args.exceptions import SecurityException, exception_kind
from pulumi_portico.args.location import Key, Location
from pulumi_portico.ingress_gateway.routes import PathType
from pulumi_portico.lifecycle.cost import Billable, Estimate, LineItem
from pulumi_portico.load_balancers import Scope
from pulumi_portico.stack.view import (
    ActionView,
    BackendView,
    BalancerView,
    Cost,
    ExceptionView,
    GatewayView,
    JobView,
    LinkKind,
    LinkView,
    ObjectView,
    PeerKind,
    PeerView,
    PortView,
    RedirectView,
    ReplicasView,
    RouteView,
    ServiceView,
    SourceKind,
    SourceView,
    StackView,
    TlsTermination,
    Total,
    UrlView,
)

ANYWHERE = ("0.0.0.0/0", "::/0")
ONE = ReplicasView(1)
TCP_80, TCP_443 = PortView(80, "TCP"), PortView(443, "TCP")


def sources_of(*ranges: str) -> tuple[SourceView, ...]:
    return tuple(SourceView(SourceKind.ADDRESSES, each) for each in ranges)


def of_service(name: str) -> PeerView:
    return PeerView(PeerKind.SERVICE, name)


def of_gateway(name: str) -> PeerView:
    return PeerView(PeerKind.GATEWAY, name)


def of_balancer(name: str) -> PeerView:
    return PeerView(PeerKind.LOAD_BALANCER, name)


def service(
    name: str,
    *ports: PortView,
    replicas: ReplicasView = ONE,
    kind: str = "Deployment",
    urls: tuple[UrlView, ...] = (),
) -> ServiceView:
    image = f"registry.example.com/shop/{name}:1.4.2"
    return ServiceView(name, kind, replicas, image, ports or (PortView(80, "TCP", "http"),), urls)


def balancer(
    name: str,
    *targets: PeerView,
    kind: str = "Network Load Balancer",
    platform: str = "aws-controller",
    scope: Scope = Scope.INTERNET,
    sources: tuple[SourceView, ...] = sources_of(*ANYWHERE),
    ports: tuple[PortView, ...] = (TCP_80, TCP_443),
    tls: TlsTermination = TlsTermination.GATEWAY,
    cost: float | None = 27.4,
    currency: str = "USD",
    component: str = "load_balancers",
) -> BalancerView:
    estimate = estimate_of(platform, cost, currency)
    return BalancerView(name, kind, platform, scope, sources, ports, tls, targets, 1, 1, estimate, component)


def gateway(
    name: str,
    *tls_hosts: str,
    controller: str = "f5-nginx",
    installed: bool = True,
    load_balancers: tuple[str, ...] = ("edge",),
) -> GatewayView:
    return GatewayView(name, controller, installed, tls_hosts, load_balancers)


def estimate_of(platform: str, cost: float | None, currency: str = "USD") -> Estimate:
    """An estimate of one load balancer; None if no price is known."""
    billable = Billable(1, 1)
    if cost is None:
        return Estimate(platform, billable)
    return Estimate(platform, billable, (LineItem("load-balancer", 1, cost),), currency, "list prices")


def total_of(balancers: Iterable[BalancerView]) -> Total:
    """The total of load balancers that share nothing."""
    costs: dict[str, float] = {}
    unknown = 0
    listed = list(balancers)
    for each in listed:
        if each.estimate.currency is None or each.estimate.monthly is None:
            unknown += each.load_balancers
        else:
            costs[each.estimate.currency] = costs.get(each.estimate.currency, 0) + each.estimate.monthly
    return Total(
        sum(each.load_balancers for each in listed),
        sum(each.public_addresses for each in listed),
        tuple(Cost(amount, currency) for currency, amount in sorted(costs.items())),
        unknown,
    )


def route(
    entry: PeerView,
    host: str,
    path: str,
    target: PeerView,
    port: int | str = 80,
    *,
    path_type: PathType | None = PathType.PREFIX,
    scheme: str = "https",
    client_port: int | None = None,
) -> RouteView:
    return RouteView(
        entry, host, path, path_type, scheme, ActionView((BackendView(target, port),)), client_port=client_port
    )


def allowed(source: PeerView, target: PeerView, *ports: int) -> LinkView:
    return LinkView(LinkKind.NETWORK_POLICY, source, target, tuple(PortView(port, "TCP") for port in ports))


def calls(*pairs: tuple[str, str]) -> tuple[LinkView, ...]:
    """Services that can connect to others."""
    return tuple(allowed(of_service(source), of_service(target), 8080) for source, target in sorted(pairs))


EXCEPTION = exception_kind("made-up", "This is less strict than the default.")


def exception(*location: str, value: object = False) -> ExceptionView:
    return ExceptionView(SecurityException(EXCEPTION, Location(location)), value)


EDGE = of_gateway("edge")
PROMETHEUS = PeerView(PeerKind.PODS, labels=(("app", "prometheus"),))

_SMALL_BALANCERS = (balancer("edge", EDGE, component="gateways"),)

SMALL = StackView(
    stack="staging",
    namespace="shop",
    balancers=_SMALL_BALANCERS,
    gateways=(gateway("edge", "shop.example.com"),),
    routes=(
        route(EDGE, "shop.example.com", "/", of_service("web")),
        route(EDGE, "shop.example.com", "/api", of_service("api")),
    ),
    jobs=(),
    services=(
        service(
            "api",
            replicas=ReplicasView(2, 10, is_autoscaled=True),
            urls=(UrlView("https", "edge", "shop.example.com", path="/api"),),
        ),
        service("web", replicas=ReplicasView(2), urls=(UrlView("https", "edge", "shop.example.com"),)),
    ),
    links=(
        LinkView(LinkKind.TARGET, EDGE, of_service("api"), (PortView(8080, "TCP"),)),
        LinkView(LinkKind.TARGET, EDGE, of_service("web"), (PortView(8080, "TCP"),)),
        *calls(("web", "api")),
    ),
    exceptions=(),
    notes=(),
    total=total_of(_SMALL_BALANCERS),
)

_MIXED_BALANCERS = (
    balancer(
        "admin",
        of_service("admin"),
        scope=Scope.INTERNAL,
        sources=sources_of("10.0.0.0/8", "192.168.0.0/16"),
        tls=TlsTermination.LOAD_BALANCER,
        cost=16.4,
    ),
    balancer(
        "edge",
        EDGE,
        kind="Application Load Balancer",
        platform="aws",
        tls=TlsTermination.LOAD_BALANCER,
        cost=31,
        component="aws_load_balancers",
    ),
    balancer(
        "mqtt",
        of_service("broker"),
        ports=(PortView(8883, "TCP"),),
        tls=TlsTermination.SERVICE,
        sources=sources_of("203.0.113.0/24"),
        cost=None,
    ),
)

MIXED = StackView(
    stack="production-aws",
    namespace="shop",
    balancers=_MIXED_BALANCERS,
    gateways=(
        gateway("edge", "*.example.com"),
        gateway("legacy", controller="generic", installed=False, load_balancers=()),
    ),
    routes=(
        route(of_balancer("admin"), "", "", of_service("admin"), 8080, scheme="http", path_type=None, client_port=80),
        route(EDGE, "api.example.com", "/v1", of_service("api"), 8080),
        route(EDGE, "api.example.com", "/v1/a/very/long/path/of/one/of/the/customers", of_service("api"), "metrics"),
        route(
            EDGE,
            "grpc.example.com",
            "/shop.Cart/Get",
            of_service("cart"),
            5050,
            scheme="grpc",
            path_type=PathType.EXACT,
        ),
        route(EDGE, "shop.example.com", "/", of_service("web")),
        RouteView(
            EDGE,
            "shop.example.com",
            "/old",
            PathType.EXACT,
            "https",
            ActionView(redirect=RedirectView("https", "www.example.com", path="/new")),
        ),
        route(of_gateway("legacy"), "", "/", PeerView(PeerKind.EXTERNAL_SERVICE, "billing", "team-b"), scheme="http"),
    ),
    jobs=(),
    services=(
        service("admin", replicas=ReplicasView(2)),
        service(
            "api",
            PortView(80, "TCP", "http"),
            PortView(9090, "TCP", "metrics"),
            replicas=ReplicasView(3, 12, is_autoscaled=True),
        ),
        service("broker", PortView(8883, "TCP", "mqtt"), kind="StatefulSet", replicas=ReplicasView(3)),
        service("cart", PortView(5050, "TCP", "grpc"), replicas=ReplicasView(2)),
        service(
            "node-exporter",
            PortView(9100, "TCP", "metrics"),
            kind="DaemonSet",
            replicas=ReplicasView(is_per_node=True),
        ),
        service("nightly-report-of-all-orders-and-of-what-became-of-them"),
        service("web", replicas=ReplicasView(4)),
    ),
    links=(
        allowed(PeerView(PeerKind.ADDRESSES, cidr="10.20.0.0/16"), of_service("node-exporter"), 9100),
        allowed(of_service("api"), PeerView(PeerKind.ADDRESSES, cidr="10.99.0.0/24"), 5432),
        *calls(("api", "cart"), ("broker", "api"), ("broker", "broker"), ("web", "api"), ("web", "cart")),
        allowed(PROMETHEUS, of_service("api"), 9090),
        allowed(PROMETHEUS, of_service("node-exporter"), 9100),
    ),
    exceptions=(
        exception("gateways", Key("edge"), "https_redirect"),
        exception("services", Key("broker"), "security", "writable_root", value=True),
        exception("services", Key("broker"), "security", "user", value=0),
    ),
    notes=(),
    total=total_of(_MIXED_BALANCERS),
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

_BOUTIQUE_BALANCERS = (balancer("edge", EDGE, kind="forwarding rule", platform="gke", cost=18.25),)

BOUTIQUE = StackView(
    stack="online-boutique",
    namespace="boutique",
    balancers=_BOUTIQUE_BALANCERS,
    gateways=(gateway("edge", "shop.example.com"),),
    routes=(route(EDGE, "shop.example.com", "/", of_service("frontend")),),
    jobs=(),
    services=tuple(service(name, PortView(port or None, "TCP", "grpc")) for name, port in _BOUTIQUE.items()),
    links=calls(*((source, target) for source, targets in _CALLS.items() for target in targets.split())),
    exceptions=(exception("services", Key("redis-cart"), "security", "user", value=999),),
    notes=(),
    total=total_of(_BOUTIQUE_BALANCERS),
)

EMPTY = StackView("dev", "empty", (), (), (), (), (), (), (), total=Total(0, 0, ()))

LARGE = StackView(
    stack="large",
    namespace="shop",
    balancers=_SMALL_BALANCERS,
    gateways=(gateway("edge", controller="ingress-nginx"),),
    routes=tuple(
        route(
            EDGE,
            f"host-{number // 10}.example.com",
            f"/path-{number % 10}",
            of_service(f"service-{number * 7 % 40:02}"),
        )
        for number in range(100)
    ),
    jobs=(),
    services=tuple(service(f"service-{number:02}", replicas=ReplicasView(2)) for number in range(40)),
    links=calls(*((f"service-{n:02}", f"service-{(n * 3 + 1) % 40:02}") for n in range(0, 40, 4))),
    exceptions=(),
    notes=(),
    total=total_of(_SMALL_BALANCERS),
)

NAMED = {"small": SMALL, "mixed": MIXED, "boutique": BOUTIQUE, "empty": EMPTY, "large": LARGE}


# Generated stacks, whatever the names of their parts.

NASTY = st.text(alphabet=st.sampled_from("abcWm.-<>&\"'/{};: 中😀\u202e\x00\n%"), min_size=1, max_size=70)
LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
WORD = st.one_of(LABEL, NASTY)
PORTS = st.builds(
    PortView,
    st.one_of(st.none(), st.integers(1, 65535)),
    st.sampled_from(["TCP", "UDP", "SCTP"]),
    st.one_of(st.just(""), LABEL),
)
REPLICAS = st.one_of(
    st.just(ReplicasView(is_per_node=True)),
    st.builds(ReplicasView, st.one_of(st.none(), st.integers(1, 999))),
    st.builds(partial(ReplicasView, is_autoscaled=True), st.integers(1, 9), st.integers(10, 99)),
)


def _sources(names: st.SearchStrategy[str]) -> st.SearchStrategy[SourceView]:
    return st.one_of(
        st.builds(SourceView, st.just(SourceKind.ADDRESSES), names),
        st.builds(SourceView, st.just(SourceKind.NAMED), names, st.just("prefix list")),
        st.sampled_from([SourceView(SourceKind.PRIVATE_NETWORK), SourceView(SourceKind.EXISTING_RULES)]),
    )


def _actions(peers: st.SearchStrategy[PeerView], names: st.SearchStrategy[str]) -> st.SearchStrategy[ActionView]:
    """What a route does: one backend, several, a redirect, or a status."""
    backends = st.builds(BackendView, peers, st.one_of(st.none(), st.integers(1, 65535), names))
    weighted = st.builds(BackendView, peers, st.just(80), st.integers(0, 100))
    return st.one_of(
        backends.map(lambda backend: ActionView((backend,))),
        st.lists(weighted, min_size=2, max_size=3).map(lambda found: ActionView(tuple(found))),
        st.builds(RedirectView, host=names).map(lambda redirect: ActionView(redirect=redirect)),
        st.just(ActionView(status=403)),
    )


def _objects(names: st.SearchStrategy[str]) -> st.SearchStrategy[ObjectView]:
    kinds = st.sampled_from(["ConfigMap", "PersistentVolumeClaim", "ValidatingAdmissionPolicyBinding"])
    return st.builds(ObjectView, kinds, names, st.just(""), st.lists(names, max_size=3).map(tuple))


@st.composite
def stacks(draw: st.DrawFn, names: st.SearchStrategy[str] = WORD) -> StackView:
    """A stack with anything in it, connected in any way."""
    services = sorted(draw(st.sets(names, max_size=12)))
    gateways = sorted(draw(st.sets(names, max_size=3)))
    balancers = sorted(draw(st.sets(names, max_size=4)))
    own = [*map(of_service, services), *map(of_gateway, gateways)]
    outside = [PeerView(PeerKind.ADDRESSES, cidr="10.0.0.0/8"), PROMETHEUS, PeerView(PeerKind.ANYONE)]
    target = st.sampled_from([*map(of_service, services), PeerView(PeerKind.EXTERNAL_SERVICE, "not-in-the-stack")])
    entries = [*map(of_gateway, gateways), *map(of_balancer, balancers)]
    routes = [
        RouteView(
            draw(st.sampled_from(entries)),
            draw(st.one_of(st.just(""), names)),
            draw(st.one_of(st.just(""), names.map("/{}".format))),
            draw(st.sampled_from([None, *PathType])),
            draw(st.sampled_from(["http", "https", "grpc", "tcp"])),
            draw(_actions(target, names)),
            client_port=draw(st.sampled_from([None, 443])),
        )
        for _ in range(draw(st.integers(0, 15 if entries else 0)))
    ]
    found = tuple(
        balancer(
            name,
            *draw(st.lists(st.sampled_from([*own, *outside]), max_size=3, unique=True)),
            kind=draw(names),
            platform=draw(names),
            scope=draw(st.sampled_from(Scope)),
            sources=tuple(draw(st.lists(_sources(names), max_size=8))),
            ports=tuple(draw(st.lists(PORTS, max_size=4))),
            tls=draw(st.sampled_from(TlsTermination)),
            cost=draw(st.one_of(st.none(), st.floats(0, 1e6))),
            currency=draw(st.sampled_from(["USD", "EUR"])),
        )
        for name in balancers
    )
    somewhere = st.sampled_from([*own, *outside])
    return StackView(
        stack=draw(names),
        namespace=draw(names),
        balancers=found,
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
        routes=tuple(sorted(routes, key=lambda route: (route.entry.name, route.host, route.path))),
        jobs=tuple(
            JobView(
                name,
                draw(st.sampled_from(["Job", "CronJob"])),
                draw(names),
                draw(st.sampled_from(["", "*/10 2,14 1-15 * 1-5"])),
                "Etc/UTC",
                draw(st.booleans()),
                tuple(services[:2]),
            )
            for name in sorted(draw(st.sets(names, max_size=3)))
        ),
        objects=tuple(draw(st.lists(_objects(names), max_size=9))),
        services=tuple(
            ServiceView(name, "Deployment", draw(REPLICAS), draw(names), tuple(draw(st.lists(PORTS, max_size=7))), ())
            for name in services
        ),
        links=tuple(
            draw(
                st.lists(st.builds(LinkView, st.sampled_from(LinkKind), somewhere, somewhere), max_size=20, unique=True)
            )
        ),
        exceptions=tuple(exception("services", Key(name), "security", "user", value=0) for name in services[:2]),
        notes=(),
        total=total_of(found),
    )
