"""What a `WebService` takes, and the rules of its fields."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..checks import Field, Rules, check
from ..errors import Problems, Refusal
from ..names import dns_label, image_reference, label_key, label_value, whole_number, workload_name
from ..shapes import as_written
from .health import RULES as HEALTH_RULES
from .health import Health, check_health

__all__ = ["RULES", "WebServiceArgs", "check_web_service", "selector_of"]


class WebServiceArgs(TypedDict):
    """What a `WebService` takes: an image and a port; everything else has a default."""

    image: pulumi.Input[str]
    """The container image, with a tag other than `latest`, a digest, or both. Maps to the container's `image`."""

    port: int
    """The port (TCP, 1 to 65535) that the container listens on. Plain. Maps to `containerPort` and `targetPort`."""

    service_port: NotRequired[int]
    """The port (1 to 65535) that other pods use to reach the service. Plain. Default: 80. Maps to the Service's
    `port`."""

    replicas: NotRequired[pulumi.Input[int]]
    """How many pods run (0 or more). Default: 2, so that one node's loss leaves one. Maps to the Deployment's
    `replicas`."""

    namespace: NotRequired[pulumi.Input[str]]
    """The namespace, which must exist. Default: the Kubernetes provider's own, which is `default` unless set
    there. Maps to `metadata.namespace`."""

    health: NotRequired[Health]
    """How Kubernetes asks a pod whether it works. Default: whether its port takes connections. Maps to the startup,
    readiness and liveness probes."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a pod goes on serving after it was told to stop, while whoever sends it requests is
    still hearing of it. Plain, as balancers in front derive their own delays from it. Default: 15. Behind a cloud's
    load balancer, as long as that takes to let go of a target. Maps to a `preStop` sleep."""

    shutdown: NotRequired[int]
    """Seconds (1 to 3600) that the application has, after the drain and SIGTERM, to finish what it does. Plain.
    Default: 30. Maps, with `drain`, to `terminationGracePeriodSeconds`."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels put on every object and on the pods, beside those that select the pods. Keys are plain.
    Default: none."""

    selector: NotRequired[Mapping[str, str]]
    """The labels that the Service and the Deployment find the pods by, put on the pods too. Plain, and frozen by
    Kubernetes: a later change replaces the Deployment. Default: `app.kubernetes.io/name` with the component's name.
    Set it to take over a workload that has other labels."""


_PORT = Field(whole_number(1, 65535, "a port number"))
_HOUR = 3600
_LABELS = Field(keys=label_key, items=label_value)

RULES: Rules = {
    **HEALTH_RULES,
    WebServiceArgs: {
        "image": Field(image_reference),
        "port": _PORT,
        "service_port": _PORT,
        "replicas": Field(whole_number(0, what="a number of pods")),
        "namespace": Field(dns_label),
        "drain": Field(whole_number(0, _HOUR, "a number of seconds")),
        "shutdown": Field(whole_number(1, _HOUR, "a number of seconds")),
        "labels": _LABELS,
        "selector": _LABELS,
    },
}
"""What the fields must satisfy beyond their types."""


def check_web_service(
    name: str,
    args: Any,
    problems: Problems,
    path: str = "",
    spelling: Callable[[str], str] = as_written,
) -> WebServiceArgs:
    """The checked arguments of the WebService called ``name``; what is wrong is noted in ``problems``.

    ``path`` and ``spelling`` are where the arguments stand and how their keys are written.
    """
    if refusal := workload_name("Deployment")(name):
        problems.add(path or "name", name, refusal)
    checked: Any = check(WebServiceArgs, args, RULES, problems, path, spelling)
    prefix = f"{path}." if path else ""
    _check_selector(name, checked, problems, prefix)
    if isinstance(checked.get("health"), dict):
        check_health(checked["health"], problems, f"{prefix}health", spelling)
    return checked


def selector_of(name: str, args: WebServiceArgs) -> Mapping[str, str]:
    """The labels that find the pods: few, as Kubernetes freezes them."""
    return args.get("selector", {"app.kubernetes.io/name": name})


def _check_selector(name: str, args: WebServiceArgs, problems: Problems, prefix: str) -> None:
    selector: Any = selector_of(name, args)
    labels: Any = args.get("labels", {})
    if not isinstance(selector, Mapping) or not isinstance(labels, Mapping):
        return
    chosen, extra = cast("Mapping[str, Any]", selector), cast("Mapping[str, Any]", labels)
    if not chosen:
        refusal = Refusal("selects every pod of the namespace", "one label or more", "leave it out for the default")
        problems.add(f"{prefix}selector", chosen, refusal)
    # A label written twice with two values would leave the selector finding nothing.
    for key in [key for key in extra if key in chosen]:
        refusal = Refusal("stands in the selector too", "labels that the selector does not hold", "keep one of the two")
        problems.add(f"{prefix}labels.{key}", extra[key], refusal)
