"""Which requests go where: routes by host and path, and what is done with a request; the types, rules and builders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import Code, define
from ..args.elsewhere import moved_to, several, table
from ..args.names import port_number, service_name
from ..args.parse import Field, Rules
from ..args.problems import ABSENT, Reason
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import Rule, cidr, normal_path, printable, whole_number
from ..networking.path_type import PathType, PathTypeLike
from ..networking.ports import DEFAULT_PORTS
from ..untyped import Properties
from .authentication import RULES as AUTHENTICATION_RULES
from .authentication import AwsAuthentication, AwsAuthenticationSpec, build_authentication
from .priorities import LEAST, MOST, Match
from .resources import without_none
from .rules import header_name, not_empty, route_host, route_path

__all__ = [
    "MOVED_PERMANENTLY",
    "NOT_FOUND",
    "RENAMED_ACTION_FIELDS",
    "ROUTED",
    "RULES",
    "ActionSpec",
    "AwsFixedResponse",
    "AwsFixedResponseSpec",
    "AwsRedirect",
    "AwsRedirectSpec",
    "AwsRoute",
    "AwsRouteSpec",
    "build_actions",
    "build_conditions",
    "text",
    "values_of",
]


MOVED_PERMANENTLY, FOUND = 301, 302
_REDIRECT_CODES = (MOVED_PERMANENTLY, FOUND)
"""The codes of redirects that AWS supports (RedirectActionConfig, `StatusCode`)."""
_SIMILAR_CODES = {308: MOVED_PERMANENTLY, 307: FOUND}


class AwsFixedResponse(TypedDict):
    """A response that the load balancer returns itself. Maps to the action `fixed-response`."""

    status: int
    """The status code (200 to 299, 400 to 599). Plain."""

    content_type: NotRequired[str]
    """What the body is: text/plain, text/css, text/html, application/javascript or application/json. Plain. Default:
    text/plain."""

    body: NotRequired[pulumi.Input[str]]
    """The body (1024 characters at most). Default: none."""


_NAMES_OF_AWS_FIXED_RESPONSE = table({"statusCode": moved_to("status"), "messageBody": moved_to("body")})
"""Other tools' names for the fields of `AwsFixedResponse`."""


@spec(AwsFixedResponse, elsewhere=_NAMES_OF_AWS_FIXED_RESPONSE)
class AwsFixedResponseSpec(Spec):
    """A parsed `AwsFixedResponse`."""

    status: int
    content_type: Optional[str] = None
    body: Optional[pulumi.Input[str]] = None


class AwsRedirect(TypedDict):
    """Another URL that the client is sent to; what is left out stays as it was. Maps to the action `redirect`."""

    scheme: NotRequired[str]
    """http or https. Plain. Default: the request's."""

    host: NotRequired[pulumi.Input[str]]
    """The host (128 characters at most). Default: the request's."""

    port: NotRequired[int]
    """The port (1 to 65535). Plain. Default: the request's; with a `scheme`, its own."""

    path: NotRequired[pulumi.Input[str]]
    """The path, a slash first (128 characters at most); #{path} stands for the request's. Default: the request's."""

    query: NotRequired[pulumi.Input[str]]
    """The query, without a question mark (128 characters at most). Default: the request's."""

    code: NotRequired[int]
    """The status code: 301 for a permanent redirect, which browsers cache, or 302 for a temporary one. Plain. Default:
    302."""


def _code_of_permanent(value: Any) -> tuple[str, Any]:
    """`permanent` as it is today."""
    return "code", (MOVED_PERMANENTLY if value else FOUND) if isinstance(value, bool) else value


_NAMES_OF_AWS_REDIRECT = table({"statusCode": several("code"), "protocol": moved_to("scheme")})
"""Other tools' names for the fields of `AwsRedirect`."""


@spec(AwsRedirect, renamed={"permanent": _code_of_permanent}, elsewhere=_NAMES_OF_AWS_REDIRECT)
class AwsRedirectSpec(Spec):
    """A parsed `AwsRedirect`."""

    scheme: Optional[str] = None
    host: Optional[pulumi.Input[str]] = None
    port: Optional[int] = None
    path: Optional[pulumi.Input[str]] = None
    query: Optional[pulumi.Input[str]] = None
    code: int = FOUND


class AwsRoute(TypedDict):
    """Requests of one host and path, and where they go. It is known by what it matches; its place in the list means
    nothing."""

    host: NotRequired[str]
    """The host name of the request, such as shop.example.com; *.example.com requires `multi_label_wildcards`. Plain.
    Default: every host."""

    path: NotRequired[str]
    """The path of the request, such as /api. Plain. Default: /."""

    path_type: NotRequired[PathTypeLike]
    """How the path is compared. Plain. Default: Prefix."""

    methods: NotRequired[Sequence[str]]
    """The request methods, such as GET; one of them must fit. Plain. Default: every one."""

    headers: NotRequired[Mapping[str, Sequence[str]]]
    """What headers must hold, by name; one of the values must fit, `*` and `?` in them are wildcards. Plain. Default:
    anything."""

    queries: NotRequired[Mapping[str, Sequence[str]]]
    """What parameters of the query string must hold, by name; one of the values must fit, whatever its case, and `*`
    and `?` in them are wildcards. Plain. Default: anything."""

    allowed_sources: NotRequired[Sequence[str]]
    """The client addresses that the route matches, in CIDR notation. Requests of other clients go to the next route
    that matches them. Plain. Default: every client that can connect."""

    target: NotRequired[str]
    """The target, by its key in `targets`. Plain. Set one of this, `weights`, `respond`, and `redirect`."""

    weights: NotRequired[Mapping[str, pulumi.Input[int]]]
    """Several targets (5 at most) with the share of each (0 to 999), for blue and green or a canary. Keys are plain."""

    stickiness_duration: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 604800) that a client stays with the target that `weights` chose. Default: `weights` apply to
    each request."""

    respond: NotRequired[AwsFixedResponse]
    """The response that the load balancer returns itself."""

    redirect: NotRequired[AwsRedirect]
    """Where the client is sent instead."""

    authenticate: NotRequired[AwsAuthentication]
    """Have users sign in before their requests go on. HTTPS listeners of Application Load Balancers. Default: nobody
    signs in."""

    priority: NotRequired[int]
    """The rule's priority (1 to 50000), where the one made from what it matches meets another's. Plain. Default: made
    from what it matches."""


RENAMED_ACTION_FIELDS = {"to": "target", "sticky_for": "stickiness_duration"}
"""The former names of the fields that listeners and routes share."""


def _path_type_of_exact(value: Any) -> tuple[str, Any]:
    """`exact` as it is today."""
    return "path_type", (PathType.EXACT if value else PathType.PREFIX).value if isinstance(value, bool) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec(Spec):
    """What happens to a request: the parsed fields that listeners and routes share."""

    target: Optional[str] = None
    weights: Optional[Mapping[str, pulumi.Input[int]]] = None
    stickiness_duration: Optional[pulumi.Input[int]] = None
    respond: Optional[AwsFixedResponseSpec] = None
    redirect: Optional[AwsRedirectSpec] = None
    authenticate: Optional[AwsAuthenticationSpec] = None

    @property
    def target_keys(self) -> Sequence[str]:
        """The keys of the targets that requests are forwarded to."""
        return [self.target] if self.target is not None else list(self.weights or ())


_NAMES_OF_AWS_ROUTE = table(
    {
        "pathPattern": moved_to("path"),
        "hostHeader": moved_to("host"),
        "httpRequestMethod": moved_to("methods"),
        "httpHeader": moved_to("headers"),
        "queryString": several("queries"),
        "queryStrings": several("queries"),
        "sourceIp": moved_to("allowed_sources"),
        "conditions": several("host", "path", "methods", "headers", "allowed_sources"),
        "actions": several("target", "weights", "respond", "redirect"),
        "fixedResponse": moved_to("respond"),
        "backend": moved_to("target"),
    }
)
"""Other tools' names for the fields of `AwsRoute`."""


@spec(
    AwsRoute,
    renamed={**RENAMED_ACTION_FIELDS, "exact": _path_type_of_exact, "sources": "allowed_sources"},
    elsewhere=_NAMES_OF_AWS_ROUTE,
)
class AwsRouteSpec(ActionSpec):
    """A parsed `AwsRoute`. A field is None if it isn't set."""

    host: Optional[str] = None
    path: Optional[str] = None
    path_type: PathType = PathType.PREFIX
    methods: Optional[Sequence[str]] = None
    headers: Optional[Mapping[str, Sequence[str]]] = None
    queries: Optional[Mapping[str, Sequence[str]]] = None
    allowed_sources: Optional[Sequence[str]] = None
    priority: Optional[int] = None

    @property
    def match(self) -> Match:
        """What the route matches. Kinds of conditions, and their values, are in an order of their own."""
        conditions: list[tuple[str, tuple[str, ...]]] = []
        if self.methods:
            conditions.append(("methods", tuple(sorted(set(self.methods)))))
        if self.allowed_sources:
            conditions.append(("sources", tuple(sorted(set(self.allowed_sources)))))
        headers = self.headers or {}
        conditions += [
            (f"header {name.lower()}", tuple(sorted(set(headers[name])))) for name in sorted(headers, key=str.lower)
        ]
        queries = self.queries or {}
        conditions += [(f"query {name}", tuple(sorted(set(queries[name])))) for name in sorted(queries)]
        path, exact = self.path or "/", self.path_type is PathType.EXACT
        # A prefix matches with and without a slash behind it.
        return Match(self.host or "", path if exact else path.rstrip("/") or "/", exact, tuple(conditions))


INVALID_REDIRECT_HOST = define(
    "invalid-alb-redirect-host",
    "{value} isn't the host of a URL.",
    allowed="a DNS name, in which #{{host}} is the host of the request",
)
INVALID_REDIRECT_PATH = define(
    "invalid-alb-redirect-path",
    "{value} isn't an absolute path.",
    allowed="a slash, then printable characters without spaces; #{{path}} is the path of the request",
)
INVALID_REDIRECT_QUERY = define(
    "invalid-alb-redirect-query",
    "{value} isn't the query of a URL.",
    allowed="printable characters without spaces; #{{query}} is the query of the request",
)
INVALID_STATUS = define(
    "invalid-response-status",
    "A load balancer can't respond with the status {value}.",
    allowed="200 to 299, or 400 to 599",
    hint="For 3xx, use redirect.",
)
INVALID_CONTENT_TYPE = define("invalid-content-type", "AWS doesn't support {value}.", allowed="{choices}")
INVALID_SCHEME = define("invalid-redirect-scheme", "{value} isn't the scheme of a redirect.", allowed="http or https")
INVALID_CODE = define(
    "invalid-alb-redirect-code", "A load balancer can't redirect with the status {value}.", allowed="one of {codes}"
)
INVALID_METHOD = define(
    "invalid-request-method", "{value} isn't a request method.", allowed="uppercase letters, such as GET"
)
INVALID_LENGTH = define("invalid-text-length", "{value} isn't a valid {what}.", allowed="1 to {most} characters")

_METHOD = r"[A-Z_-]{1,40}"


def _status(value: int) -> Optional[Reason]:
    if 200 <= value <= 299 or 400 <= value <= 599:  # noqa: PLR2004
        return None
    return Reason(INVALID_STATUS)


_CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")


def _content_type(value: str) -> Optional[Reason]:
    return None if value in _CONTENT_TYPES else Reason(INVALID_CONTENT_TYPE, {"choices": _CONTENT_TYPES})


def _redirect_code(value: int) -> Optional[Reason]:
    if value in _REDIRECT_CODES:
        return None
    return Reason(INVALID_CODE, {"codes": list(_REDIRECT_CODES)}, _SIMILAR_CODES.get(value, ABSENT))


def _scheme(value: str) -> Optional[Reason]:
    return None if value in ("http", "https") else Reason(INVALID_SCHEME)


def _method(value: str) -> Optional[Reason]:
    if re.fullmatch(_METHOD, value):
        return None
    upper = value.upper()
    return Reason(INVALID_METHOD, {}, upper if re.fullmatch(_METHOD, upper) else ABSENT)


def text(most: int, what: str, *, several_lines: bool = False) -> Rule:
    """Text of a length that AWS takes."""

    def rule(value: str) -> Optional[Reason]:
        if not 0 < len(value) <= most:
            return Reason(INVALID_LENGTH, {"what": what, "most": most})
        return printable(value.replace("\n", "") if several_lines else value)

    return rule


_REDIRECT_LENGTH = 128
_PART = r"#\{(protocol|host|port|path|query)\}"
"""What AWS replaces with a part of the request's URL (RedirectActionConfig)."""


def _redirect_part(what: str, pattern: str, code: Code) -> Rule:
    """The rule of a part of the URL that a redirect leads to."""
    compiled, has_length = re.compile(pattern), text(_REDIRECT_LENGTH, what)

    def rule(value: str) -> Optional[Reason]:
        if reason := has_length(value):
            return reason
        if not compiled.fullmatch(value):
            return Reason(code)
        return normal_path(value) if what == "path" else None

    return rule


ROUTED = {
    "target": Field(service_name),
    "weights": Field(not_empty, keys=service_name, items=whole_number(0, 999, "a weight")),
    "stickiness_duration": Field(whole_number(1, 604800, SECONDS)),
}

RULES: Rules = {
    **AUTHENTICATION_RULES,
    AwsFixedResponse: {
        "status": Field(_status),
        "content_type": Field(_content_type),
        "body": Field(text(1024, "body", several_lines=True)),
    },
    AwsRedirect: {
        "scheme": Field(_scheme),
        "host": Field(_redirect_part("host", rf"([A-Za-z0-9.-]|{_PART})+", INVALID_REDIRECT_HOST)),
        "port": Field(port_number),
        "path": Field(_redirect_part("path", rf"/([!-~]|{_PART})*", INVALID_REDIRECT_PATH)),
        "query": Field(_redirect_part("query", rf"([!-~]|{_PART})+", INVALID_REDIRECT_QUERY)),
        "code": Field(_redirect_code),
    },
    AwsRoute: {
        "host": Field(route_host),
        "path": Field(route_path),
        "methods": Field(not_empty, items=_method),
        "headers": Field(not_empty, keys=header_name),
        "queries": Field(not_empty, keys=text(128, "name")),
        "allowed_sources": Field(not_empty, items=cidr),
        "priority": Field(whole_number(LEAST, MOST, "a priority")),
        **ROUTED,
    },
}
"""What the fields must satisfy beyond their types."""

NOT_FOUND = AwsFixedResponseSpec(status=404, body="Not found")
"""What an Application Load Balancer responds if no route matches, and its listener sets nothing else."""


def build_actions(action: ActionSpec, groups: Mapping[str, Any]) -> list[Properties]:
    """The actions, as listeners and their rules take them; ``groups`` has the target groups' ARNs by key."""
    last = _build_action(action, groups)
    if action.authenticate is None:
        return [last]
    return [{**build_authentication(action.authenticate), "order": 1}, {**last, "order": 2}]


def _build_action(action: ActionSpec, groups: Mapping[str, Any]) -> Properties:
    if action.target is not None:
        return {"type": "forward", "target_group_arn": groups[action.target]}
    if action.weights is not None:
        weights = action.weights
        forward: dict[str, Any] = {
            "target_groups": [{"arn": groups[key], "weight": weights[key]} for key in sorted(weights)]
        }
        if action.stickiness_duration is not None:
            forward["stickiness"] = {"enabled": True, "duration": action.stickiness_duration}
        return {"type": "forward", "forward": forward}
    if action.redirect is not None:
        return {"type": "redirect", "redirect": _redirect(action.redirect)}
    response = action.respond or NOT_FOUND
    fixed: dict[str, Any] = {
        "status_code": str(response.status),
        "content_type": response.content_type or "text/plain",
        "message_body": response.body,
    }
    return {"type": "fixed-response", "fixed_response": without_none(fixed)}


def _redirect(redirect: AwsRedirectSpec) -> Properties:
    scheme = redirect.scheme
    port = DEFAULT_PORTS.get(scheme or "") if redirect.port is None else redirect.port
    return without_none(
        {
            "status_code": f"HTTP_{redirect.code}",
            "protocol": scheme.upper() if scheme else None,
            "port": None if port is None else str(port),
            "host": redirect.host,
            "path": redirect.path,
            "query": redirect.query,
        }
    )


def values_of(condition: Properties) -> list[str]:
    """The values of a condition, of which a rule can have only a few."""
    if "query_strings" in condition:
        return [query["value"] for query in condition["query_strings"]]
    return [value for detail in condition.values() for value in detail["values"]]


def build_conditions(match: Match) -> list[Properties]:
    """What a rule matches, as `aws.lb.ListenerRule` takes it. A prefix is two patterns, as `/a*` lets /ab in."""
    conditions: list[Properties] = []
    if match.host:
        conditions.append({"host_header": {"values": [match.host]}})
    if match.exact:
        conditions.append({"path_pattern": {"values": [match.path]}})
    elif match.path != "/":
        conditions.append({"path_pattern": {"values": [match.path, f"{match.path}/*"]}})
    for name, values in match.conditions:
        kind, _, header = name.partition(" ")
        if kind == "header":
            conditions.append({"http_header": {"http_header_name": header, "values": list(values)}})
        elif kind == "query":
            conditions.append({"query_strings": [{"key": header, "value": value} for value in values]})
        elif kind == "methods":
            conditions.append({"http_request_method": {"values": list(values)}})
        else:
            conditions.append({"source_ip": {"values": list(values)}})
    return conditions
