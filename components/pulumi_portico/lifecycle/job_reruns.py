"""Whether a Job runs again that failed and that its TTL, or somebody, has deleted since.

The Kubernetes provider replaces a Job that exists and isn't complete. One that doesn't exist can't be compared, so the
provider tries to update it, and fails. So the program itself looks: if the state has a Job that isn't complete, and the
cluster doesn't have it, an annotation with its name replaces it. The annotation stays: its removal would replace the
Job too.
"""

import json
from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..untyped import Manifest, listed, mapped
from .deployed import Deployed, read_deployed
from .kubectl import Kubectl, kubectl_of

__all__ = ["RUNS_AFTER", "RUNS_AFTER_PATH", "annotations_of_rerun", "rerun_of"]

RUNS_AFTER = "portico.dev/runs-after"
"""The annotation with the name of the Job that failed and doesn't exist anymore."""

RUNS_AFTER_PATH = f'metadata.annotations["{RUNS_AFTER}"]'
"""Where it is, for Pulumi."""

_JOB = "kubernetes:batch/v1:Job"


async def annotations_of_rerun(
    selector: Mapping[str, str], annotations: Manifest, parent: Optional[pulumi.Resource]
) -> dict[str, Any]:
    """The annotations of a Job whose pods have the labels of `selector`, with the one that runs it again, if any."""
    # Only the children of a component with the same labels are the same Job.
    for deployed in (await read_deployed()).values():
        if deployed.type == _JOB and selector.items() <= mapped(deployed.metadata.get("labels")).items():
            runs_after = await rerun_of(deployed, await kubectl_of(parent))
            return {**annotations, **({RUNS_AFTER: runs_after} if runs_after else {})}
    return dict(annotations)


async def rerun_of(deployed: Deployed, kubectl: Kubectl) -> str:
    """The name of the Job in whose place another one runs: the deployed one, if it isn't complete and doesn't exist, or
    the one before it. Empty if there is none."""
    before = str(mapped(deployed.metadata.get("annotations")).get(RUNS_AFTER) or "")
    conditions = listed(mapped(deployed.outputs.get("status")).get("conditions"))
    if any(mapped(item).get("type") == "Complete" and mapped(item).get("status") == "True" for item in conditions):
        return before
    name = deployed.object_name
    where = ("--namespace", deployed.namespace or "default", "--field-selector", f"metadata.name={name}")
    text = await kubectl.run("get", "jobs", *where, "--output", "json")
    is_gone = bool(text) and not listed(mapped(json.loads(text)).get("items"))
    return name if is_gone else before
