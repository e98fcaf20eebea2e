"""The `Job` component: registers the objects of its plan."""

from typing import Any, Optional

import pulumi

from ..args.calls import checked_call
from ..args.exceptions import exception_texts
from ..args.problems import Problems
from ..lifecycle.deployed import CALLED
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import register_objects
from ..ordering import dependencies_of
from ..register import name_of, namespace_of
from ..workload.existing_config_maps import with_checksum
from ..workload.pod_guard import guarded_pods
from ..workload.pod_objects import SERVICE_ACCOUNT
from ..workload.pod_owner import pod_owner_of
from .args import JobArgs, JobSpec
from .objects import job_key, objects_of
from .plan import plan_job
from .validation import exceptions_of, notes_of, parse_job

__all__ = ["Job"]


class Job(pulumi.ComponentResource):
    """Pods that run to completion: once, before a new version of a service, or on a schedule.

    Creates a Job (with `schedule`, a CronJob), a ServiceAccount, and a NetworkPolicy. The pods
    are those of a WebService: they run under Pod Security "restricted", and nothing can connect
    to them. `pulumi up` waits until a Job is complete, and reports why it fails with the last
    lines of its log. The Job runs again if its image, its arguments, or anything else of its
    pods changes, and if it isn't complete. To run it before a service, pass it as `depends_on`
    in the resource options of the WebService.
    """

    job_name: pulumi.Output[str]
    """The name of the Job, which Pulumi generates, or of the CronJob. Known when the Job is complete."""

    namespace: pulumi.Output[str]
    """The namespace of the job."""

    service_account: pulumi.Output[str]
    """The name of the pods' ServiceAccount, for what grants it permissions: a role binding, or an EKS Pod Identity
    association."""

    exceptions: pulumi.Output[dict[str, str]]
    """The arguments that are less strict than the secure default, and what each allows. Empty if there are none."""

    @checked_call
    def __init__(self, name: str, args: JobArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name, with which a Job's name starts, and without the argument `name`, the name of every
            object: lowercase letters, digits, and hyphens, at most 54 characters (52 with a schedule, and fewer if
            it's indexed).
        :param args: What to run.
        :param opts: Pulumi's resource options; a provider in them applies to every child.
        :raises ArgumentError: with every problem of the name and the arguments, before anything is registered.
        """
        problems = Problems(f'Job "{name}"')
        spec = guarded_pods(name, args, JobSpec, parse_job, pod_owner_of, problems, opts)
        plan = plan_job(name, spec)
        objects = objects_of(plan)
        claim_objects(problems.subject, objects, spec.at, opts)
        super().__init__("portico:index:Job", name, {}, opts)
        for note in notes_of(spec):
            pulumi.log.warn(str(note), self)
        objects = with_checksum(spec, objects, job_key(plan), self)
        resources = register_objects(name, objects, self, dependencies_of(opts))
        job = resources[job_key(plan)]
        account = spec.identity.service_account if spec.identity else None
        self.job_name = name_of(job)
        self.namespace = namespace_of(job)
        self.service_account = name_of(resources[SERVICE_ACCOUNT]) if account is None else _output(account)
        self.exceptions = _output(exception_texts(exceptions_of(plan), spec.at))
        self.register_outputs(
            {
                "job_name": self.job_name,
                "namespace": self.namespace,
                "service_account": self.service_account,
                "exceptions": self.exceptions,
                **({} if spec.name is None else {CALLED: spec.name}),
            }
        )


def _output(value: Any) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)
