"""Values of Kubernetes manifests, Helm charts, and Compose files, as Portico has them.

Each function returns values by the way to their fields, or None if Portico has nothing that means the same.
"""

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Optional, cast

from ..args.elsewhere import Beside, Convert, Steps, Values
from ..args.forms import items_of, one_item, only_item
from ..args.location import Key
from ..args.problems import ABSENT
from ..args.units import CORES, MIB, NGINX_MIB, SECONDS, Unit
from ..untyped import Unchecked, mapped
from .file_modes import DEFAULT_MODE, octal_mode

__all__ = [
    "below",
    "command_line",
    "container_of",
    "from_affinity_config",
    "from_autoscaling",
    "from_behavior",
    "from_budget",
    "from_claim_resources",
    "from_claim_templates",
    "from_context",
    "from_dependencies",
    "from_deploy",
    "from_empty_dir",
    "from_env_object",
    "from_environment",
    "from_exec",
    "from_grpc",
    "from_healthcheck",
    "from_http_get",
    "from_http_headers",
    "from_image",
    "from_items",
    "from_lifecycle",
    "from_medium",
    "from_mounts",
    "from_persistence",
    "from_policies",
    "from_ports",
    "from_probe",
    "from_rbac",
    "from_reference",
    "from_references",
    "from_references_of_secrets",
    "from_resources",
    "from_security_context",
    "from_service",
    "from_service_account",
    "from_spread",
    "from_strategy",
    "from_volumes",
    "has_limits",
    "has_references",
    "has_resource_metrics",
    "has_sources",
    "match_labels",
    "names_of",
    "no_values",
    "percentage",
    "platform_architecture",
    "pod_of",
    "policy_of",
    "pull_policy",
    "share_of",
    "shutdown_seconds",
    "spec_of_pod",
    "template_of",
    "user_and_group",
    "words_of",
    "workload_of",
]

_DRAIN = 15
"""The default of `drain`."""
_HTTP_PORT = 80
"""The default of `service_port`."""
_REPLICAS = 2
"""The default of `replicas`."""
_STARTUP = 60
"""The default of `health.startup_seconds`."""


# Forms ---------------------------------------------------------------------------------------------------------------


def below(steps: str, convert: Convert) -> Convert:
    """The conversion with its fields below another one."""
    above = tuple(steps.split("."))

    def converted(value: Any, beside: Beside) -> Optional[Values]:
        values = convert(value, beside)
        return None if values is None else {(*above, *way): item for way, item in values.items()}

    return converted


def _whole(value: Any) -> Optional[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else None


def _amount(value: Any, unit: Unit) -> Any:
    """The number of a unit that a value means; None if it means none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    number = unit.number_of(value)
    return _whole(value) if number is None else number


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


# Containers ----------------------------------------------------------------------------------------------------------


def from_dependencies(value: Any, _: Beside) -> Optional[Values]:
    """The services that a Compose service depends on, which it connects to."""
    names = list(cast("Sequence[Any]", value)) if isinstance(value, (list, tuple)) else list(mapped(value))
    if not names or not all(isinstance(name, str) for name in names):
        return None
    return {("allow_to",): [{"service": name.partition(":")[0]} for name in names]}


def words_of(value: Any) -> Optional[Sequence[str]]:
    """The words of a command, which can be one text."""
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value) or None
    except ValueError:
        return None


def command_line(field: str) -> Convert:
    """A command that is one text."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        words = words_of(value)
        return None if words is None else {(field,): words}

    return convert


def from_image(value: Any, _: Beside) -> Optional[Values]:
    """The `image` of a chart's values."""
    image = mapped(value)
    repository = image.get("repository") or image.get("name")
    if not repository or image.keys() - {
        "registry", "repository", "name", "tag", "digest", "pullPolicy", "pullSecrets", "debug"
    }:  # fmt: skip
        return None
    registry = f"{image['registry']}/" if image.get("registry") else ""
    tag = f":{image['tag']}" if image.get("tag") not in (None, "") else ""
    digest = f"@{image['digest']}" if image.get("digest") else ""
    values: dict[Steps, Any] = {("image",): f"{registry}{repository}{tag}{digest}"}
    if image.get("pullPolicy"):
        values["image_policy", "pull_policy"] = image["pullPolicy"]
    if image.get("pullSecrets"):
        values["image_policy", "pull_secrets"] = names_of(image["pullSecrets"])
    return values


def names_of(value: Any) -> Optional[list[str]]:
    """The names in a list of references, such as `imagePullSecrets`."""
    items = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()
    names = [mapped(item).get("name") if isinstance(item, Mapping) else item for item in items]
    return [str(name) for name in names] if names and all(isinstance(name, str) for name in names) else None


def pull_policy(value: Any) -> Optional[str]:
    """Compose's policy."""
    known = {"always": "Always", "never": "Never", "missing": "IfNotPresent", "if_not_present": "IfNotPresent"}
    return known.get(str(value).lower(), value if value in known.values() or value == "IfNotPresent" else None)


_SOURCES = {"fieldRef": ("field_env", "fieldPath"), "resourceFieldRef": ("resource_env", "resource")}


def from_environment(value: Any, _: Beside) -> Optional[Values]:
    """The variables of a container: Kubernetes' list, or Compose's mapping or list."""
    texts = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()
    if texts and all(isinstance(item, str) and "=" in item for item in texts):
        pairs = [item.split("=", 1) for item in texts]
        return {("env",): dict(cast("list[tuple[str, str]]", pairs))}
    variables: dict[str, dict[str, Any]] = {}
    for item in _variables(value):
        found = _variable(item)
        if found is None:
            return None
        field, variable = found
        variables.setdefault(field, {})[str(item["name"])] = variable
    values: dict[Steps, Any] = {(field,): found for field, found in variables.items()}
    if values:
        values.setdefault(("env",), ABSENT)
    return values or None


def from_references_of_secrets(value: Any, _: Beside) -> Optional[Values]:
    """Variables whose values are keys of existing objects; the others are secret, and stay."""
    found: dict[Steps, Any] = {}
    others: dict[str, Any] = {}
    for name, item in mapped(value).items():
        source = mapped(mapped(item).get("valueFrom", item))
        kinds = [kind for kind in _KEY_SOURCES if kind in source]
        if isinstance(item, str):
            others[name] = item
        elif len(kinds) != 1 or len(source) != 1:
            return None
        else:
            found["env_value_from", Key(name)] = {_KEY_SOURCES[kinds[0]]: dict(mapped(source[kinds[0]]))}
    return {**found, **({("secret_env",): others} if others else {})} if found else None


def from_env_object(field: str) -> Convert:
    """The name of an object whose keys all become variables, as charts have it."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        return {("env_from",): [{field: {"name": value}}]} if isinstance(value, str) else None

    return convert


def _variables(value: Any) -> Sequence[Unchecked]:
    """Variables with their names in them."""
    if not isinstance(value, Mapping):
        return items_of(value)
    found = cast("Unchecked", value).items()
    return [{"name": key, **(mapped(item) if isinstance(item, Mapping) else {"value": item})} for key, item in found]


def has_sources(value: Any) -> bool:
    """Whether it's a mapping of variables with `valueFrom`."""
    items = cast("Unchecked", value).values() if isinstance(value, Mapping) else ()
    return any("valueFrom" in mapped(item) for item in items)


_KEY_SOURCES = {"secretKeyRef": "secret_key_ref", "configMapKeyRef": "config_map_key_ref"}


def _variable(item: Unchecked) -> Optional[tuple[str, Any]]:
    """The field of a variable, and its value there."""
    if not isinstance(item.get("name"), str):
        return None
    if "valueFrom" not in item:
        return "env", _text(item.get("value"))
    source = mapped(item["valueFrom"])
    kind = next(iter(source), "")
    if len(source) == 1 and kind in _KEY_SOURCES and set(item) == {"name", "valueFrom"}:
        return "env_value_from", {_KEY_SOURCES[kind]: dict(mapped(source[kind]))}
    if len(source) != 1 or kind not in _SOURCES:
        return None
    field, name = _SOURCES[kind]
    text = mapped(source[kind]).get(name)
    return (field, text) if isinstance(text, str) and mapped(source[kind]).keys() <= {name, "apiVersion"} else None


def from_ports(value: Any, _: Beside) -> Optional[Values]:
    """The ports of a container, of a Service, or of a Compose service."""
    items = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()
    ports = [_port(item) for item in items]
    if not ports or any(port is None for port in ports):
        return None
    known = [port for port in ports if port is not None]
    if len(known) == 1 and known[0]["name"] in ("", "http") and known[0]["protocol"] == "TCP":
        values: dict[Steps, Any] = {("port",): known[0]["port"]}
        if known[0]["service"] not in (None, _HTTP_PORT):
            values["service_port",] = known[0]["service"]
        return values
    found: dict[Steps, Any] = {}
    for index, port in enumerate(known):
        name = Key(port["name"] or ("http" if index == 0 and port["protocol"] == "TCP" else f"port-{port['port']}"))
        found["ports", name, "port"] = port["port"]
        if port["service"] not in (None, port["port"]):
            found["ports", name, "service_port"] = port["service"]
        if port["protocol"] != "TCP":
            found["ports", name, "protocol"] = port["protocol"]
        if port["app"]:
            found["ports", name, "app_protocol"] = port["app"]
    return found


_COMPOSE_PORT = re.compile(r"(?:(?:[0-9.]+:)?(?:[0-9]+:))?(?P<port>[0-9]{1,5})(?:/(?P<protocol>tcp|udp))?")


def _port(item: Any) -> Optional[Unchecked]:
    found: dict[str, Any] = {"name": "", "service": None, "protocol": "TCP", "app": None}
    if not isinstance(item, Mapping):
        match = _COMPOSE_PORT.fullmatch(str(item))
        # The port of the host is that of the machine. Other containers use the container's own.
        return match and {**found, "port": int(match["port"]), "protocol": (match["protocol"] or "tcp").upper()}
    port = mapped(item)
    if port.keys() - {"name", "containerPort", "port", "targetPort", "target", "published", "protocol", "appProtocol"}:
        return None
    number = _whole(port.get("containerPort", port.get("targetPort", port.get("target", port.get("port")))))
    if number is None:
        return None
    protocol = str(port.get("protocol") or "TCP").upper()
    service = _whole(port["port"]) if "port" in port else None
    name = str(port.get("name") or "")
    return {
        **found,
        "name": name,
        "port": number,
        "service": service,
        "protocol": protocol,
        "app": port.get("appProtocol"),
    }


def from_resources(value: Any, beside: Beside) -> Optional[Values]:
    """Requests and limits. Other resources, such as devices, are in `extra`."""
    resources = mapped(value)
    limits, requests = mapped(resources.get("limits")), mapped(resources.get("requests"))
    devices = {key: item for key, item in {**resources, **requests, **limits}.items() if "/" in key}
    own = {"limits", "requests", *devices}
    if resources.keys() - own or (limits.keys() | requests.keys()) - {*_RESOURCES, *devices}:
        return None
    values = _numbers(limits, requests)
    if devices and not beside.name:
        return None
    if devices:
        container = {"name": beside.name, "resources": {"requests": devices, "limits": devices}}
        values["extra", Key("spec"), Key("containers")] = [container]
    return None if None in values.values() else values


_RESOURCES = {"cpu": "cpu", "memory": "memory", "ephemeral-storage": "disk"}


def _numbers(limits: Unchecked, requests: Unchecked) -> dict[Steps, Any]:
    numbers: dict[str, Any] = {}
    limited = {name: _number(name, limits[name]) for name in _RESOURCES if limits.get(name) is not None}
    for name, field in _RESOURCES.items():
        if requests.get(name) is not None:
            numbers[field] = _number(name, requests[name])
        elif name in limited:
            # Kubernetes requests what the container is limited to.
            numbers[field] = limited[name]
    # Of disk, Portico has one number: the limit.
    if "ephemeral-storage" in limited:
        numbers["disk"] = limited["ephemeral-storage"]
    if "memory" in limited and limited["memory"] != numbers["memory"]:
        numbers["memory_limit"] = limited["memory"]
    unlimited = bool(requests) and not limits.keys() & {"memory", "ephemeral-storage"}
    if unlimited:
        numbers["limits"] = "none"
    elif "cpu" in limited and limited["cpu"] == numbers["cpu"]:
        numbers["limits"] = "all"
    if "cpu" in limited and numbers.get("limits") != "all":
        numbers["cpu_limit"] = limited["cpu"]
    return {("resources", field): number for field, number in numbers.items()}


def _number(name: str, amount: Any) -> Any:
    return _amount(amount, CORES) if name == "cpu" else _mebibytes(amount)


def _mebibytes(size: Any) -> Optional[int]:
    # A number without a unit is in bytes.
    return -(-size // 2**20) if isinstance(size, int) else MIB.number_of(size)  # type: ignore[return-value]


def from_deploy(value: Any, beside: Beside) -> Optional[Values]:
    """The section `deploy` of a Compose service."""
    deploy = mapped(value)
    if deploy.keys() - {"replicas", "resources", "restart_policy", "mode"} or deploy.get("mode") == "global":
        return None
    values: dict[Steps, Any] = {("replicas",): deploy["replicas"]} if "replicas" in deploy else {}
    resources = mapped(deploy.get("resources"))
    if not resources:
        return values
    named = {"limits": resources.get("limits"), "requests": resources.get("reservations")}
    found = from_resources({key: _named_cpu(part) for key, part in named.items() if part}, beside)
    return None if found is None else {**values, **found}


def _named_cpu(part: Any) -> Unchecked:
    named = {"cpu" if key == "cpus" else key: item for key, item in mapped(part).items()}
    # The sizes of Compose are binary: M is a MiB.
    size = NGINX_MIB.number_of(named.get("memory"))
    return named if size is None else {**named, "memory": f"{size}Mi"}


# Health --------------------------------------------------------------------------------------------------------------


_CHECKS = ("httpGet", "tcpSocket", "exec", "grpc")
"""What a probe of Kubernetes does."""


def from_probe(name: str) -> Convert:
    """A probe of Kubernetes, as the probe of this name."""

    def convert(value: Any, beside: Beside) -> Optional[Values]:
        probe = dict(mapped(value))
        is_switch = "enabled" in probe
        if probe.pop("enabled", True) is False:
            return {}
        # A chart with a switch has the check itself.
        values = {} if is_switch and probe.keys().isdisjoint(_CHECKS) else _check(probe, beside, name)
        delay = _whole(probe.pop("initialDelaySeconds", 0))
        if values is None or delay is None or probe.pop("successThreshold", 1) != 1:
            return None
        for field, key in (
            ("period", "periodSeconds"),
            ("timeout", "timeoutSeconds"),
            ("failures", "failureThreshold"),
        ):
            if key in probe:
                values[name, field] = probe.pop(key)
        if name == "liveness" and delay:
            # As long as Kubernetes would have waited before it restarts the container.
            period, failures = _whole(values.get((name, "period"), 10)), _whole(values.get((name, "failures"), 3))
            seconds = None if period is None or failures is None else delay + period * failures
            if seconds is None:
                return None
            if seconds > _STARTUP:
                values["startup_seconds",] = seconds
        return None if probe else values

    return convert


def _check(probe: dict[str, Any], beside: Beside, name: str) -> Optional[dict[Steps, Any]]:
    """What a probe does, and at which port. Takes both out of the probe."""
    kind = next((kind for kind in _CHECKS if kind in probe), "")
    check = dict(mapped(probe.pop(kind, None)))
    values: dict[Steps, Any] = {}
    if kind == "exec":
        values[name, "command"] = check.pop("command", None)
    elif kind == "httpGet":
        port = check.pop("port", None)
        request = from_http_get(check, beside)
        if request is None:
            return None
        check = {"port": port}
        values.update({(name, *steps): item for steps, item in request.items()})
    elif kind == "grpc":
        values[name, "grpc_service"] = check.pop("service", "") or ""
    elif kind != "tcpSocket":
        return None
    if kind != "exec":
        port = _probed_port(check.pop("port", None), beside)
        if port is None:
            return None
        if port:
            values[name, "port_name"] = port
        if port == "https" and kind == "httpGet":
            # In Kubernetes, the name of a port has no meaning.
            values.setdefault((name, "scheme"), "HTTP")
    return None if check else values


def _probed_port(port: Any, beside: Beside) -> Optional[str]:
    """The name of the port that a probe checks; empty for the only one, and None if Portico has no such port."""
    given = beside.get("ports")
    single = beside.get("port") or beside.get("containerPort")
    if single is not None or given is None:
        # A name is that of the only port, whatever it's called.
        is_name = isinstance(port, str) and not port.isdigit()
        return "" if port == single or is_name or single is None else None
    if isinstance(given, Mapping):
        named = {str(key): mapped(item).get("port") for key, item in mapped(given).items()}
    else:
        items = [_port(item) for item in cast("Sequence[Any]", given)] if isinstance(given, (list, tuple)) else []
        named = {item["name"]: item["port"] for item in items if item}
    if len(named) == 1:
        return "" if port in (*named, *named.values()) else None
    return next((key for key, number in named.items() if port in (key, number)), None)


_REQUEST = re.compile(
    r".*\b(?:curl|wget)\b.* ['\"]?(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::[0-9]+)?(/\S*?)?['\"]?(?: .*)?"
)
"""A request to the container itself: the probe can send it."""


_OF_HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "start_interval"}


def from_healthcheck(value: Any, _: Beside) -> Optional[Values]:
    """The health check of a Compose service."""
    check = dict(mapped(value))
    if check.pop("disable", False):
        return None
    if not check:
        return {}
    test = check.get("test")
    words = cast("list[Any]", test) if isinstance(test, list) else ["CMD-SHELL", test]
    if check.keys() - _OF_HEALTHCHECK or not words[1:] or words[0] not in ("CMD", "CMD-SHELL"):
        return None
    line = " ".join(map(str, words[1:])).partition("||")[0].strip()
    request = _REQUEST.fullmatch(line)
    if request:
        values: dict[Steps, Any] = {("path",): request[1] or "/"}
    else:
        values = {("command",): list(words[1:]) if words[0] == "CMD" else ["/bin/sh", "-c", words[1]]}
    for field, key in (("period", "interval"), ("timeout", "timeout")):
        if key in check:
            values["liveness", field] = _amount(check[key], SECONDS)
    if "retries" in check:
        values["liveness", "failures"] = check["retries"]
    if "start_period" in check:
        start = _amount(check["start_period"], SECONDS)
        if start is None or start > _STARTUP:
            values["startup_seconds",] = start
    return None if None in values.values() else values


# Pods ----------------------------------------------------------------------------------------------------------------


_CONTEXT = {
    "runAsUser": "user",
    "runAsGroup": "group",
    "fsGroup": "fs_group",
    "privileged": "privileged",
    "allowPrivilegeEscalation": "privilege_escalation",
}
_WITHOUT_EFFECT: Unchecked = {
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "enabled": True,
}
"""What Portico sets anyway."""


def from_security_context(value: Any, _: Beside) -> Optional[Values]:
    """The security context of a pod or of a container."""
    values: dict[Steps, Any] = {}
    for name, item in mapped(value).items():
        if (_WITHOUT_EFFECT.get(name) is item and item is not None) or item in ({}, [], "", None):
            continue
        if name == "fsGroupChangePolicy":
            # How soon the owner of files changes, not which one.
            continue
        if name in _CONTEXT:
            values[_CONTEXT[name],] = item
        elif name == "readOnlyRootFilesystem":
            values["writable_root",] = not item
        elif name == "capabilities" and (added := _capabilities(item)) is not None:
            values |= added
        elif name == "seccompProfile" and (profile := _seccomp(item)) is not None:
            values |= profile
        else:
            return None
    return values


def _capabilities(value: Any) -> Optional[Values]:
    capabilities = mapped(value)
    # All are dropped anyway, so those to drop have no effect.
    names = one_item(capabilities.get("add") or ()) or ()
    added = [name for name in names if name != "NET_BIND_SERVICE"]
    values: dict[Steps, Any] = {("capabilities",): added} if added else {}
    if len(added) != len(names):
        values["net_bind_service",] = True
    return None if capabilities.keys() - {"add", "drop"} else values


def _seccomp(value: Any) -> Optional[Values]:
    profile = mapped(value)
    if profile.get("type") == "Localhost":
        return {("seccomp_profile",): profile.get("localhostProfile")}
    return {"RuntimeDefault": {}, "Unconfined": {("unconfined_seccomp",): True}}.get(str(profile.get("type")))


def user_and_group(value: Any, _: Beside) -> Optional[Values]:
    """The user of a Compose service, such as `1000:1000`."""
    user, _sign, group = str(value).partition(":")
    ids = (_whole(user), _whole(group) if group else None)
    if ids[0] is None or (group and ids[1] is None):
        return None
    return {("security", "user"): ids[0], **({("security", "group"): ids[1]} if group else {})}


_ACCOUNT_FIELDS = {
    "eks.amazonaws.com/role-arn": "aws_role_arn",
    "iam.gke.io/gcp-service-account": "gcp_service_account",
    "azure.workload.identity/client-id": "azure_client_id",
    "azure.workload.identity/tenant-id": "azure_tenant_id",
}


def from_service_account(value: Any, _: Beside) -> Optional[Values]:
    """The service account of a pod, by name, or of a chart's values."""
    if isinstance(value, str):
        return {("identity", "service_account"): value}
    account = mapped(value)
    if account.keys() - {"create", "name", "annotations", "automount", "automountServiceAccountToken", "labels"}:
        return None
    values: dict[Steps, Any] = {}
    if account.get("create") is False and account.get("name"):
        values["identity", "service_account"] = account["name"]
    for key, text in mapped(account.get("annotations")).items():
        field = _ACCOUNT_FIELDS.get(key)
        values[("identity", field) if field else ("identity", "annotations", Key(key))] = text
    if account.get("automount") or account.get("automountServiceAccountToken"):
        values["identity", "token"] = True
    return values


def from_rbac(value: Any, _: Beside) -> Optional[Values]:
    """The rights of a chart's values."""
    rights = dict(mapped(value))
    is_created, rules = rights.pop("create", True), rights.pop("rules", None)
    if rights.keys() - {"enabled"} or not isinstance(rules or [], list):
        return None
    if is_created is False or rights.get("enabled") is False:
        return {}
    return {("rules",): rules} if rules else None


def platform_architecture(value: Any) -> Optional[list[str]]:
    """The architecture of a Compose platform, such as `linux/amd64`."""
    match = re.fullmatch(r"linux/([a-z0-9]+)(/v[0-9])?", str(value))
    return [match[1]] if match else None


def shutdown_seconds(value: Any, beside: Beside) -> Optional[Values]:
    """The grace period, which includes the drain."""
    seconds = _amount(value, SECONDS)
    drain = beside.get("drain")
    if not isinstance(seconds, int):
        return None
    if drain is None and seconds <= _DRAIN:
        # Too short for the default drain: half of it each.
        return {("drain",): seconds // 2, ("shutdown",): max(seconds - seconds // 2, 1)}
    rest = seconds - (_DRAIN if drain is None else drain) if isinstance(drain, (int, type(None))) else 0
    return {("shutdown",): rest} if rest > 0 else None


_SLEEP = re.compile(r"(?:/bin/)?sleep ([0-9]{1,4})s?")


def from_lifecycle(value: Any, beside: Beside) -> Optional[Values]:
    """The hooks of a container. A sleep before it stops is the drain."""
    hooks = mapped(value)
    before = mapped(hooks.get("preStop"))
    words = mapped(before.get("exec")).get("command") if set(before) == {"exec"} else None
    texts = [str(word) for word in cast("Sequence[Any]", words)] if isinstance(words, (list, tuple)) else []
    shell = len(texts) == len(_SHELL) + 1 and texts[0].rpartition("/")[2] in ("sh", "bash") and texts[1] == "-c"
    slept = _SLEEP.fullmatch(texts[-1] if shell else " ".join(texts))
    seconds = mapped(before.get("sleep")).get("seconds") if set(before) == {"sleep"} else None
    if set(hooks) == {"preStop"} and (slept or isinstance(seconds, int)):
        return {("drain",): int(slept[1]) if slept else seconds}
    if not beside.name:
        return None
    # Portico's own hook is a sleep, and Kubernetes accepts one.
    own = {"preStop": {**before, "sleep": None}} if before and "sleep" not in before else {}
    return {("extra", Key("spec"), Key("containers")): [{"name": beside.name, "lifecycle": {**hooks, **own}}]}


_SHELL = ("sh", "-c")


# Volumes -------------------------------------------------------------------------------------------------------------


def _mounts(beside: Beside) -> Mapping[str, Unchecked]:
    """The mounts of the container, by the name of the volume; none if a volume has two of them."""
    mounts = items_of(beside.get("volumeMounts"))
    by_name = {str(mount.get("name")): mount for mount in mounts}
    return by_name if len(by_name) == len(mounts) else {}


def _mounted(mount: Optional[Unchecked]) -> Optional[Unchecked]:
    """The fields for where a volume is mounted; None if there are none for all of it."""
    if mount is None or mount.keys() - {"name", "mountPath", "subPath", "readOnly"}:
        return None
    return {"path": mount.get("mountPath"), **({"sub_path": mount["subPath"]} if mount.get("subPath") else {})}


def from_volumes(value: Any, beside: Beside) -> Optional[Values]:
    """The volumes of a pod, with the paths of `volumeMounts`."""
    mounts, values = _mounts(beside), dict[Steps, Any]()
    for volume in items_of(value):
        name = str(volume.get("name"))
        mount = mounts.get(name)
        source = None if mount is None else _source(volume, mount)
        if source is None:
            return None
        values |= {("volumes", Key(name), field): item for field, item in source.items()}
    if not values:
        return None
    if set(mounts) == {way[1] for way in values}:
        values["volume_mounts",] = ABSENT
    return values


def _source(volume: Unchecked, mount: Unchecked) -> Optional[Unchecked]:
    fields, sources = _mounted(mount), volume.keys() - {"name"}
    if fields is None or len(sources) != 1:
        return None
    (kind,) = sources
    source, is_read_only = mapped(volume[kind]), bool(mount.get("readOnly"))
    if kind == "emptyDir":
        is_known = not source.keys() - {"medium", "sizeLimit"} and source.get("medium") in (None, "", "Memory")
        return {**fields, **_empty(source), **({"read_only": True} if is_read_only else {})} if is_known else None
    known = {
        "configMap": ("config_map", "name"),
        "secret": ("secret", "secretName"),
        "persistentVolumeClaim": ("claim", "claimName"),
        "hostPath": ("host_path", "path"),
    }
    if kind not in known:
        return None
    field, name = known[kind]
    files = _files_of(source, (name, "type")) if field in ("config_map", "secret") else dict[str, Any]()
    if files is None or source.get("type") or (not files and source.keys() - {name, "type", "optional"}):
        return None
    # What Portico has as the default differs from Kubernetes.
    is_default = is_read_only == (field != "claim") or field in ("config_map", "secret")
    written = {} if is_default else {"read_only": is_read_only}
    return {**fields, **written, **files, field: source[name]} if source.get(name) else None


def _files_of(source: Unchecked, others: Collection[str]) -> Optional[Unchecked]:
    """The files of a ConfigMap or a Secret as a volume; None if something has no field."""
    fields: dict[str, Any] = {"optional": True} if source.get("optional") is True else {}
    if source.keys() - {*others, "optional", "defaultMode", "items"}:
        return None
    if source.get("defaultMode", DEFAULT_MODE) != DEFAULT_MODE:
        fields["default_mode"] = octal_mode(source["defaultMode"])
    if "items" in source:
        fields |= _items_of(source["items"]) or {"items": None}
    return None if None in fields.values() else fields


def _items_of(value: Any) -> Optional[dict[str, Any]]:
    """The keys that become files, and their permissions."""
    items = items_of(value)
    if not items or any(item.keys() - {"key", "path", "mode"} or not item.get("key") for item in items):
        return None
    fields: dict[str, Any] = {"items": {str(item["key"]): item.get("path") for item in items}}
    modes = {str(item["key"]): octal_mode(item["mode"]) for item in items if item.get("mode") is not None}
    if None in modes.values() or len(fields["items"]) < len(items):
        return None
    return {**fields, "modes": modes} if modes else fields


def from_items(value: Any, _: Beside) -> Optional[Values]:
    """The `items` of a volume as Kubernetes has them."""
    fields = _items_of(value)
    return None if fields is None else {(name,): item for name, item in fields.items()}


def _empty(source: Unchecked) -> Unchecked:
    fields: dict[str, Any] = {}
    if source.get("medium") == "Memory":
        fields["in_memory"] = True
    if "sizeLimit" in source:
        fields["size_mib"] = _mebibytes(source["sizeLimit"])
    return fields


def from_mounts(value: Any, _: Beside) -> Optional[Values]:
    """The mounts of a container beside the application's."""
    mounts = items_of(value)
    if any(mount.keys() - {"name", "mountPath"} for mount in mounts):
        return None
    values: Values = {("mounts", Key(str(mount.get("name")))): mount.get("mountPath") for mount in mounts}
    return values if values and len(values) == len(mounts) else None


def from_claim_templates(value: Any, beside: Beside) -> Optional[Values]:
    """The claims of a StatefulSet, with the paths of `volumeMounts`."""
    mounts, values = _mounts(beside), dict[Steps, Any]()
    for template in items_of(value):
        metadata, claim = mapped(template.get("metadata")), mapped(template.get("spec"))
        name, requested = str(metadata.get("name")), mapped(claim.get("resources"))
        mount = mounts.get(name)
        fields = _mounted(mount)
        others = claim.keys() - {"accessModes", "storageClassName", "resources", "volumeMode"}
        is_plain = claim.get("volumeMode", "Filesystem") == "Filesystem" and not mapped(mount).get("readOnly")
        if not fields or not is_plain or others or metadata.keys() - {"name"} or requested.keys() - {"requests"}:
            return None
        size = mapped(requested.get("requests")).get("storage")
        mebibytes, modes = _mebibytes(size), claim.get("accessModes") or ["ReadWriteOnce"]
        mode = only_item(modes)
        if mebibytes is None or mode is None:
            return None
        steps = ("storage", Key(name))
        values |= {(*steps, field): item for field, item in fields.items()}
        values[(*steps, "size_gib")] = -(-mebibytes // 1024)
        if claim.get("storageClassName"):
            values[(*steps, "storage_class")] = claim["storageClassName"]
        if mode != "ReadWriteOnce":
            values[(*steps, "access_mode")] = mode
    if values and set(mounts) == {way[1] for way in values}:
        values["volume_mounts",] = ABSENT
    return values or None


# Workloads -----------------------------------------------------------------------------------------------------------


def from_persistence(value: Any, beside: Beside) -> Optional[Values]:
    """The storage of a chart's values, if they have its path."""
    fields = {key: item for key, item in mapped(value).items() if item not in (None, "", {}, [])}
    if fields.pop("enabled", True) is False:
        return {}
    for key in ("type", "annotations", "labels", "finalizers", "selector", "volumeMode", "name"):
        fields.pop(key, None)
    path = fields.pop("mountPath", fields.pop("path", None))
    modes = fields.pop("accessModes", fields.pop("accessMode", "ReadWriteOnce"))
    mode = only_item(modes) or modes
    size = _mebibytes(fields.pop("size", None))
    storage_class = fields.pop("storageClass", fields.pop("storageClassName", fields.pop("class", None)))
    if fields or size is None or not isinstance(path, str):
        return None
    found = {"path": path, "size_gib": -(-size // 1024)}
    if storage_class not in (None, "-"):
        found["storage_class"] = storage_class
    if mode != "ReadWriteOnce":
        found["access_mode"] = mode
    kind: Values = {("kind",): "StatefulSet"} if beside.get("kind") in (None, "Deployment") else {}
    return {("storage", Key("data")): found, **kind}


def share_of(field: str) -> Convert:
    """A number of pods, or a share of them such as `25%`, of a field of this name."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        share = percentage(value)
        if share is not None:
            return {(f"{field}_percent",): share}
        number = _whole(value)
        return None if number is None else {(field,): number}

    return convert


def percentage(value: Any) -> Optional[int]:
    """The number of a text such as `25%`."""
    return int(value[:-1]) if isinstance(value, str) and re.fullmatch("[0-9]{1,3}%", value) else None


def from_strategy(value: Any, beside: Beside) -> Optional[Values]:
    """The strategy of a workload, or the `updateStrategy`."""
    strategy = mapped(value) if isinstance(value, Mapping) else {"type": value}
    if strategy.keys() - {"type", "rollingUpdate"}:
        return None
    if strategy.get("type") == "Recreate":
        return {("recreate",): True}
    rolling, values = mapped(strategy.get("rollingUpdate")), dict[Steps, Any]()
    for name, item in rolling.items():
        field = {"maxSurge": "max_surge", "maxUnavailable": "max_unavailable"}.get(name)
        if name == "partition":
            values["partition",] = item
        elif field is None or (found := share_of(field)(item, beside)) is None:
            return None
        else:
            values |= found
    return values if strategy.get("type", "RollingUpdate") == "RollingUpdate" else None


def from_budget(value: Any, beside: Beside) -> Optional[Values]:
    """The disruption budget of a chart's values."""
    budget = mapped(value)
    if budget.keys() - {"enabled", "create", "maxUnavailable", "minAvailable"}:
        return None
    if budget.get("enabled") is False or budget.get("create") is False:
        return None
    if budget.get("minAvailable"):
        return None if budget.get("maxUnavailable") else _unavailable(budget["minAvailable"], beside)
    return share_of("max_unavailable")(budget["maxUnavailable"], beside) if budget.get("maxUnavailable") else {}


def _unavailable(available: Any, beside: Beside) -> Optional[Values]:
    """How many pods can be unavailable if so many must be available."""
    share = percentage(available)
    if share is not None:
        return {("max_unavailable_percent",): 100 - share}
    replicas = beside.get("replicas") or beside.get("replicaCount") or _REPLICAS
    rest = replicas - available if isinstance(replicas, int) and isinstance(available, int) else 0
    return {("max_unavailable",): rest} if rest > 0 and beside.get("autoscaling") is None else None


def from_autoscaling(value: Any, _: Beside) -> Optional[Values]:
    """An autoscaler that is switched off, or whose metrics are utilizations."""
    scaler = mapped(value)
    if scaler.get("enabled") is False:
        return {}
    names = {
        "minReplicas": "min_replicas",
        "min_replicas": "min_replicas",
        "maxReplicas": "max_replicas",
        "max_replicas": "max_replicas",
        "targetCPUUtilizationPercentage": "cpu",
        "targetCPU": "cpu",
        "targetMemoryUtilizationPercentage": "memory",
        "targetMemory": "memory",
        "cpu": "cpu",
        "memory": "memory",
    }
    values = {("autoscaling", names[key]): item for key, item in scaler.items() if key in names and item}
    for metric in items_of(scaler.get("metrics")):
        resource = mapped(metric.get("resource"))
        target = mapped(resource.get("target"))
        if resource.get("name") not in ("cpu", "memory") or set(target) != {"type", "averageUtilization"}:
            return None
        values["autoscaling", str(resource["name"])] = target["averageUtilization"]
    return None if scaler.keys() - names.keys() - {"enabled", "metrics", "scaleTargetRef"} else values


def has_resource_metrics(value: Any) -> bool:
    """Whether an autoscaler has the metrics of a HorizontalPodAutoscaler."""
    return any("resource" in metric for metric in items_of(mapped(value).get("metrics")))


_SPREAD = {"topology.kubernetes.io/zone": "zones", "kubernetes.io/hostname": "nodes"}
_STRICT = {"DoNotSchedule": "required", "ScheduleAnyway": "preferred"}


def from_spread(value: Any, _: Beside) -> Optional[Values]:
    """The constraints of the even spread of a pod's own kind. Portico sets the selector itself."""
    values: dict[Steps, Any] = {}
    for constraint in items_of(value):
        field = _SPREAD.get(str(constraint.get("topologyKey")))
        strict = _STRICT.get(str(constraint.get("whenUnsatisfiable")))
        known = {"maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector", "matchLabelKeys"}
        if field is None or strict is None or constraint.get("maxSkew", 1) != 1 or constraint.keys() - known:
            return None
        values[field,] = strict
    return values or None


def policy_of(value: Any, _: Beside) -> Optional[Values]:
    """Whether a chart's network policy is on."""
    policy = mapped(value)
    enabled = policy.get("enabled")
    if enabled is False:
        return {("network_policy",): False}
    # Its peers are in `allow_from` and `allow_to`.
    rules = any(item for key, item in policy.items() if key != "enabled")
    return {} if enabled is True and not rules else None


def from_service(value: Any, _: Beside) -> Optional[Values]:
    """The Service of a chart's values, or of a manifest."""
    service = dict(mapped(value))
    if service.pop("type", "ClusterIP") != "ClusterIP" or service.pop("enabled", True) is not True:
        return None
    service.pop("portName", None)
    values: dict[Steps, Any] = {}
    for key, field in (
        ("port", ("service_port",)),
        ("targetPort", ("port",)),
        ("annotations", ("service", "annotations")),
    ):
        item = service.pop(key, None)
        if item not in (None, {}, "http"):
            values[field] = item
    if values.get(("service_port",)) == _HTTP_PORT:
        del values["service_port",]
    if service.pop("clusterIP", "") == "None":
        values["service", "headless"] = True
    return None if any(item not in (None, "", {}, []) for item in service.values()) else values


def match_labels(value: Any, _: Beside) -> Optional[Values]:
    """The selector of a workload."""
    selector = mapped(value)
    return {("selector",): selector["matchLabels"]} if set(selector) == {"matchLabels"} else None


# Manifests -----------------------------------------------------------------------------------------------------------


def container_of(value: Any) -> Optional[Unchecked]:
    """The arguments in the containers of a pod: those of its only one."""
    containers = items_of(value)
    if len(containers) != 1:
        return None
    return {key: item for key, item in containers[0].items() if key != "name"}


def pod_of(value: Any) -> Optional[Unchecked]:
    """The arguments in a pod's spec, or in a workload's or a pod's `template`."""
    template = mapped(value)
    if "spec" in template:
        metadata = mapped(template.get("metadata"))
        pod = pod_of(template["spec"])
        described = {"podAnnotations": metadata.get("annotations"), "labels": metadata.get("labels")}
        return pod and {**pod, **{key: item for key, item in described.items() if item}}
    if "template" in template:
        pod = _without_selected(pod_of(template["template"]), template.get("selector"))
        own = {key: item for key, item in template.items() if key not in ("template", "selector", "serviceName")}
        return pod and {**own, **pod}
    container = container_of(template.get("containers"))
    return container and {**{key: item for key, item in template.items() if key != "containers"}, **container}


def _without_selected(pod: Optional[Unchecked], selector: Any) -> Optional[Unchecked]:
    """The arguments in a pod's template, without the labels for the workload itself: Portico selects by its own."""
    if pod is None or "labels" not in pod:
        return pod
    selected = mapped(mapped(selector).get("matchLabels"))
    labels = {key: item for key, item in mapped(pod["labels"]).items() if key not in selected}
    others = {key: item for key, item in pod.items() if key != "labels"}
    return {**others, "labels": labels} if labels else others


def workload_of(value: Any) -> Optional[Unchecked]:
    """The arguments in the manifest of a workload."""
    manifest = mapped(value)
    kind = manifest.get("kind")
    if kind not in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        return None
    pod, annotations = pod_of(manifest.get("spec")), mapped(manifest.get("metadata")).get("annotations")
    described = {"workloadAnnotations": annotations} if annotations else {}
    return pod and {**({} if kind == "Deployment" else {"kind": kind}), **described, **pod}


# Parts of these, where they are fields already -----------------------------------------------------------------------


def from_http_get(value: Any, beside: Beside) -> Optional[Values]:
    """The HTTP request of a probe."""
    request = dict(mapped(value))
    port = request.pop("port", None)
    values: dict[Steps, Any] = {("path",): request.pop("path", "/")}
    # The default port is http.
    if isinstance(port, str) and port != "http":
        values["port_name",] = port
    scheme = request.pop("scheme", "HTTP")
    if scheme != "HTTP":
        values["scheme",] = scheme
    headers = from_http_headers(request.pop("httpHeaders", []), beside)
    return None if headers is None or request else {**values, **headers}


def from_http_headers(value: Any, _: Beside) -> Optional[Values]:
    """The headers of a probe's request."""
    headers, values = items_of(value), dict[Steps, Any]()
    if bool(headers) != bool(value):
        return None
    for header in headers:
        name = header.get("name")
        steps: Steps = ("host",) if str(name).lower() == "host" else ("headers", Key(str(name)))
        if set(header) != {"name", "value"} or steps in values:
            # Kubernetes sends a header that is listed twice with both values.
            return None
        values[steps] = header["value"]
    return values


def from_exec(value: Any, _: Beside) -> Optional[Values]:
    """The command of a probe."""
    command = mapped(value).get("command")
    return {("command",): command} if command else None


def from_grpc(value: Any, _: Beside) -> Optional[Values]:
    """The gRPC request of a probe."""
    request = mapped(value)
    return None if request.keys() - {"service", "port"} else {("grpc_service",): request.get("service") or ""}


def from_context(name: str) -> Convert:
    """One field of a security context."""

    def convert(value: Any, beside: Beside) -> Optional[Values]:
        return from_security_context({name: value}, beside)

    return convert


def from_policies(value: Any, _: Beside) -> Optional[Values]:
    """The policies of one direction of an autoscaler."""
    policies, values = items_of(value), dict[Steps, Any]()
    for policy in policies:
        field = {"Pods": "pods", "Percent": "percent"}.get(str(policy.get("type")))
        if field is None or (field,) in values or policy.keys() - {"type", "value", "periodSeconds"}:
            return None
        values[field,] = policy.get("value")
        if values.setdefault(("period",), policy.get("periodSeconds")) != policy.get("periodSeconds"):
            return None
    return values or None


def from_behavior(value: Any, beside: Beside) -> Optional[Values]:
    """How fast an autoscaler changes the number of pods."""
    values: dict[Steps, Any] = {}
    for name, rules in mapped(value).items():
        field = {"scaleUp": "scale_up", "scaleDown": "scale_down"}.get(name)
        scaling = dict(mapped(rules))
        if field is None:
            return None
        if "policies" in scaling:
            found = from_policies(scaling.pop("policies"), beside)
            if found is None:
                return None
            values |= {(field, *way): item for way, item in found.items()}
        for key, own in (("stabilizationWindowSeconds", "stabilization"), ("selectPolicy", "select")):
            if key in scaling:
                values[field, own] = scaling.pop(key)
        if scaling:
            return None
    return values or None


def from_claim_resources(value: Any, _: Beside) -> Optional[Values]:
    """The size of a claim."""
    size = _mebibytes(mapped(mapped(value).get("requests")).get("storage"))
    return None if size is None else {("size_gib",): -(-size // 1024)}


def from_empty_dir(value: Any, _: Beside) -> Optional[Values]:
    """An empty folder."""
    source = mapped(value)
    return None if source.keys() - {"medium", "sizeLimit"} else {(name,): item for name, item in _empty(source).items()}


def from_medium(value: Any, _: Beside) -> Optional[Values]:
    """Where an empty folder is."""
    return {"Memory": {("in_memory",): True}, "": {}}.get(str(value))


def from_reference(field: str, name: str) -> Convert:
    """The object of a volume, by its name."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        source = mapped(value)
        files = _files_of(source, (name, "type")) if field in ("config_map", "secret") else dict[str, Any]()
        is_plain = files is not None and (files or not source.keys() - {name, "type"}) and source.get(name)
        return {(field,): source[name], **{(key,): item for key, item in (files or {}).items()}} if is_plain else None

    return convert


def no_values(_value: Any, _: Beside) -> Optional[Values]:
    """What Portico can't convert."""
    return None


def has_limits(value: Any) -> bool:
    """Whether resources have limits as Kubernetes has them."""
    return isinstance(mapped(value).get("limits"), Mapping)


def has_references(value: Any) -> bool:
    """Whether a value is a list of references by name, as Kubernetes has them."""
    return bool(items_of(value))


def from_references(field: str) -> Convert:
    """The names of references."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        names = names_of(value)
        return None if names is None else {(field,): names}

    return convert


def from_affinity_config(value: Any, _: Beside) -> Optional[Values]:
    """The timeout of a Service's session affinity."""
    seconds = mapped(mapped(value).get("clientIP")).get("timeoutSeconds")
    return None if seconds is None else {("session_affinity_timeout",): seconds}


def template_of(value: Any, _: Beside) -> Optional[Values]:
    """The template of the pods in a manifest of a workload, or in its spec."""
    manifest = mapped(value)
    template = mapped(mapped(manifest.get("spec")).get("template")) or mapped(manifest.get("template"))
    if not template and manifest.get("kind") == "Pod":
        template = {key: item for key, item in manifest.items() if key in ("metadata", "spec")}
    return {("extra",): template} if template else None


def spec_of_pod(value: Any, _: Beside) -> Optional[Values]:
    """The fields of a pod's spec."""
    extra = mapped(value)
    return None if extra.keys() & {"metadata", "spec"} else {("extra",): {"spec": extra}}
