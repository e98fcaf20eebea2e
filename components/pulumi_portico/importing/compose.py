"""Drafts of stacks from Compose files."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..args.elsewhere import Beside
from ..args.names import dns_label
from ..untyped import Unchecked, listed, mapped
from ..workload.conversions import from_environment
from .draft import Draft, connect

__all__ = ["draft_of_compose"]

_CONVERTED = {
    "cap_add", "cap_drop", "command", "cpus", "deploy", "entrypoint", "healthcheck", "mem_limit", "platform",
    "privileged", "pull_policy", "read_only", "scale", "stop_grace_period", "tmpfs", "user", "working_dir",
}  # fmt: skip
"""What a service's own checks convert."""
_WITHOUT_MEANING = {
    "attach", "build", "configs", "container_name", "depends_on", "environment", "expose", "external_links", "hostname",
    "image", "init", "links", "logging", "networks", "ports", "restart", "secrets", "volumes",
}  # fmt: skip
"""What this module reads itself, and what has no meaning in a cluster."""
_KNOWN_PORTS = {
    "adminer": 8080, "elasticsearch": 9200, "httpd": 80, "kafka": 9092, "mailhog": 8025, "mariadb": 3306,
    "memcached": 11211, "minio": 9000, "mongo": 27017, "mysql": 3306, "nats": 4222, "nginx": 80, "postgis": 5432,
    "postgres": 5432, "rabbitmq": 5672, "redis": 6379, "valkey": 6379,
}  # fmt: skip
"""The ports of images that are run without naming one."""
_PORT = re.compile(r"(?:(?:[0-9.]+:)?(?:[0-9-]+:))?(?P<port>[0-9]{1,5})(?:/(?P<protocol>tcp|udp))?")
_VARIABLE = re.compile(r"\$\{?(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::?-(?P<default>[^}]*))?\}?")
_SECRET = re.compile(r"(PASSWORD|SECRET|TOKEN|_KEY)$")
_SIZE = 1
"""GiB of storage for a volume, whose size no Compose file has."""


def draft_of_compose(fields: Unchecked) -> Optional[Draft]:
    """The draft of what a Compose file describes."""
    services = {str(name): mapped(item) for name, item in mapped(fields.get("services")).items()}
    if not services:
        return None
    project = fields.get("name")
    draft = Draft(str(project) if isinstance(project, str) and dns_label(project) is None else None)
    names = {name: name.replace("_", "-").lower() for name in services}
    texts: dict[str, list[tuple[str, str]]] = {}
    for name, service in services.items():
        draft.services[names[name]] = _arguments(draft, names[name], service)
        named = [*_names(service.get("depends_on")), *(link.partition(":")[0] for link in _names(service.get("links")))]
        env = mapped(draft.services[names[name]].get("env"))
        own = [(key, str(item)) for key, item in env.items()]
        texts[names[name]] = [*(("", names.get(other, other)) for other in named), *own]
    connect(draft, texts)
    for name in ("secrets", "configs"):
        if fields.get(name):
            draft.note(f"Not converted: `{name}`. Use `secretEnv` or `configFiles`, or mount a Secret by `volumes`.")
    return draft


def _names(value: Any) -> Sequence[str]:
    return [str(item) for item in (listed(value) or mapped(value))]


def _arguments(draft: Draft, name: str, service: Unchecked) -> dict[str, Any]:
    image = service.get("image")
    if image is None:
        image = f"registry.example.com/{name}:1.0.0"
        draft.note(f"Build and push the image of {name}, and write its name: Portico builds no images.")
    arguments: dict[str, Any] = {"image": _with_version(draft, name, _resolved(draft, str(image)))}
    arguments |= _ports(draft, name, service)
    arguments["replicas"] = 1
    arguments |= _environment(draft, name, service.get("environment"))
    arguments |= {key: item for key, item in service.items() if key in _CONVERTED}
    if "deploy" in arguments:
        deploy = mapped(arguments["deploy"])
        if "replicas" in deploy or "scale" in service:
            del arguments["replicas"]
        arguments["deploy"] = {key: item for key, item in deploy.items() if key in ("replicas", "resources")}
    others = [key for key in service if key not in _CONVERTED | _WITHOUT_MEANING and not key.startswith("x-")]
    if others:
        draft.note(f"Not converted, of {name}: {', '.join(f'`{key}`' for key in others)}.")
    _add_volumes(draft, name, service.get("volumes"), arguments)
    return {key: item for key, item in arguments.items() if item not in (None, {}, []) or key == "ports"}


def _with_version(draft: Draft, name: str, image: str) -> str:
    last = image.rpartition("/")[2]
    if ":" in last and not last.endswith(":latest"):
        return image
    draft.note(f"Write the version of {name}'s image that you use: `latest` can be another one tomorrow.")
    return f"{image.removesuffix(':latest')}:1.0.0"


def _resolved(draft: Draft, text: str) -> str:
    """A text with the defaults of Compose's own variables."""

    def value(match: "re.Match[str]") -> str:
        draft.note(f"Replace ${{{match['name']}}}, which Compose reads from its environment.")
        return match["default"] or match["name"].lower()

    return _VARIABLE.sub(value, text.replace("$$", "\0")).replace("\0", "$")


def _environment(draft: Draft, name: str, value: Any) -> Unchecked:
    items = {item: None for item in listed(value) if isinstance(item, str) and "=" not in item}
    texts = [item for item in listed(value) if item not in items]
    known = mapped((from_environment(texts, Beside({})) or {}).get(("env",))) if texts else mapped(value)
    if items:
        draft.note(f"Not converted, of {name}, because their values are elsewhere: {', '.join(items)}.")
    env = {key: _resolved(draft, _text(item)) for key, item in known.items()}
    secret = [key for key in env if _SECRET.search(key)]
    if secret:
        draft.note(f"Encrypt the secret values of {name} ({', '.join(secret)}): see `secretEnv`.")
    plain = {key: item for key, item in env.items() if key not in secret}
    return {"env": plain, "secretEnv": {key: env[key] for key in secret}}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _ports(draft: Draft, name: str, service: Unchecked) -> Unchecked:
    found: dict[tuple[int, str], None] = {}
    for item in (*listed(service.get("ports")), *listed(service.get("expose"))):
        port = mapped(item)
        match = _PORT.fullmatch(
            f"{port['target']}/{port.get('protocol', 'tcp')}" if port else _resolved(draft, str(item))
        )
        if match is None:
            draft.note(f"Not converted, of {name}: the port {item}.")
        else:
            found[int(match["port"]), (match["protocol"] or "tcp").upper()] = None
    image = str(service.get("image", "")).rpartition("/")[2].partition(":")[0].partition("@")[0]
    if not found and image in _KNOWN_PORTS:
        found[_KNOWN_PORTS[image], "TCP"] = None
        draft.note(f"Check the port of {name}: the Compose file has none.")
    if not found:
        draft.note(f"Set the port of {name} if others connect to it: the Compose file has none.")
        return {"ports": {}}
    ports = list(found)
    if len(ports) == 1 and ports[0][1] == "TCP":
        # Other services use the port of the container.
        return {"port": ports[0][0], **({} if ports[0][0] == _HTTP else {"servicePort": ports[0][0]})}
    named: Mapping[str, Any] = {
        "http" if index == 0 and protocol == "TCP" else f"port-{number}": {
            "port": number, **({} if protocol == "TCP" else {"protocol": protocol})
        }
        for index, (number, protocol) in enumerate(ports)
    }  # fmt: skip
    return {"ports": named}


_HTTP = 80


def _add_volumes(draft: Draft, name: str, value: Any, arguments: dict[str, Any]) -> None:
    for item in listed(value):
        volume = mapped(item)
        source, path = (
            (volume.get("source"), volume.get("target")) if volume else _parts(str(item))
        )  # fmt: skip
        if not isinstance(path, str):
            continue
        if source is None or volume.get("type") == "tmpfs":
            arguments.setdefault("writablePaths", []).append(path)
        elif volume.get("type") == "bind" or re.match(r"[./~$]", str(source)):
            draft.note(
                f"Not converted, of {name}: {source}, a file or folder of your machine. Copy it into the image, or set "
                "`configFiles`."
            )
        else:
            storage = arguments.setdefault("storage", {})
            storage[str(source).replace("_", "-").lower()] = {"path": path, "sizeGib": _SIZE}
            arguments["kind"] = "StatefulSet"
            draft.note(f"Set the size of the storage of {name}; {_SIZE} GiB is a guess.")


def _parts(text: str) -> tuple[Optional[str], str]:
    source, sign, rest = text.partition(":")
    return (source, rest.partition(":")[0]) if sign else (None, source)
