"""The names that Kubernetes has for what a `Job` has."""

from typing import Any, Optional

from ..args.elsewhere import (
    Table,
    automatic,
    form,
    holder,
    in_container,
    moved_to,
    several,
    table,
    unsupported,
)
from ..args.forms import has_names, is_list, is_mapping, is_text
from ..untyped import Unchecked, mapped
from ..workload.containers import FIELDS_IN_EXTRA
from ..workload.conversions import (
    command_line,
    container_of,
    from_environment,
    from_image,
    from_resources,
    from_volumes,
    pod_of,
    spec_of_pod,
    template_of,
    words_of,
)
from ..workload.pod_names import POD_NAMES

__all__ = ["NAMES"]


def _job_of(value: Any) -> Optional[Unchecked]:
    """The arguments in the spec of a Job or of a CronJob."""
    spec = mapped(value)
    if "jobTemplate" not in spec:
        return pod_of(spec)
    job = pod_of(mapped(spec["jobTemplate"]).get("spec"))
    return job and {**{key: item for key, item in spec.items() if key != "jobTemplate"}, **job}


def _manifest_of(value: Any) -> Optional[Unchecked]:
    """The arguments in the manifest of a Job or of a CronJob."""
    manifest = mapped(value)
    return _job_of(manifest.get("spec")) if manifest.get("kind") in ("Job", "CronJob") else None


def _template_of_job(value: Any) -> Optional[Unchecked]:
    return pod_of(mapped(value).get("spec"))


_JOB = {
    "containers": holder(container_of, "image", "sidecars"),
    "template": holder(pod_of, "image", "sidecars"),
    "jobTemplate": holder(_template_of_job, "image", "backoff_limit"),
    "spec": holder(_job_of, "image", "sidecars"),
    "metadata": several("labels", "namespace"),
    "apiVersion": automatic("batch/v1"),
    "kind": several("schedule"),
    "cron": moved_to("schedule"),
    "ttl": moved_to("ttl_seconds_after_finished"),
    "manualSelector": automatic(False),  # noqa: FBT003  # a value, not a switch
    "selector": automatic(...),
    "managedBy": unsupported(),
    "scheduling": unsupported(),
    "podReplacementPolicy": unsupported(),
    "replicas": several("parallelism", "completions"),
    "port": unsupported(),
    "ports": unsupported(),
    "health": unsupported(),
}
"""JobSpec and CronJobSpec."""

_PROBES = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")

_CONTAINER = {
    "environment": several("env", convert=from_environment),
    "entrypoint": moved_to("command", words_of),
    "imagePullPolicy": moved_to("image_policy.pull_policy"),
    "workingDir": moved_to("working_directory"),
    "volumeMounts": several("volumes"),
    **{name: in_container(name) for name in (*FIELDS_IN_EXTRA, *_PROBES)},
}

# These are other arguments of a Job than of a service.
_POD = {name: where for name, where in POD_NAMES.items() if name not in ("restartPolicy", "activeDeadlineSeconds")} | {
    "terminationGracePeriodSeconds": moved_to("shutdown")
}

_VARIABLES = ("env", "field_env", "resource_env", "secret_env")

NAMES: Table = table(
    _POD,
    _JOB,
    _CONTAINER,
    forms={
        "args": (form(is_text, command_line("args")),),
        "command": (form(is_text, command_line("args")),),
        "env": (form(is_list, from_environment, *_VARIABLES),),
        "extra": (
            form(has_names("apiVersion", "kind", "template"), template_of),
            form(has_names("containers", "volumes", "initContainers", *_POD), spec_of_pod),
        ),
        "image": (form(is_mapping, from_image, "image", "image_policy"),),
        "resources": (
            form(has_names("requests"), from_resources),
            form(lambda value: is_mapping(value) and is_mapping(value.get("limits")), from_resources),
        ),
        "volumes": (form(is_list, from_volumes, "volumes"),),
    },
    manifest=_manifest_of,
)
"""Other tools' names for the arguments of a `Job`."""
