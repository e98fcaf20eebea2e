"""Registers a stack's plan, and exports the stack's outputs."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union, cast

import pulumi
from pulumi.runtime import is_config_secret

from ..args.location import ROOT, KeyStyle
from ..args.names import object_name
from ..args.problems import Problems
from ..args.secrets import Secret
from ..aws_load_balancer import AwsLoadBalancer
from ..ingress_gateway import IngressGateway, IngressRoutes
from ..ingress_gateway.args import IngressGatewaySpec, IngressRoutesSpec
from ..ingress_gateway.gateway_plan import namespace_of
from ..job import Job
from ..job.args import JobSpec
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import register_objects
from ..networking.target import TargetSpec, spec_of_target
from ..ordering import after
from ..public_load_balancer import PublicLoadBalancer
from ..public_load_balancer.args import PublicLoadBalancerSpec
from ..register import name_of
from ..untyped import Unchecked
from ..web_service import WebService
from ..web_service.args import WebServiceSpec
from .args import KEYS
from .exports import export_outputs
from .files import project_folder, read_stack_file, stack_file, with_bases
from .jobs import predecessors_of
from .own_parts import own_objects, with_manifests
from .parts import GATEWAYS, JOBS, LOAD_BALANCERS, ROUTES, SERVICES, Kind, gateways_in_order
from .plan import StackPlan, check_tree
from .project import is_file
from .references import GATEWAY, Reference, with_targets
from .renames import alias_of_former_key
from .source_map import Node, is_within, with_positions

__all__ = ["BuiltStack", "build", "build_stack"]

_TEXTS = ("extends", "namespace", "podSecurity")
"""The keys whose values are text, not JSON; the namespace can also be a mapping."""


@dataclass(frozen=True)
class BuiltStack:
    """The components of a stack."""

    services: Mapping[str, WebService]
    """The WebServices, by name."""
    jobs: Mapping[str, Job]
    """The Jobs, by name."""
    gateways: Mapping[str, IngressGateway]
    """The IngressGateways, by name."""
    routes: Mapping[str, IngressRoutes]
    """The IngressRoutes, by name."""
    load_balancers: Mapping[str, PublicLoadBalancer]
    """The PublicLoadBalancers, by name."""
    aws_load_balancers: Mapping[str, AwsLoadBalancer]
    """The AwsLoadBalancers, by name."""


def build_stack() -> BuiltStack:
    """Build what the current stack's configuration selects, and export its outputs: the root program."""
    return build(plan_of_engine())


def plan_of_engine() -> StackPlan:
    """The checked plan of the stack that the engine runs.

    The engine's configuration counts, from whichever file and environment. The project's stack file has the positions,
    and which of the values are secret. Raises `ArgumentError` as `load_stack` does.
    """
    stack = pulumi.get_stack()
    problems = Problems(f'Stack "{stack}"', style=KeyStyle.STACK)
    folder = project_folder(_root())
    values, secret_keys = _configuration()
    own = _engine_file(stack_file(stack, folder), values, problems)
    sources = own.fields if own else dict[str, Node]()
    nodes = {key: _node(value, sources.get(key), is_secret=key in secret_keys) for key, value in values.items()}
    tree = Node(nodes, own.place if own else None)
    return check_tree(stack, with_bases(tree, folder, problems), problems, manifests=folder)


def _node(value: Any, source: Optional[Node], *, is_secret: bool) -> Node:
    """The engine's value of a key; the file's own if that's a scalar, which the engine passes on as text."""
    is_scalar = source is not None and source.is_scalar and not isinstance(source.value, Secret)
    return source if source is not None and is_scalar else with_positions(value, source, is_secret=is_secret)


def _root() -> Path:
    # The mocks make one up; a program runs in its project's folder anyway, unless that has another `main`.
    root = Path(str(pulumi.get_root_directory()))
    return root if root.is_dir() else Path()


def _configuration() -> tuple[dict[str, Any], frozenset[str]]:
    """The engine's value of each key, and the keys that it treats as secret."""
    config = pulumi.Config("portico")
    values: dict[str, Any] = {}
    for key in KEYS:
        text = config.get(key)
        # Pulumi.yaml declares every key, with an empty default for none.
        if text:
            values[key] = text if key in _TEXTS and not text.startswith("{") else _parsed(text)
    secret_keys = frozenset(key for key in values if is_config_secret(f"portico:{key}"))
    return values, secret_keys


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _engine_file(file: Path, values: Unchecked, problems: Problems) -> Optional[Node]:
    """The values of the stack file if it's the one that the engine has read: `--config-file` isn't visible here."""
    if not is_file(file):
        return None
    found = Problems(problems.subject, style=KeyStyle.STACK)
    own = read_stack_file(file, found, with_misspelled=False)
    if own is not None and not all(_has(node, values.get(key)) for key, node in own.fields.items()):
        return None
    problems.found += found.found
    return own


def _has(node: Node, value: Any) -> bool:
    """Whether the engine's value is the file's value of a key."""
    if is_within(node, value):
        return True
    if not node.is_scalar:
        return False
    return value in (None, "") if node.value in (None, "") else _text(node.value) == _text(value)


def _text(value: Any) -> str:
    """A value of a key as the engine passes it on."""
    return value if isinstance(value, str) else json.dumps(value)


def build(plan: StackPlan) -> BuiltStack:
    """Register the plan: the namespace, then jobs, services, gateways, and load balancers; and export its outputs."""
    return _Builder(plan).build()


class _Builder:
    def __init__(self, plan: StackPlan) -> None:
        self._plan = plan
        objects = own_objects(plan.own, plan.pod_security)
        all_objects = with_manifests(plan.own, objects)
        claim_objects(f'Stack "{plan.stack}"', all_objects, ROOT, None)
        made = register_objects(plan.namespace, all_objects, None)
        # The namespaces of the stack, each with an Output that is known when it exists.
        self._namespaces: dict[str, pulumi.Output[str]] = {}
        if "" in made:
            self._namespaces[plan.namespace] = name_of(made[""])
        # Pods come after their configuration, and are deleted before it. The last object comes after all others.
        self._configuration = [made[objects[-1].key]] if objects and objects[-1].key else []
        self._before_jobs, self._before_services = predecessors_of(plan.jobs)
        self._jobs: dict[str, Job] = {}
        self._services: dict[str, WebService] = {}
        self._gateways: dict[str, IngressGateway] = {}

    def build(self) -> BuiltStack:
        plan = self._plan
        # Those that others wait for come first.
        for name in sorted(plan.jobs):
            self._job(name)
        for name in plan.services:
            self._service(name)
        for name, spec in gateways_in_order(plan.gateways):
            options = self._options(GATEWAYS, name, spec, namespace_of(name, spec))
            gateway = IngressGateway(name, self._resolved(spec), options)
            self._gateways[name] = gateway
            self._namespaces.setdefault(object_name(name, spec), gateway.namespace)
        added = {
            name: IngressRoutes(name, self._resolved(spec), self._options(ROUTES, name, spec, None))
            for name, spec in plan.routes.items()
        }
        balancers = {
            name: PublicLoadBalancer(
                name, self._resolved(spec), self._options(LOAD_BALANCERS, name, spec, spec.target.namespace)
            )
            for name, spec in plan.load_balancers.items()
        }
        aws_balancers = {
            name: AwsLoadBalancer(name, self._resolved(spec)) for name, spec in plan.aws_load_balancers.items()
        }
        built = BuiltStack(self._services, self._jobs, self._gateways, added, balancers, aws_balancers)
        export_outputs(
            plan, built.services, built.gateways, built.routes, built.load_balancers, built.aws_load_balancers
        )
        return built

    def _job(self, name: str) -> Job:
        if name not in self._jobs:
            spec = self._plan.jobs[name]
            options = self._options(JOBS, name, spec, spec.namespace, self._before_jobs[name])
            services = [self._service(service).workload_name for service in dict.fromkeys(spec.after)]
            options.depends_on = [*cast("Any", options.depends_on), *(each for one in services for each in after(one))]
            self._jobs[name] = Job(name, cast("Any", spec), options)
        return self._jobs[name]

    def _service(self, name: str) -> WebService:
        if name not in self._services:
            spec, job = self._plan.services[name], self._before_services.get(name)
            options = self._options(SERVICES, name, spec, spec.namespace, [] if job is None else [job])
            self._services[name] = WebService(name, cast("Any", spec), options)
        return self._services[name]

    def _options(
        self,
        kind: Kind,
        key: str,
        spec: Union[WebServiceSpec, JobSpec, IngressGatewaySpec, IngressRoutesSpec, PublicLoadBalancerSpec],
        namespace: Any,
        jobs: Sequence[str] = (),
    ) -> pulumi.ResourceOptions:
        """Options that put a component after its namespace, if the stack creates it, and after jobs; and that keep its
        objects if only its key changes."""
        # What leads to targets comes after them already.
        is_apart = isinstance(spec, (IngressRoutesSpec, PublicLoadBalancerSpec))
        options = pulumi.ResourceOptions() if is_apart else self._after_namespace(spec, jobs)
        if spec.name is not None:
            keys = getattr(self._plan, kind.field)
            options.aliases = [alias_of_former_key(kind.type, key, spec.name, namespace, keys)]
        return options

    def _after_namespace(
        self, spec: Union[WebServiceSpec, JobSpec, IngressGatewaySpec], jobs: Sequence[str] = ()
    ) -> pulumi.ResourceOptions:
        """Options that put a component after its namespace, if the stack creates it, after its configuration, and after
        jobs."""
        created = self._created(spec.namespace)
        # The name of a Job is known when the Job is complete.
        outputs = [*([] if created is None else [created]), *(self._job(name).job_name for name in jobs)]
        before = [first for output in outputs for first in after(output)]
        if spec.namespace == self._plan.namespace:
            before += self._configuration
        return pulumi.ResourceOptions(depends_on=before)

    def _created(self, namespace: Any) -> Optional[pulumi.Output[str]]:
        return self._namespaces.get(namespace) if isinstance(namespace, str) else None

    def _resolved(self, spec: Any) -> Any:
        """The arguments, with targets that wait for what they lead to."""
        return with_targets(spec, self._target)

    def _target(self, target: TargetSpec) -> Any:
        reference = self._plan.reference(target)
        if reference is None:
            # The stack doesn't create the Service, but can create its namespace.
            created = self._created(target.namespace)
            return target if created is None else dataclasses.replace(target, ready=created)
        return self._output_of(reference)

    def _output_of(self, reference: Reference) -> TargetSpec:
        port = reference.port.name
        if reference.kind == GATEWAY:
            return spec_of_target(self._gateways[reference.name].targets[port])
        service = self._services[reference.name]
        if reference.additional:
            return spec_of_target(service.additional_targets[reference.additional][port])
        return spec_of_target(service.targets[port])
