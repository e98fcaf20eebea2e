"""Drafts of stacks from the values of Helm charts."""

from typing import Any, Optional

from ..args.forms import items_of
from ..untyped import Unchecked, mapped
from .doors import exposure_to_internet
from .draft import Draft
from .pods import Extra, security_of

__all__ = ["draft_of_values"]

_OF_CHARTS = {
    "affinity", "args", "autoscaling", "command", "containerSecurityContext", "env", "envFrom", "extraEnv",
    "extraEnvVars", "imagePullSecrets", "initContainers", "lifecycle", "livenessProbe", "nodeSelector",
    "podAnnotations", "podDisruptionBudget", "podLabels", "podSecurityContext", "priorityClassName", "readinessProbe",
    "resources", "securityContext", "serviceAccount", "sidecars", "startupProbe", "terminationGracePeriodSeconds",
    "tolerations", "topologySpreadConstraints", "updateStrategy", "volumeMounts", "volumes",
}  # fmt: skip
"""The values that most charts have, with the meaning of Kubernetes."""
_CONTEXTS = ("podSecurityContext", "securityContext", "containerSecurityContext")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_CHECKS = {"httpGet", "tcpSocket", "exec", "grpc"}
_READ = {"fullnameOverride", "image", "ingress", "nameOverride", "replicaCount", "containerPorts", "service"}


def draft_of_values(fields: Unchecked) -> Optional[Draft]:
    """The draft of what the values of a chart describe, as `helm create` writes them."""
    image = dict(mapped(fields.get("image")))
    repository = str(image.get("repository") or image.get("name") or "")
    if not repository:
        return None
    draft = Draft()
    name = str(fields.get("fullnameOverride") or fields.get("nameOverride") or repository.rpartition("/")[2])
    if not image.get("tag") and not image.get("digest"):
        image["tag"] = "1.0.0"
        draft.note("Write the version of the image: a chart without a tag uses its `appVersion`.")
    service = mapped(fields.get("service"))
    autoscaling = mapped(fields.get("autoscaling"))
    arguments: dict[str, Any] = {"image": image, **_port(draft, fields, service)}
    if not autoscaling.get("enabled"):
        arguments["replicas"] = fields.get("replicaCount", 1)
    arguments |= {key: item for key, item in fields.items() if key in _OF_CHARTS}
    if "serviceAccount" in arguments:
        # Charts have the token on, whether the application uses it or not.
        account = mapped(arguments["serviceAccount"])
        arguments["serviceAccount"] = {key: item for key, item in account.items() if key != "automount"}
        draft.note("Set `identity.token` if the application uses the Kubernetes API.")
    extra = Extra(name)
    contexts = {key: mapped(arguments.pop(key, None)) for key in _CONTEXTS}
    of_container = {**contexts["securityContext"], **contexts["containerSecurityContext"]}
    arguments["securityContext"] = security_of(extra, contexts["podSecurityContext"], of_container)
    arguments["extra"] = {"spec": extra.spec} if extra.spec else None
    for probe in _PROBES:
        if probe in arguments and not mapped(arguments[probe]).keys() & _CHECKS:
            del arguments[probe]
            draft.note("Set what `health` checks: only the chart's templates have it.")
    kept = {key: item for key, item in arguments.items() if item not in (None, {}, [], "")}
    draft.services[name] = {key: item for key, item in kept.items() if mapped(item).get("enabled") is not False}
    _add_doors(draft, name, service, mapped(fields.get("ingress")))
    others = [key for key, item in fields.items() if key not in _OF_CHARTS | _READ and item not in (None, {}, [], "")]
    if others:
        draft.note(f"Only the chart's templates say what these mean: {', '.join(f'`{key}`' for key in others)}.")
    return draft


def _port(draft: Draft, fields: Unchecked, service: Unchecked) -> Unchecked:
    """The port. The container's is in the template of most charts."""
    port, target = service.get("port"), service.get("targetPort", fields.get("containerPort"))
    of_containers = mapped(fields.get("containerPorts"))
    if of_containers:
        # The chart's first port is the application's.
        target = next(iter(of_containers.values()))
        port = next(iter(mapped(service.get("ports")).values()), port)
    if not isinstance(port, int):
        draft.note("Set the port that the container listens on.")
        return {"port": 8080}
    if not isinstance(target, int):
        draft.note("Check `port`, on which the container listens: only the chart's templates have it.")
        target = port
    return {"port": target, **({} if port == _HTTP else {"servicePort": port})}


_HTTP = 80


def _add_doors(draft: Draft, name: str, service: Unchecked, ingress: Unchecked) -> None:
    if service.get("type") == "LoadBalancer":
        draft.load_balancers[name] = {"target": {"service": name}, "exposure": exposure_to_internet()}
    if ingress.get("enabled") is not True:
        return
    routes: list[Unchecked] = []
    for host in items_of(ingress.get("hosts")):
        paths = items_of(host.get("paths")) or [{}]
        for path in paths:
            own = path.get("path") or "/"
            exact = {"pathType": "Exact"} if path.get("pathType") == "Exact" else {}
            shown = {} if own == "/" else {"path": own}
            routes.append({"host": host.get("host"), **shown, **exact, "target": {"service": name}})
    gateway: dict[str, Any] = {"exposure": exposure_to_internet(), "routes": routes}
    if ingress.get("tls"):
        gateway["tls"] = ingress["tls"]
    draft.gateways["edge"] = gateway
    draft.note("The gateway installs a controller of its own, with an address of its own: DNS must point to it.")
