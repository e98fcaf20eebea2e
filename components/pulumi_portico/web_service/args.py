"""What a `WebService` takes, and the rules of its fields."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..checks import Field, Rules, check
from ..errors import Problems, Refusal
from ..names import dns_label, label_key, label_value, port_name, port_number, workload_name
from ..shapes import as_written
from ..values import field_path, file_path, image_reference, resource_field, variable_name, whole_number
from .environment import check_environment
from .health import RULES as HEALTH_RULES
from .health import Health, check_asked_port, check_health
from .ports import RULES as PORTS_RULES
from .ports import Port, check_ports, ports_of
from .resources import RULES as RESOURCES_RULES
from .resources import Resources
from .service import RULES as SERVICE_RULES
from .service import ServiceSettings

__all__ = ["RULES", "WebServiceArgs", "check_web_service", "selector_of"]


class WebServiceArgs(TypedDict):
    """What a `WebService` takes: an image and a port, or several; everything else has a default."""

    image: pulumi.Input[str]
    """The container image, with a tag other than `latest`, a digest, or both. Maps to the container's `image`."""

    port: NotRequired[int]
    """The port (TCP, 1 to 65535) that the container listens on, called `http`. This or `ports`. Plain. Maps to
    `containerPort` and `targetPort`."""

    service_port: NotRequired[int]
    """The port (1 to 65535) that other pods use to reach `port`. Plain. Default: 80. Maps to the Service's `port`."""

    ports: NotRequired[Mapping[str, Port]]
    """Several ports, by name (15 characters at most); none at all for a worker, which then has no Service. This or
    `port`. Plain."""

    service: NotRequired[ServiceSettings]
    """How the Service offers its pods. Default: one address, every ready pod in turn."""

    replicas: NotRequired[pulumi.Input[int]]
    """How many pods run (0 or more). Default: 2, so that one node's loss leaves one. Maps to the Deployment's
    `replicas`."""

    namespace: NotRequired[pulumi.Input[str]]
    """The namespace, which must exist. Default: the Kubernetes provider's own, which is `default` unless set
    there. Maps to `metadata.namespace`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """What the container runs, instead of the image's entry point. Its length is plain. Maps to `command`."""

    args: NotRequired[Sequence[pulumi.Input[str]]]
    """The arguments of what the container runs, instead of the image's. Its length is plain. Maps to `args`."""

    working_directory: NotRequired[pulumi.Input[str]]
    """Where it runs: an absolute path. Default: the image's. Maps to `workingDir`."""

    env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables, by name. Names are plain. Default: none. For what must not be read by others, see
    `secret_env`. Maps to `env`."""

    secret_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose values are secret, by name: they are encrypted in the state, and stand in a Secret
    of their own, not in the pod. A change makes a new Secret and rolls the pods. Names are plain. Default: none."""

    field_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables that hold a field of the pod, such as `metadata.name` or `status.podIP`, by name. Names
    are plain. Default: none. Maps to `fieldRef`."""

    resource_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables that hold what the container has, such as `limits.memory` (in bytes) or `requests.cpu`
    (in cores, rounded up), by name. Names are plain. Default: none. Maps to `resourceFieldRef`."""

    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Files in the container, read-only: the content of each by its absolute path. They stand in a ConfigMap (1 MiB in
    all); a change makes a new one and rolls the pods. Paths are plain. Default: none."""

    writable_paths: NotRequired[Sequence[str]]
    """Folders that the application may write into, by absolute path; nothing else in the container can be written.
    Each is empty at the start, holds 256 MiB and is gone with the pod. Plain. Default: none. Maps to `emptyDir`."""

    resources: NotRequired[Resources]
    """What the container is given and held to. Default: 0.1 cores, 256 MiB of memory, 1024 MiB of disk; memory and disk
    are limits too."""

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


_PORT = Field(port_number)
_HOUR = 3600
_LABELS = Field(keys=label_key, items=label_value)

RULES: Rules = {
    **HEALTH_RULES,
    **PORTS_RULES,
    **RESOURCES_RULES,
    **SERVICE_RULES,
    WebServiceArgs: {
        "image": Field(image_reference),
        "port": _PORT,
        "service_port": _PORT,
        "ports": Field(keys=port_name),
        "replicas": Field(whole_number(0, what="a number of pods")),
        "namespace": Field(dns_label),
        "working_directory": Field(file_path),
        "env": Field(keys=variable_name),
        "secret_env": Field(keys=variable_name, secret=True),
        "field_env": Field(keys=variable_name, items=field_path),
        "resource_env": Field(keys=variable_name, items=resource_field),
        "config_files": Field(keys=file_path),
        "writable_paths": Field(items=file_path),
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
    before = len(problems.found)
    if refusal := workload_name("Deployment")(name):
        problems.add(path or "name", name, refusal)
    checked: Any = check(WebServiceArgs, args, RULES, problems, path, spelling)
    prefix = f"{path}." if path else ""
    _check_selector(name, checked, problems, prefix)
    check_environment(checked, problems, prefix, spelling)
    check_ports(checked, problems, prefix, spelling)
    if "service" in checked and checked.get("ports") == {}:
        refusal = Refusal("is for a Service, and a worker without ports has none", "no service", "leave it out")
        problems.note(f"{prefix}service", refusal)
    sound = len(problems.found) == before
    if isinstance(checked.get("health"), dict):
        check_health(checked["health"], problems, f"{prefix}health", spelling)
        # The ports are looked into only where they are as they should be.
        if sound:
            check_asked_port(checked["health"], ports_of(checked), problems, f"{prefix}health")
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
