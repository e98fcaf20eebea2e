"""The codes of the problems of an `AwsLoadBalancer`'s arguments, and what several checks share."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Optional

import pulumi

from ..args.codes import Code, define
from ..args.location import Field, Key, Location
from ..args.problems import Edit, Move, Problems, Remove, Set, Unavailable
from ..args.spec import Spec, require_readable
from .args import AwsLoadBalancerSpec
from .choices import AwsBalancerKind

# Settings that don't belong where they are.
WRONG_KIND = define("wrong-aws-load-balancer-kind", "Only {kind} load balancers support this.")
SET_ELSEWHERE = define("set-on-existing", "This belongs to {owner}, which exists already.", allowed="{allowed}")
NEEDS = define("needs-field", "This needs {needed}, which isn't set.", hint="Set {needed}.")
NEEDS_VALUE = define("needs-value", "This needs {needed} to be {values}.")
NEEDS_TLS = define("needs-tls-listener", "This needs a listener whose protocol is {protocols}.")
NEEDS_PROTOCOL = define("needs-listener-protocol", "This needs a listener whose protocol is {protocols}.")
NO_IDENTITY_PROVIDER = define(
    "no-identity-provider", "This names nobody who users sign in with.", allowed="one of {fields}"
)
NO_SUCH_KEY = define("no-such-key", "{value} isn't a key of {field}.", allowed="{known}")
LIST_LENGTHS = define(
    "list-lengths-differ", "This has {count} items, and {other} has {needed}.", allowed="one item for each of {other}"
)
DUPLICATE_ITEM = define("duplicate-item", "{value} is in the list twice.", allowed="each value once")
IPV6_NOT_SUPPORTED = define(
    "ipv6-range-not-supported",
    "{value} is an IPv6 range.",
    allowed="{family}",
    hint="Write it in another way with {field}.",
)

# The load balancer as a whole.
RESERVED_NAME = define(
    "reserved-aws-load-balancer-name",
    "The load balancer's name would start with {prefix}, which AWS reserves.",
    allowed="any other name",
    hint="Rename it, or set {field}.",
)
FEW_SUBNETS = define(
    "too-few-subnets",
    "A load balancer in fewer than {least} zones fails with one of them.",
    allowed="at least {least} subnets, each in another zone",
)
NO_CLIENTS = define(
    "no-clients", "No client can connect.", allowed="CIDR blocks", hint="For every address, set 0.0.0.0/0."
)
SAME_ZONE = define(
    "duplicate-zone", "{value} has several subnets.", allowed="one subnet of each zone, as AWS supports no more"
)
WRONG_SCOPE = define("wrong-scope", "This needs {field} to be {scope}.")
IPV6_ONLY = define(
    "ipv6-only-not-supported", "AWS has no load balancers with only IPv6 addresses.", allowed="ipv4 or dualstack"
)
DUALSTACK_UDP = define(
    "dualstack-udp",
    "For UDP, a load balancer with IPv6 needs address prefixes of the subnets, which Portico doesn't set.",
    allowed="ipv4",
    hint="Use another load balancer for UDP.",
)
NO_HTTP_REDIRECT = define(
    "no-http-redirect", "Nothing is redirected.", allowed="with HTTPS on port 443, and no listener on port 80"
)
QUOTA = define(
    "quota-exceeded",
    "AWS allows {most} {what} here, and there are {count}.",
    allowed="at most {most}",
    hint="If AWS has raised the quota, set {field}.",
)
RULES_QUOTA = define(
    "security-group-quota-exceeded",
    "The security group needs {count} rules in one direction.",
    allowed="at most {most} rules",
    hint="Use fewer, wider ranges. If AWS has raised the quota, set {field}.",
)
WEIGHT_QUOTA = define(
    "prefix-list-quota-exceeded",
    "The rules of the security group count as {count}: a prefix list counts as many times as it can have entries, at "
    "each listener.",
    allowed="at most {most}",
    hint="Set {weight} if the list is smaller, or {redirect} to false. If AWS has raised the quota, set {field}.",
)
EMPTY_SOURCE = define("empty-source", "This source names nothing.", allowed="one of {fields}")
SAME_SOURCE = define(
    "duplicate-source", "{other} is {value} too, and a security group has each rule once.", allowed="each value once"
)
UNUSED_GROUP = define("unused-security-group", "No target uses this security group.")
UNKNOWN_SECURITY_GROUP = define(
    "unknown-balancer-security-group",
    "The target's security group must allow the existing load balancer, whose security group isn't known.",
    hint="Set {field}.",
)

# Targets.
NOT_OF_LOAD_BALANCER = define(
    "not-of-load-balancer-target", "A target that is a load balancer doesn't have this.", allowed="only without {field}"
)
TARGETS_OF_BOTH_VERSIONS = define(
    "targets-of-both-ip-versions", "A target group has targets of one IP version.", allowed="ipv4 or ipv6"
)
ADDRESS_OF_OTHER_VERSION = define(
    "target-of-other-ip-version",
    "{value} isn't an {wanted} address.",
    allowed="{wanted} addresses",
    hint="Set {field} to the version of the addresses.",
)
IPV6_TARGET = define(
    "ipv6-target-of-ipv4-load-balancer",
    "Only a load balancer with IPv6 addresses connects to IPv6 targets.",
    allowed="only if {field} is {dualstack}",
)
NO_IPV6_RANGES = define(
    "no-ipv6-target-ranges",
    "The load balancer connects to none of the IPv6 addresses of {other}.",
    allowed="with the IPv6 ranges of the targets' subnets",
)
EMPTY_TARGET = define("empty-target", "This target names nothing.", allowed="one of {fields}")
NOT_BOUND = define("target-not-bound", "Nothing else says what the targets are.", allowed="true")
SET_BY_TARGET = define("set-by-target", "The target sets this itself.", allowed="only without {field}")
PORT_NEEDED = define("port-number-needed", "A target group needs the number of the port.", allowed="a port number")
LATER_PORT = define(
    "port-known-too-late",
    "This port is known only during the deployment, and firewall rules depend on it.",
    allowed="a plain number",
    hint="Set a plain number.",
)
WRONG_PROTOCOL = define(
    "wrong-aws-protocol", "{kind} load balancers don't support the protocol {value} here.", allowed="{choices}"
)
NEEDS_HTTP_CHECK = define(
    "needs-http-health-check", "The health check is over TCP, which has no responses.", allowed="only with HTTP"
)
UDP_HEALTH = define(
    "udp-health-port", "A health check isn't possible over UDP.", allowed="a TCP port that the targets listen on"
)
TIMEOUT_TOO_LONG = define(
    "timeout-too-long", "{value} seconds isn't less than {field}.", allowed="less than {interval} seconds"
)
CODES_OUT_OF_RANGE = define(
    "codes-out-of-range", "AWS doesn't support some of the codes in {value}.", allowed="codes from {least} to {most}"
)
SLOW_START = define("slow-start-algorithm", "Slow start needs {field} to be {needed}.", allowed="only with {needed}")
UDP_CLIENT_IP = define("udp-client-ip", "For UDP, AWS always preserves the client's address.", allowed="preserve")
PROXIED_HEALTH = define(
    "proxy-protocol-health-check",
    "The load balancer sends the PROXY protocol to this port too, ahead of HTTP.",
    allowed="the port of the connections",
)
MUST_READ_PROXY = define(
    "targets-must-read-proxy-protocol",
    "The load balancer sends the PROXY protocol, which breaks every connection to targets that don't expect it.",
    allowed="true, if the targets read the PROXY protocol",
    hint="Configure the targets, and set this to true.",
)
EXPECTS_PROXY = define(
    "targets-expect-proxy-protocol",
    "The targets wait for the PROXY protocol, and the load balancer doesn't send it.",
    allowed="only if {field} is {needed}",
)
TLS_AFFINITY = define("tls-session-affinity", "TLS doesn't support session affinity.", allowed="only with TCP or UDP")

# Listeners.
DUPLICATE_LISTENER = define("duplicate-listener-port", "{other} has port {value} too.", allowed="each port once")
EXISTING_NETWORK_LISTENER = define(
    "existing-network-listener", "Network load balancers have no routes to add to an existing listener."
)
NO_ROUTES = define("existing-listener-without-routes", "Only routes can be added to an existing listener.")
NO_AUTHORITIES = define(
    "no-certificate-authorities",
    "This trusts no certificate authority.",
    allowed="one of {fields}",
    hint="To pass certificates through, set {mode} to {passthrough}.",
)
HSTS_OFF = define("hsts-not-sent", "The header isn't sent if {field} is 0.", allowed="only with {field} above 0")
HSTS_PRELOAD = define(
    "hsts-preload-not-accepted",
    "Browsers' preload lists don't accept the host like this.",
    allowed="with {subdomains}, and with {max_age} of at least {least} seconds",
)
TARGET_PROTOCOL = define(
    "listener-target-protocol",
    "The target's protocol is {spoken}, and a listener with {protocol} can't forward to it.",
    allowed="a target whose protocol is one of {choices}",
)
TARGET_VERSION = define(
    "listener-target-version", "The target needs {version}, which only HTTPS listeners support.", allowed="https"
)

# Actions and routes.
NO_ACTION = define("no-action", "This doesn't say what happens to requests.", allowed="one of {fields}")
TOO_MANY_TARGETS = define("too-many-targets", "This names {count} targets.", allowed="at most {most}")
NO_WEIGHT = define("no-weight", "Every weight is 0.", allowed="at least one weight above 0")
REDIRECT_LOOP = define(
    "alb-redirect-loop", "This redirects a request to itself.", allowed="another scheme, host, port, or path"
)
FEW_PRIORITIES = define(
    "too-few-priorities", "This has room for {count} rules.", allowed="at least {least}, so that rules spread"
)
MATCHES_ALL = define(
    "route-matches-all",
    "This route matches every request.",
    allowed="a host, a path, or another condition",
    hint="Set the action on the listener.",
)
WILDCARD_DEPTH = define(
    "wildcard-any-depth",
    "AWS matches {value} also with hosts of several more labels, such as {example}.",
    allowed="one host",
    hint="If that is intended, set {field} to true.",
)
DEEP_PATH = define("path-too-deep", "{value} has {count} elements.", allowed="at most {most}")
MANY_VALUES = define(
    "too-many-match-values",
    "The route compares with {count} values (a path that isn't exact counts twice).",
    allowed="at most {most}",
    hint="Split the route.",
)
MANY_WILDCARDS = define(
    "too-many-wildcards", "The route has {count} wildcards.", allowed="at most {most}", hint="Split the route."
)
HEADER_VALUE = define("invalid-alb-header-value", "AWS can't compare with {value}.", allowed="1 to {most} characters")
HEADER_EMPTY = define("empty-header-condition", "This has no values.", allowed="at least one value")
PRIORITY_OUTSIDE = define(
    "priority-not-ours", "{value} isn't one of {field}.", allowed="a priority from {first} to {last}"
)
SAME_REQUESTS = define("duplicate-alb-route", "{other} matches the same requests.", allowed="each host and path once")
SAME_PRIORITY = define(
    "duplicate-priority", "The priority of this route is {priority}, as that of {other} is.", allowed="another priority"
)
AMBIGUOUS = define(
    "ambiguous-routes",
    "{other} can match the same request, and neither is more specific.",
    allowed="a priority that says which is first",
    hint="Set {field} to a number below or above {priority}.",
)
WRONG_ORDER = define(
    "wrong-route-order",
    "With this priority, {first} comes before {second}, which is more specific.",
    allowed="a lower number for the more specific route",
)

# Hosts.
NOT_IN_ZONE = define("host-not-in-zone", "{host} isn't in the zone {value}.", allowed="a zone that {host} ends with")
NO_CERTIFICATE = define(
    "host-without-certificate",
    "A listener needs a certificate for this host.",
    allowed="{fields}, or a public {zone}, where ACM can validate one",
)
OTHER_WITHOUT_CERTIFICATE = define(
    "no-own-certificate", "{value} has no certificate of its own.", allowed="a host with a certificate"
)
NOT_COVERED = define(
    "certificate-not-for-host", "The certificate of {value} isn't for {host}.", allowed="{host} or {wildcard}"
)
NO_HOSTS = define("tls-without-hosts", "TLS needs a certificate.", allowed="a host with a certificate or a zone")
NO_DEFAULT_HOST = define(
    "no-default-host",
    "Several hosts have certificates, and clients that send no host name get one of them.",
    allowed="{known}",
    hint="Set it to one of {known}.",
)

# Logs.
NO_TLS_LOGGED = define("no-tls-to-log", "AWS logs only TLS connections, and no listener's protocol is TLS.")
OLD_PULUMI_AWS = define(
    "pulumi-aws-too-old", "The installed pulumi-aws doesn't support this.", allowed="with pulumi-aws {least} or later"
)
NO_LOGS = define("no-logs", "No log is enabled.", allowed="only with a log")


def plain(value: object) -> bool:
    """Whether a value is known now."""
    return not isinstance(value, pulumi.Output)


def is_set(spec: Spec, name: str) -> bool:
    """Whether a field has a value, valid or not."""
    require_readable(spec)
    try:
        return getattr(spec, name) is not None
    except Unavailable:
        return True


def may_be(spec: AwsLoadBalancerSpec, kind: AwsBalancerKind) -> bool:
    """Whether the load balancer is of a kind, or can be, because its kind is invalid or missing."""
    try:
        return spec.kind is kind
    except Unavailable:
        return True


def report_set(spec: Spec, names: Iterable[str], problems: Problems, code: Code, **params: Any) -> None:
    """Report each of the fields that is set, because it has no effect there."""
    for name in names:
        if is_set(spec, name):
            problems.report(code, spec.at / name, fix=Remove(spec.at / name), **params)


def set_of(spec: Spec, names: Iterable[str], problems: Problems) -> list[str]:
    """The fields that are set. Report all but the first, because they exclude each other."""
    found = [name for name in names if is_set(spec, name)]
    for name in found[1:]:
        problems.report_exclusive(spec.at / name, found[0], fix=Remove(spec.at / name))
    return found


def check_key(
    at: Location,
    key: str,
    known: Collection[str],
    field: Location,
    problems: Problems,
    *,
    is_usable: Optional[Callable[[str], bool]] = None,
) -> bool:
    """Report a value, or a key of a mapping, that isn't a key of the field. Return whether it is one.

    The fix is the nearest key that no other rule rejects there: for which `is_usable` returns true. Default: all keys.
    """
    if key in known:
        return True
    names = problems.names(known)
    close = names.nearest(key, is_usable)
    fix: Optional[Edit] = None
    if close is not None:
        fix = Move(at, at.parent / Key(close)) if isinstance(at[-1], Key) else Set(at, close)
    problems.report(NO_SUCH_KEY, at, value=key, field=field, known=names.listed, fix=fix)
    return False


def field_names(names: Iterable[str]) -> list[Field]:
    """Names of fields, for a problem's parameters."""
    return [Field(name) for name in names]
