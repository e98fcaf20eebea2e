"""The `WebService` component: registers the objects of its plan."""

from typing import Any, Optional, cast

import pulumi

from ..args.calls import checked_call
from ..args.exceptions import exception_texts
from ..args.problems import Problems
from ..lifecycle.object_names import claim_objects
from ..lifecycle.objects import register_objects
from ..lifecycle.storage import on_frozen_change, recorded_storage
from ..networking.ports import ServicePort
from ..networking.target import Protocol, Target, TargetIfAny
from ..ordering import dependencies_of
from ..register import name_of, namespace_of
from ..workload.existing_config_maps import with_checksum
from ..workload.kinds import WorkloadKind
from ..workload.pod_guard import guarded_pods
from ..workload.pod_objects import NETWORK_POLICY, SERVICE_ACCOUNT
from .additional_services import AdditionalServicePlan
from .args import WebServiceArgs, WebServiceSpec
from .objects import SERVICE, objects_of, workload_key
from .plan import WebServicePlan, plan_web_service, pod_owner_of
from .validation import exceptions_of, notes_of, parse_web_service
from .workload import frozen_fields

__all__ = ["WebService"]


class WebService(pulumi.ComponentResource):
    """An application from a container image, under one stable name inside the cluster.

    Creates a workload (a Deployment by default), a Service of type ClusterIP, a
    ServiceAccount, a PodDisruptionBudget, and a NetworkPolicy, all with the component's name.
    The pods run under Pod Security "restricted": not as root, read-only, without
    capabilities. They are spread over zones and nodes, replaced only when their successors
    are ready, and serve until no client sends them requests. Nothing can connect to them
    except what `allow_from` names and what exposes them: `target` connects the service to
    gateways and load balancers.
    """

    url: pulumi.Output[str]
    """The URL of the service inside the cluster: its DNS name, such as `http://api.shop.svc.cluster.local`, with the
    port if it isn't the scheme's own. Of several ports, the default one. Known when the Service
    has ready pods (a headless one, when it exists); empty for a worker."""

    urls: pulumi.Output[dict[str, str]]
    """The URL of every port, by the port's name."""

    workload_name: pulumi.Output[str]
    """The name of the workload: of a ReplicaSet, which Pulumi generates. Known when its pods are ready."""

    service_name: pulumi.Output[str]
    """The Service's name; empty for a worker."""

    namespace: pulumi.Output[str]
    """The namespace of the service."""

    service_account: pulumi.Output[str]
    """The name of the pods' ServiceAccount, for what grants it permissions: a role binding, or an EKS Pod Identity
    association."""

    target: TargetIfAny
    """What gateways and load balancers send requests to: the service, at the port of `url`. Not set for a worker."""

    targets: dict[str, Target]
    """The target of every port, by the port's name. Empty for a worker."""

    additional_targets: dict[str, dict[str, Target]]
    """The target of every port of each further Service, by the Service's name and the port's."""

    exceptions: pulumi.Output[dict[str, str]]
    """The arguments that are less strict than the secure default, and what each allows. Empty if there are none."""

    @checked_call
    def __init__(self, name: str, args: WebServiceArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name and, unless `name` is among the arguments, the name of every object: lowercase
            letters, digits, and hyphens, starting with a letter, at most 63 characters (52 for a StatefulSet).
        :param args: What to run.
        :param opts: Pulumi's resource options; a provider in them applies to every child.
        :raises ArgumentError: with every problem of the name and the arguments, before anything is registered.
        """
        problems = Problems(f'WebService "{name}"')
        spec = guarded_pods(name, args, WebServiceSpec, parse_web_service, pod_owner_of, problems, opts)
        # State records the children, which hold every argument. The component records only what its hook compares.
        self._plan = plan = plan_web_service(name, spec)
        objects = objects_of(plan)
        claim_objects(problems.subject, objects, spec.at, opts)
        recorded: dict[str, Any] = {}
        if plan.kind is WorkloadKind.STATEFUL_SET:
            recorded = recorded_storage(
                {key: claim.size_gib for key, claim in spec.storage.items()}, frozen_fields(plan)
            )
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=on_frozen_change(name)))
        super().__init__("portico:index:WebService", name, recorded, opts)
        for note in notes_of(spec):
            pulumi.log.warn(str(note), self)
        objects = with_checksum(plan.spec, objects, workload_key(plan), self)
        self._set_outputs(plan, register_objects(name, objects, self, dependencies_of(opts)))

    def _set_outputs(self, plan: WebServicePlan, resources: dict[str, Any]) -> None:
        known = resources.get(SERVICE) or resources[workload_key(plan)]
        account = plan.spec.identity.service_account if plan.spec.identity else None
        self.service_account = name_of(resources[SERVICE_ACCOUNT]) if account is None else _output(account)
        self.workload_name = name_of(resources[workload_key(plan)])
        self.service_name = name_of(known) if plan.ports else _output("")
        self.namespace = namespace_of(known)
        self.exceptions = _output(exception_texts(exceptions_of(plan), plan.spec.at))
        host = pulumi.Output.concat(self.service_name, ".", self.namespace, ".svc.cluster.local")
        self.urls = host.apply(lambda known_host: {port.name: port.url(known_host) for port in plan.ports.values()})
        self.url = host.apply(plan.default_port.url) if plan.default_port else _output("")
        # Not from the Service: a change that replaces it must not replace what routes to it.
        stable = resources.get(SERVICE_ACCOUNT) or resources.get(NETWORK_POLICY) or resources[workload_key(plan)]
        namespace = namespace_of(stable) if plan.spec.namespace is None else plan.spec.namespace
        self.targets = {port.name: self._target(plan, port, namespace) for port in plan.ports.values()}
        self.target = cast("Target", self.targets[plan.default_port.name] if plan.default_port else None)
        self.additional_targets = {
            name: self._additional_targets(plan, service, name_of(resources[service.key]), namespace)
            for name, service in plan.additional_services.items()
        }
        # The targets repeat the other outputs and the arguments.
        self.register_outputs(
            {
                "url": self.url,
                "urls": self.urls,
                "workload_name": self.workload_name,
                "service_name": self.service_name,
                "namespace": self.namespace,
                "service_account": self.service_account,
                "exceptions": self.exceptions,
            }
        )

    def _target(self, plan: WebServicePlan, port: ServicePort, namespace: pulumi.Input[str]) -> Target:
        target: Target = {
            "service": plan.name,
            "namespace": namespace,
            "ready": self.service_name,
            "port": port.number,
            "target_port": port.target,
            "protocol": Protocol(port.protocol),
            "selector": plan.selector,
            "drain": plan.drain,
        }
        if not plan.spec.network_policy:
            target["network_policy"] = False
        return target

    def _additional_targets(
        self,
        plan: WebServicePlan,
        service: AdditionalServicePlan,
        ready: pulumi.Output[str],
        namespace: pulumi.Input[str],
    ) -> dict[str, Target]:
        own: Target = {"service": service.name, "namespace": namespace, "ready": ready, "selector": service.selector}
        return {name: {**self._target(plan, port, namespace), **own} for name, port in service.ports.items()}


def _output(value: Any) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)
