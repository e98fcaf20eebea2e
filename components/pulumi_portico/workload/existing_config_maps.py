"""The ConfigMaps that pods read and that their component doesn't create, and new pods for their changes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pulumi

from ..args.codes import define
from ..args.problems import Problems, Remove
from ..lifecycle.config_maps import CHECKSUM, checksum_output
from ..lifecycle.hooks import mocked
from ..lifecycle.objects import ObjectSpec
from .containers import CommonContainerSpec
from .pod_args import PodSpec

__all__ = ["check_roll_on_change", "with_checksum"]

NOTHING_TO_ROLL_FOR = define(
    "nothing-to-roll-for",
    "No variable and no volume of these pods is from an existing ConfigMap.",
    allowed="pods that read one",
)


def check_roll_on_change(spec: PodSpec, problems: Problems) -> None:
    """Report that there is nothing whose change could lead to new pods."""
    if spec.roll_on_change and not list(_config_maps(spec)):
        where = spec.at / "roll_on_change"
        problems.report(NOTHING_TO_ROLL_FOR, where, fix=Remove(where))


def _config_maps(spec: PodSpec) -> Iterator[pulumi.Input[str]]:
    """The names of the ConfigMaps."""
    containers: Sequence[CommonContainerSpec] = (spec, *spec.sidecars, *spec.init_containers)
    for container in containers:
        for source in container.env_value_from.values():
            if source.config_map_key_ref is not None:
                yield source.config_map_key_ref.name
        for source in container.env_from:
            if source.config_map_ref is not None:
                yield source.config_map_ref.name
    for volume in spec.volumes.values():
        if volume.config_map is not None:
            yield volume.config_map
        yield from (part.config_map for part in volume.projected or () if part.config_map is not None)


def with_checksum(
    spec: PodSpec, objects: Sequence[ObjectSpec], workload: str, parent: pulumi.Resource
) -> list[ObjectSpec]:
    """The objects, with a checksum of the ConfigMaps that the pods read in the template of the workload, whose key is
    `workload`, if their changes lead to new pods. Mocks have no cluster to read."""
    if not spec.roll_on_change or mocked():
        return list(objects)
    namespace = "default" if spec.namespace is None else spec.namespace
    checksum = checksum_output(list(_config_maps(spec)), namespace, parent)
    return [_annotated(one, checksum) if one.key == workload else one for one in objects]


def _annotated(workload: ObjectSpec, checksum: pulumi.Output[str]) -> ObjectSpec:
    manifest: dict[str, Any] = dict(workload.manifest)
    template = manifest["spec"]["template"]
    annotations = {**template["metadata"].get("annotations", {}), CHECKSUM: checksum}
    template = {**template, "metadata": {**template["metadata"], "annotations": annotations}}
    return replace(workload, manifest={**manifest, "spec": {**manifest["spec"], "template": template}})
