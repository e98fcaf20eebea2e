"""A stack's configuration, checked as a whole: its plan, or every problem at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Optional

from ..args.codes import define
from ..args.location import ROOT, KeyStyle, Location
from ..args.problems import ArgumentError, Problem, Problems
from ..args.similar_names import nearest
from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..aws_load_balancer.plan import AwsLoadBalancerPlan, plan_aws_load_balancer
from ..ingress_gateway.args import IngressGatewaySpec, IngressRoutesSpec
from ..ingress_gateway.forwarded_for import note_forwarded_for
from ..ingress_gateway.gateway_plan import AddedRoutes, GatewayPlan
from ..job.args import JobSpec
from ..job.plan import JobPlan, plan_job
from ..job.plan import plan_pods as plan_job_pods
from ..job.validation import notes_of as notes_of_job
from ..networking.target import TargetSpec
from ..outputs import ensure_event_loop
from ..pod_security import PodSecurityLevel
from ..public_load_balancer.args import PublicLoadBalancerSpec
from ..public_load_balancer.exposure import ExposureSpec
from ..untyped import Unchecked
from ..web_service.args import WebServiceSpec
from ..web_service.plan import WebServicePlan, plan_web_service
from ..web_service.validation import notes_of
from ..web_service.workload import plan_pods
from .admission import notes_on_admission
from .checker import check_parts
from .defaults import with_defaults
from .dns_names import notes_on_dns_names
from .doors import notes_on_doors
from .files import TextReader, read_stack_file, read_text, shown_path, stack_file, with_bases
from .jobs import notes_on_jobs
from .own_checks import notes_on_own_parts
from .own_parts import OwnParts
from .parts import PodsByName, added_routes, gateway_plans
from .problems import in_files
from .program import with_files
from .project import is_file
from .references import GATEWAY, Reference
from .source_map import Node, with_positions
from .targets import Destination, Destinations

__all__ = ["StackPlan", "check_stack", "check_tree", "load_stack", "read_tree"]

STACK_NOT_FOUND = define(
    "stack-not-found", "The stack file {file} doesn't exist.", allowed="{known}", hint="Use the stack {close}."
)


@dataclass(frozen=True)
class StackPlan:
    """A stack's checked configuration."""

    stack: str
    """The stack's name."""
    namespace: str
    """The namespace that the stack creates. It's the default namespace of the stack's services."""
    pod_security: PodSecurityLevel
    """The level of Pod Security that the namespace enforces."""
    services: Mapping[str, WebServiceSpec]
    """The arguments of each WebService, by name, with the stack's defaults."""
    jobs: Mapping[str, JobSpec]
    """The arguments of each Job, by name, with the stack's defaults."""
    gateways: Mapping[str, IngressGatewaySpec]
    """The arguments of each IngressGateway, by name."""
    routes: Mapping[str, IngressRoutesSpec]
    """The routes that the stack adds to gateways of other stacks, by name."""
    load_balancers: Mapping[str, PublicLoadBalancerSpec]
    """The arguments of each PublicLoadBalancer, by name."""
    aws_load_balancers: Mapping[str, AwsLoadBalancerSpec]
    """The arguments of each AwsLoadBalancer, by name."""
    references: Mapping[Location, Reference] = field(default_factory=dict[Location, Reference])
    """What the targets lead to that name a service or a gateway of the stack, by the location of the target."""

    destinations: Destinations = field(default_factory=dict[Location, Destination])
    """What all targets lead to, by the location of the target."""
    own: OwnParts = field(default_factory=OwnParts)
    """What the stack has beside its components."""

    def destination(self, target: TargetSpec) -> Optional[Destination]:
        """The component whose pods a target leads to; None for pods that the stack doesn't create."""
        return self.destinations.get(target.at)

    def reference(self, target: TargetSpec) -> Optional[Reference]:
        """The service or the gateway that a target names; None for a target that is written by hand."""
        return self.references.get(target.at)

    @property
    def notes(self) -> Sequence[Problem]:
        """What the user must add for the stack to work, and Portico can't."""
        of_services = [note for spec in self.services.values() for note in notes_of(spec, KeyStyle.STACK)]
        of_jobs = [note for spec in self.jobs.values() for note in notes_of_job(spec, KeyStyle.STACK)]
        pods = [plan_pods(plan, {}) for plan in self.service_plans.values() if plan.spec.namespace == self.namespace]
        pods += [plan_job_pods(job, {}) for job in self.job_plans.values() if job.spec.namespace == self.namespace]
        return [
            *of_services,
            *of_jobs,
            *notes_on_jobs(self.jobs),
            *notes_on_own_parts(self.own, self.services),
            *notes_on_admission(pods, self.pod_security),
            *notes_on_dns_names(self.gateway_plans, self._fronts(), self.services),
            *notes_on_doors(self.gateways, self.load_balancers, self.aws_load_balancers, self.references),
        ]

    def _fronts(self) -> Iterator[tuple[ExposureSpec, str]]:
        """The load balancers that lead to a gateway, each with the gateway's name."""
        for balancer in self.load_balancers.values():
            reference = self.reference(balancer.target)
            if reference is not None and reference.kind == GATEWAY:
                yield balancer.exposure, reference.name

    @property
    def differences(self) -> Sequence[Problem]:
        """What differs between controllers and the stack doesn't accept explicitly."""
        notes = Problems("IngressGateway", style=KeyStyle.STACK)
        for spec in self.gateways.values():
            notes.run(note_forwarded_for, spec)
        return notes.found

    @cached_property
    def service_plans(self) -> Mapping[str, WebServicePlan]:
        """What follows from the arguments of each service, by name."""
        return {name: plan_web_service(name, spec) for name, spec in self.services.items()}

    @cached_property
    def job_plans(self) -> Mapping[str, JobPlan]:
        """What follows from the arguments of each job, by name."""
        return {name: plan_job(name, spec) for name, spec in self.jobs.items()}

    @cached_property
    def gateway_plans(self) -> Mapping[str, GatewayPlan]:
        """What follows from each gateway's arguments, by name. It's resolved once."""
        return dict(gateway_plans(self.gateways))

    @cached_property
    def added_routes(self) -> Mapping[str, AddedRoutes]:
        """The routes that the stack adds to gateways of other stacks, resolved, by name."""
        return dict(added_routes(self.routes))

    @cached_property
    def aws_plans(self) -> Mapping[str, AwsLoadBalancerPlan]:
        """What follows from the arguments of each load balancer on AWS, by name."""
        return {name: plan_aws_load_balancer(name, spec) for name, spec in self.aws_load_balancers.items()}


def load_stack(stack: str, folder: Path, reader: TextReader = read_text) -> StackPlan:
    """The checked plan of a stack, from its file in the folder and the base files that it extends, without the engine.

    Secrets stay encrypted: a placeholder names the location of each, such as
    `[secret portico:services.api.env.PASSWORD]`. Raises `ArgumentError` with every problem of the whole stack, each
    with file, line, and column.
    """
    problems = Problems(f'Stack "{stack}"', style=KeyStyle.STACK)
    tree = read_tree(stack, folder, problems, reader)
    return check_tree(stack, tree, problems, folder)


def read_tree(stack: str, folder: Path, problems: Problems, reader: TextReader = read_text) -> Node:
    """The values of a stack's files. Raises `ArgumentError` if the stack file can't be read."""
    file = stack_file(stack, folder)
    if not is_file(file):
        problems.found.append(_not_found(stack, file))
        problems.raise_if_any()
    own = read_stack_file(file, problems, reader)
    if own is None:
        raise ArgumentError(problems.subject, problems.found)
    return with_bases(own, folder, problems, reader)


def _not_found(stack: str, file: Path) -> Problem:
    known = sorted(found.name.removeprefix("Pulumi.").rpartition(".")[0] for found in file.parent.glob("Pulumi.*.y*ml"))
    close = nearest(stack, known)
    params = {"file": shown_path(file), "known": known}
    return Problem(STACK_NOT_FOUND, ROOT, params if close is None else {**params, "close": close})


def check_stack(stack: str, config: Unchecked) -> StackPlan:
    """The checked plan of the values below `portico:`, by key without the prefix.

    Raises `ArgumentError` with every problem of the whole stack.
    """
    problems = Problems(f'Stack "{stack}"', style=KeyStyle.STACK)
    return check_tree(stack, with_positions(config, None, is_secret=False), problems)


def check_tree(
    stack: str, tree: Node, problems: Problems, folder: Optional[Path] = None, manifests: Optional[Path] = None
) -> StackPlan:
    """The checked plan of values with positions. `problems` has the problems of their files.

    `folder` is that of the stack file. Relative paths in it are relative to the program's folder, which isn't always
    the working directory. Those of manifests are relative to the stack file: to `folder`, or to `manifests` if the
    working directory is the program's folder anyway.
    """
    # Secrets become Outputs, which need an event loop.
    ensure_event_loop()
    tree = with_defaults(tree)
    of_stack = Problems(problems.subject, style=KeyStyle.STACK)
    beside = folder or manifests or Path()
    checked = check_parts(tree if folder is None else with_files(tree, folder), of_stack, beside)
    found = list(in_files(tree, problems.found, of_stack.found))
    if found:
        raise ArgumentError(problems.subject, found)
    parts = checked.parts
    named = PodsByName({**parts.services, **parts.jobs})
    return StackPlan(
        stack,
        parts.namespace,
        parts.pod_security,
        {name: part.with_stack_values(named) for name, part in parts.services.items()},
        {name: part.with_stack_values(named) for name, part in parts.jobs.items()},
        {name: part.spec for name, part in parts.gateways.items()},
        {name: part.spec for name, part in parts.routes.items()},
        {name: part.spec for name, part in parts.load_balancers.items()},
        {name: part.spec for name, part in parts.aws_load_balancers.items()},
        checked.references,
        checked.destinations,
        parts.own,
    )
