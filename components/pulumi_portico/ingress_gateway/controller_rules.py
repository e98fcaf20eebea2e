"""The rules that hold routes against what their controller supports."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional

import pulumi

from ..args.codes import Code, define
from ..args.elsewhere import Steps
from ..args.location import Field, Key, Location
from ..args.parse import Rule
from ..args.problems import ABSENT, Edit, Problems, Remove, Set
from ..lifecycle.annotation_readers import INGRESS, SHARED_INGRESS, reader_of, report_unread
from .annotation_fields import AnnotationField
from .capabilities import Alternative, RequestedFeature, field_of, requested_features
from .controller_module import ControllerModule
from .controllers import CONTROLLERS, all_modules
from .defaults import redirect_parts
from .matching import RouteTable
from .raw_annotations import UNKNOWN_ANNOTATION, Promise, RawAnnotation, RawAnnotations
from .resolved_routes import ResolvedRoute, table_of
from .route_set import RouteSet
from .routes import RouteSpec
from .text_rules import cookie_path

__all__ = [
    "annotation_exceptions",
    "check_annotations",
    "check_with_controller",
    "known_annotation",
    "report_shared",
]

NEEDS_CUSTOM_RESOURCES = define(
    "feature-needs-custom-resources",
    "{controller} supports {feature} only through its custom resources, whose definitions the cluster might not have.",
    allowed="clusters with the definitions",
    hint="Install the release's deploy/crds.yaml, by {path} or in advance, and set {installed}.",
)
SNIPPET = define(
    "snippet-annotation",
    "The annotation {key} contains configuration of nginx: who can write one can read every Secret of the controller.",
    allowed="fields, and annotations without configuration",
)
WRITTEN_BY_FIELD = define(
    "annotation-written-by-field",
    "The field {field} writes the annotation {key}, and both would contradict each other.",
    hint="Set {field} instead.",
)
HAS_FIELD = define(
    "annotation-has-field",
    "{field} does what the annotation {key} does, on every controller that supports it.",
    allowed="{field}",
    hint="Set {field} instead.",
)
CLASS_ANNOTATION = define(
    "ingress-class-annotation",
    "The gateway's {class_name} names the IngressClass, and Kubernetes rejects an Ingress with both.",
)
FOREIGN_ANNOTATION = define(
    "annotation-of-another-controller",
    "{owner} reads the annotation {key}, and {controller} doesn't.",
    allowed="keys that begin with {prefixes}",
)
RESERVED_HEADER = define(
    "reserved-request-header", "The gateway itself sets the header {name}.", allowed="any other header"
)
REDIRECT_LOOP = define(
    "redirect-loop",
    "This redirects to a URL that the route itself matches, so a client never gets a response.",
    allowed="another host, or a path that another route matches",
    hint="To redirect clients to https, set {tls}.",
)
CHANGES_FIELD = define(
    "annotation-changes-field",
    "The annotation {key} changes what {field} sets, and what Portico reports about it.",
    allowed="annotations that no field covers",
    hint="Remove the annotation, and set {field}.",
)
NEEDS_ANNOTATION = define(
    "annotation-needs-another",
    "The annotation {key} has no effect without {other}.",
    allowed="only with {other}",
)
SHARED_SETTING = define(
    "conflicting-target-setting",
    "{controller} has one {field} for each port of a Service, and {other} has another value.",
    allowed="the same value for all routes to one target",
    hint="Set the same value, or give one of the routes a Service of its own.",
)

_CLASS = "kubernetes.io/ingress.class"
"""The annotation that named the class before Ingresses had a field."""

_RESERVED_HEADERS = ("host", "connection", "upgrade", "x-real-ip", "content-length", "transfer-encoding")

_KEPT = ("protocol", "redirect", "backend_tls", "allowed_sources", "denied_sources", "basic_auth", "rate_limit")
"""What no program should remove to make arguments valid: it says where requests go, or keeps requests out."""


def check_with_controller(routes: RouteSet, problems: Problems) -> None:
    """Report what the controller doesn't support in a route."""
    problems.run(_check_loops, routes)
    for route in routes.all_routes:
        problems.run(_check_support, routes, route)
        problems.run(_check_path, routes, route)
        problems.run(_check_cookie_path, route)
        problems.run(_check_limits, routes, route)
        problems.run(_check_route_annotations, routes, route)
        problems.run(_check_request_headers, route)
    problems.run(_check_shared, routes)


def _check_support(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    module, requested = routes.module, requested_features(route)
    for feature in requested:
        if not module.supports(feature.feature, custom_resources=routes.custom_resources):
            _report_unsupported(module, route, feature, requested, problems)


def _report_unsupported(
    module: ControllerModule,
    route: ResolvedRoute,
    requested: RequestedFeature,
    all_requested: Iterable[RequestedFeature],
    problems: Problems,
) -> None:
    feature, at = requested.feature, requested.at
    value = requested.value if isinstance(requested.value, (str, int)) else ABSENT
    named: dict[str, Any] = {"controller": module.title, "feature": Field(field_of(feature))}
    if module.supports(feature):
        crds: dict[str, Any] = {"path": Field("crds.path"), "installed": Field("crds.installed")}
        problems.report(NEEDS_CUSTOM_RESOURCES, at, value=value, **named, **crds)
        return
    alternative = module.alternatives.get(feature, Alternative())
    supported_by = [other.title for other in all_modules() if other.supports(feature)]
    fix: Optional[Edit] = None
    if alternative.value is not ABSENT:
        fix = Set(at, alternative.value)
    elif field_of(feature).partition(".")[0] not in _KEPT:
        fix = _removal(module, route, requested, all_requested)
    problems.report(
        alternative.code, at, value=value, fix=fix, supported_by=supported_by, **named, **alternative.params
    )


def _removal(
    module: ControllerModule,
    route: ResolvedRoute,
    requested: RequestedFeature,
    all_requested: Iterable[RequestedFeature],
) -> Optional[Edit]:
    """The edit that stops requesting a feature: without the field, or without its group if nothing of that is left."""
    name, _, leaf = field_of(requested.feature).partition(".")
    if name == "host":
        return None
    group = [other for other in all_requested if field_of(other.feature).partition(".")[0] == name]
    is_useless = not any(module.supports(other.feature) for other in group)
    return Remove(route.at / name if not leaf or is_useless else requested.at)


def _check_path(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    rule = routes.module.path
    if rule is not None and (reason := rule(route.path)):
        problems.reject(route.at / "path", route.path, reason)


def _check_cookie_path(route: ResolvedRoute, problems: Problems) -> None:
    session = route.spec.session_persistence
    if session is not None and session.path is None and (reason := cookie_path(route.path)):
        problems.reject(session.at / "path", route.path, reason)


def _check_limits(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    module = routes.module
    headers = {"request_headers": route.spec.request_headers, "response_headers": route.spec.response_headers}
    for field, rule in module.limits.items():
        split = module.split_headers if field == "response_headers" else frozenset[str]()
        _check_values(headers.get(field) or {}, rule, split, route.at / field, problems)


def _check_values(
    values: Mapping[str, pulumi.Input[str]], rule: Rule, split: frozenset[str], at: Location, problems: Problems
) -> None:
    for key, value in values.items():
        if isinstance(value, pulumi.Output):
            continue
        items = str(value).split(",") if key.lower() in split else [value]
        if reason := next(filter(None, map(rule, items)), None):
            problems.reject(at / Key(key), value, reason)


def _check_route_annotations(routes: RouteSet, route: ResolvedRoute, problems: Problems) -> None:
    annotations, at = route.spec.annotations or {}, route.at / "annotations"
    fields = frozenset(field_of(requested.feature) for requested in requested_features(route))
    check_annotations(
        routes.module,
        annotations,
        at,
        problems,
        route,
        is_installed=routes.is_installed,
        every_host=not route.host,
        fields=fields,
    )


def check_annotations(
    module: ControllerModule,
    annotations: Mapping[str, pulumi.Input[str]],
    at: Location,
    problems: Problems,
    route: Optional[ResolvedRoute] = None,
    *,
    is_installed: bool = False,
    every_host: bool = False,
    fields: frozenset[str] = frozenset(),
) -> None:
    """Report raw annotations that contain configuration, contradict a field, or have no effect.

    `route` is the route that has them; None if they are those of all routes. `is_installed` is whether Portico
    configures the controller, `every_host` whether a route without a host has them, and `fields` are those that the
    route sets.
    """
    for key, value in annotations.items():
        where = at / Key(key)
        if key == _CLASS:
            problems.report(CLASS_ANNOTATION, where, class_name=Field("class_name"), fix=Remove(where))
        elif key.endswith(module.denied_annotations):
            problems.report(SNIPPET, where, key=key, fix=Remove(where))
        elif field := _field_of_annotation(module, key):
            _report_field(module, field, key, value, where, None if route is None else route.spec, problems)
        elif feature := module.feature_of_annotation(key):
            problems.report(WRITTEN_BY_FIELD, where, key=key, field=Field(field_of(feature)), fix=Remove(where))
        elif _is_read(module, key, where, problems, is_installed=is_installed) and not report_unread(
            key, where, SHARED_INGRESS if module.shares_ingress else INGRESS, problems, _field_of_host(key, route)
        ):
            _check_effect(module, key, value, where, fields, problems)

    for other in _readers_of(module):
        _check_together(module, other, annotations, at, fields, problems)
        other.check(annotations, at, problems, every_host)


def _readers_of(module: ControllerModule) -> Iterable[RawAnnotations]:
    """What is known of the annotations of a controller. Any controller can serve a class that Portico doesn't know."""
    modules = (module,) if module.annotation_prefixes else CONTROLLERS.values()
    return [known.raw_annotations for known in modules if known.raw_annotations is not None]


def _check_together(
    module: ControllerModule,
    raw: RawAnnotations,
    annotations: Mapping[str, pulumi.Input[str]],
    at: Location,
    fields: frozenset[str],
    problems: Problems,
) -> None:
    """Report annotations that have no effect without another one, which the route doesn't have."""
    for key in annotations:
        other = raw.needs.get(key)
        if other is None or other in annotations or problems.has_within(at / Key(key)):
            continue
        feature = module.feature_of_annotation(other)
        if feature is None or field_of(feature) not in fields:
            problems.report(NEEDS_ANNOTATION, at / Key(key), key=key, other=other, fix=Remove(at / Key(key)))


def _field_of_host(key: str, route: Optional[ResolvedRoute]) -> Optional[Location]:
    """Where the field is that sets an annotation for the host of a route; None if that isn't known."""
    reader = reader_of(key)
    path = None if reader is None else reader.field_for(key)
    if path is None or route is None or not route.host:
        return None
    if path[0] == "routes":
        return route.at / path[-1]
    return Location(route.at[:-2]).join((path[0], Key(route.host), *path[1:]))


def _field_of_annotation(module: ControllerModule, key: str) -> Optional[AnnotationField]:
    """The field that does what an annotation does, unless the controller reads the annotation beside the fields."""
    raw = module.raw_annotations
    # Any controller can serve a class that Portico doesn't know.
    if raw is None or (key in raw.accepted and module.feature_of_annotation(key) is None):
        return None
    return next(
        (owner.annotation_fields[key] for owner in CONTROLLERS.values() if key in owner.annotation_fields), None
    )


def _report_field(
    module: ControllerModule,
    field: AnnotationField,
    key: str,
    value: pulumi.Input[str],
    at: Location,
    route: Optional[RouteSpec],
    problems: Problems,
) -> None:
    """Report an annotation that a field replaces. The fix sets the field."""
    values = None if isinstance(value, pulumi.Output) or route is None else field.values(value)
    edits: list[Edit] = []
    if _is_set(route, field.name.split(".")):
        edits = [Remove(at)]
    elif values is not None and all(_can_set(module, steps, item, route) for steps, item in values.items()):
        edits = [*(Set(at.parent.parent.join(steps), item) for steps, item in values.items()), Remove(at)]
    code = WRITTEN_BY_FIELD if module.feature_of_annotation(key) else HAS_FIELD
    problems.report(code, at, key=key, field=Field(field.name), fix=edits)


def _is_set(route: Optional[RouteSpec], steps: Iterable[str]) -> bool:
    """Whether a route sets a field."""
    held: Any = route
    for step in steps:
        held = getattr(held, step, None)
    return held is not None


def _can_set(module: ControllerModule, steps: Steps, value: Any, route: Optional[RouteSpec]) -> bool:
    """Whether a field isn't set yet, and the controller supports the value."""
    name = ".".join(steps)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    is_supported = any(
        feature in (name, f"{name}={text}") or feature.startswith(f"{name}.") for feature in module.features
    )
    return is_supported and not _is_set(route, steps)


def _is_read(module: ControllerModule, key: str, at: Location, problems: Problems, *, is_installed: bool) -> bool:
    """Whether the controller, or a program that Portico doesn't know, reads an annotation. Otherwise, it's reported."""
    raw, title = module.raw_annotations, module.title
    if raw is not None and (denial := raw.denial(key, is_installed=is_installed)):
        params: dict[str, Any] = {"controller": title, "version": raw.version, **denial.params}
        problems.report(denial.code, at, key=key, fix=Remove(at), **params)
        return False
    if module.annotation_prefixes and not key.startswith(module.annotation_prefixes):
        if (owner := _owner_of(key)) is None:
            return True
        params = {"owner": owner, "controller": title, "prefixes": module.annotation_prefixes}
        problems.report(FOREIGN_ANNOTATION, at, key=key, fix=Remove(at), **params)
        return False
    if raw is not None and not raw.knows(key):
        problems.report(UNKNOWN_ANNOTATION, at, key=key, fix=Remove(at), controller=title, version=raw.version)
        return False
    return True


def _owner_of(key: str) -> Optional[str]:
    """The controller that reads an annotation, if only one does."""
    for owner in CONTROLLERS.values():
        if owner.annotation_prefixes and key.startswith(owner.annotation_prefixes):
            return owner.title
    reader = reader_of(key)
    return reader.program if reader is not None and reader.is_controller else None


def known_annotation(module: ControllerModule, key: str) -> Optional[RawAnnotation]:
    """What an annotation does; None if Portico doesn't know it. Any controller can serve a class that Portico doesn't
    know."""
    known = (raw.accepted.get(key) for raw in _readers_of(module))
    return next((annotation for annotation in known if annotation is not None), None)


def annotation_exceptions(
    module: ControllerModule, annotations: Mapping[str, pulumi.Input[str]]
) -> Iterator[tuple[str, Code]]:
    """The annotations of an Ingress that are less strict than the secure default, and what they allow."""
    for raw in _readers_of(module):
        yield from raw.exceptions(annotations)


def _check_effect(
    module: ControllerModule,
    key: str,
    value: pulumi.Input[str],
    at: Location,
    fields: frozenset[str],
    problems: Problems,
) -> None:
    """Report an annotation that changes what a field sets, or whose value isn't valid."""
    known = known_annotation(module, key)
    if known is not None and _contradicts(module, known, fields):
        assert known.changes is not None, "it contradicts a field"
        problems.report(CHANGES_FIELD, at, key=key, field=Field(known.changes.value))
    elif not isinstance(value, pulumi.Output):
        rule = module.other_annotations(key) if known is None else known.rule
        if reason := rule(value):
            problems.reject(at, value, reason)


def _contradicts(module: ControllerModule, known: RawAnnotation, fields: frozenset[str]) -> bool:
    promise = known.changes
    if promise is None or known.is_reported or (known.only_with_field and promise.value not in fields):
        return False
    if promise in (Promise.AUTHENTICATION, Promise.SOURCES, Promise.RATE):
        # Without the field, the annotation is the only way.
        return any(field_of(feature).partition(".")[0] == promise.value for feature in module.features)
    return promise is not Promise.CIPHERS or module.installer is not None


def _check_request_headers(route: ResolvedRoute, problems: Problems) -> None:
    for name in route.spec.request_headers or {}:
        if name.lower() in _RESERVED_HEADERS or name.lower().startswith("x-forwarded-"):
            at = route.at / "request_headers"
            is_only = len(route.spec.request_headers or {}) == 1
            problems.report(RESERVED_HEADER, at / Key(name), name=name, fix=Remove(at if is_only else at / Key(name)))


def _check_loops(routes: RouteSet, problems: Problems) -> None:
    table = table_of(routes.all_routes)
    for route in routes.all_routes:
        problems.run(_check_loop, table, route)


def _check_loop(table: RouteTable[ResolvedRoute], route: ResolvedRoute, problems: Problems) -> None:
    if route.spec.redirect is None:
        return
    _, host, path = redirect_parts(route)
    reached = table.match(route.host if host is None else host, route.path if path is None else path)
    if reached is route:
        problems.report(REDIRECT_LOOP, route.at / "redirect", tls=Field("tls"))


def _check_shared(routes: RouteSet, problems: Problems) -> None:
    """Report routes to one target whose values differ, if the controller has only one for all of them."""
    seen: dict[tuple[str, str], tuple[Any, ResolvedRoute]] = {}
    for setting, value, route in routes.module.shared(routes.compile_input()):
        other, first = seen.setdefault(setting, (value, route))
        if other != value:
            report_shared(routes.module, setting[1], route, first.at, problems)


def report_shared(module: ControllerModule, field: str, route: ResolvedRoute, other: Any, problems: Problems) -> None:
    """Report that a route has another value than one before it; `other` says which."""
    at = route.at if route.is_fallback else route.at / field
    problems.report(SHARED_SETTING, at, controller=module.title, field=Field(field), other=other)
