"""The `WebService` component: registers what its builders describe."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from ..errors import ArgumentError, Problems, Refusal, write_nearest
from ..network_policy import build_egress, build_ingress, build_network_policy
from ..ordering import Dependency, dependencies_of, named_together
from ..register import name_of, namespace_of, register
from ..service_ports import ServicePort, main_port
from ..target import Protocol, Target
from .args import WebServiceArgs
from .autoscaling import Autoscaling, build_autoscaler
from .availability import build_disruption_budget
from .environment import Sources, build_config_map, build_secret
from .identity import build_service_account
from .kinds import WorkloadKind
from .plan import plan_of
from .service import build_service
from .validation import check_web_service, exceptions_of
from .workload import build_workload

__all__ = ["WebService"]

_SUFFIXES: Mapping[str, str] = {
    WorkloadKind.DEPLOYMENT.value: "deployment",
    WorkloadKind.STATEFUL_SET.value: "stateful-set",
    WorkloadKind.DAEMON_SET.value: "daemon-set",
    WorkloadKind.REPLICA_SET.value: "replica-set",
}


class WebService(pulumi.ComponentResource):
    """An application from a container image, under one stable name inside the cluster.

    Makes a workload (a Deployment unless told otherwise), a Service of type ClusterIP, a
    ServiceAccount, a PodDisruptionBudget and a NetworkPolicy, all with the component's name.
    The pods run under Pod Security "restricted": not as root, nothing writable, no
    capabilities. They are spread over zones and nodes, replaced only once their successors
    are ready, and serve until nobody sends them requests any more. Nobody may connect to them
    but whom `allow_from` names and what exposes them: `target()` hands the service to that.
    """

    url: pulumi.Output[str]
    """Where other pods reach the service: its cluster DNS name, such as `http://api.shop.svc.cluster.local`, with
    the port where it is not the scheme's own. Of several ports, `http`, else the first TCP port by name. Known once the
    Service has ready pods (a headless one, once it is there); empty for a worker."""

    urls: pulumi.Output[dict[str, str]]
    """The same of every port, by the port's name."""

    service_name: pulumi.Output[str]
    """The Service's name; empty for a worker."""

    namespace: pulumi.Output[str]
    """The namespace that the service runs in."""

    service_account: pulumi.Output[str]
    """The name of the pods' ServiceAccount, for what gives it rights: a role binding, an EKS Pod Identity
    association."""

    exceptions: pulumi.Output[dict[str, str]]
    """What is looser than the secure default, by the argument that says so; empty where nothing is."""

    def __init__(self, name: str, args: WebServiceArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name and, as it stands, the name of all that it makes: lower-case
            letters, digits and hyphens, a letter first, 63 characters at most (52 for a StatefulSet).
        :param args: What to run.
        :param opts: Pulumi's resource options; a provider given here reaches every child.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        problems = Problems(f'WebService "{name}"')
        checked = check_web_service(name, args, problems)
        problems.raise_if_any()
        # State records the children, which hold every argument; the component's own would only double them.
        super().__init__("portico:index:WebService", name, {}, opts)
        self._plan = plan = plan_of(name, checked)
        self._first = dependencies_of(opts)
        # No pod runs without its account and its policy.
        before = self._register_guards()
        # A headless Service waits for no pod, and a StatefulSet's pods are named by it; another waits for its pods.
        service = self._register_service(before or self._first) if plan.headless else None
        workload = self._register_workload([service] if service is not None else before or self._first)
        service = service or self._register_service(self._first)
        if "autoscaling" in checked:
            self._register_autoscaler(workload, checked["autoscaling"])
        # Of these, a change replaces the account and the policy least: its own namespace is read from them.
        self._set_outputs(service or workload, [*before, workload][0], served=service is not None)

    def _register(self, suffix: str, manifest: Mapping[str, Any], opts: Optional[pulumi.ResourceOptions] = None) -> Any:
        own = opts or pulumi.ResourceOptions(depends_on=self._first)
        options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), own)
        return register(manifest, f"{self._plan.name}-{suffix}", options)

    def _register_autoscaler(self, workload: pulumi.Resource, autoscaling: Autoscaling) -> None:
        plan = self._plan
        # Only a ReplicaSet's name is generated.
        generated = plan.kind == WorkloadKind.REPLICA_SET.value
        target = name_of(workload) if generated else plan.name
        autoscaler = build_autoscaler(plan.metadata, plan.kind, target, autoscaling)
        self._register("autoscaler", autoscaler, pulumi.ResourceOptions(depends_on=[workload]))

    def _register_guards(self) -> list[Dependency]:
        """Register what protects the pods, and return what they come after."""
        plan, args = self._plan, self._plan.args
        before: list[Dependency] = []
        identity = args.get("identity", {})
        if "service_account" in identity:
            self.service_account = pulumi.Output.from_input(identity["service_account"])
        else:
            before.append(self._register("service-account", build_service_account(plan.metadata, identity)))
            self.service_account = name_of(before[0])
        if args.get("network_policy", True):
            let_in = build_ingress(args.get("allow_from", []), plan.pod_ports)
            let_out = build_egress(args.get("allow_to", []))
            policy = build_network_policy(plan.metadata, plan.selector, let_in, let_out)
            before.append(self._register("network-policy", policy))
        # Drains leave a DaemonSet's pods alone, and the budget's controller cannot count them.
        if plan.kind != WorkloadKind.DAEMON_SET.value:
            budget = build_disruption_budget(plan.metadata, plan.selector, args.get("disruption_budget", {}))
            self._register("disruption-budget", budget)
        return before

    def _register_workload(self, before: Sequence[Dependency]) -> pulumi.Resource:
        plan = self._plan
        sources, gathering = self._register_sources()
        # The plain name, where it is ours: the pods' template then is known in a preview.
        account = plan.args.get("identity", {}).get("service_account", plan.name)
        options = self._waiting([*before, *gathering])
        if "autoscaling" in plan.args:
            # The provider leaves the field to whoever has it: Pulumi at first, then the autoscaler.
            options.ignore_changes = ["spec.replicas"]
        if plan.kind == WorkloadKind.REPLICA_SET.value:
            # A change of its template would reach none of its pods.
            options.replace_on_changes = ["spec.template", "spec.selector"]
        workload = build_workload(plan, account, sources)
        return self._register(_SUFFIXES[plan.kind], workload, options)

    def _register_sources(self) -> tuple[dict[str, Sources], Sequence[Dependency]]:
        """Register the Secrets and ConfigMaps that the containers use; return their names by container, and what the
        pods must depend on in addition."""
        args = self._plan.args
        more = [*args.get("sidecars", []), *args.get("init_containers", [])]
        prefixes = {self._plan.name: "", **{container["name"]: f"{container['name']}-" for container in more}}
        manifests: dict[str, Mapping[str, Any]] = {}
        for prefix, container in zip(prefixes.values(), (args, *more), strict=True):
            if values := container.get("secret_env"):
                manifests[f"{prefix}env"] = build_secret(self._plan.metadata, values)
            if files := container.get("config_files"):
                manifests[f"{prefix}files"] = build_config_map(self._plan.metadata, files)

        def create(suffix: str, before: Sequence[Dependency]) -> Any:
            return self._register(suffix, manifests[suffix], pulumi.ResourceOptions(depends_on=before))

        names, gathering = named_together(list(manifests), create, self._first)
        named = dict(zip(manifests, names, strict=True))
        sources = {
            name: Sources(named.get(f"{prefix}env"), named.get(f"{prefix}files")) for name, prefix in prefixes.items()
        }
        return sources, gathering

    def _register_service(self, before: Sequence[Dependency]) -> Optional[pulumi.Resource]:
        plan = self._plan
        if not plan.ports:
            return None
        service = build_service(
            plan.metadata, plan.selector, plan.ports, plan.args.get("service", {}), headless=plan.headless
        )
        return self._register("service", service, self._waiting(before))

    def _waiting(self, before: Sequence[Dependency]) -> pulumi.ResourceOptions:
        """After what must be there first, and for as long as was said."""
        options = pulumi.ResourceOptions(depends_on=list(before))
        if seconds := self._plan.args.get("ready_within"):
            options.custom_timeouts = pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s")
        return options

    def _set_outputs(self, made: pulumi.Resource, stable: pulumi.Resource, *, served: bool) -> None:
        plan = self._plan
        self.service_name = name_of(made) if served else pulumi.Output.from_input("")
        self.namespace = namespace_of(made)
        # Not from the Service: if a change replaces it, nothing else may be replaced with it.
        given: Any = plan.args.get("namespace")
        self._target_namespace: Any = namespace_of(stable) if given is None else given
        self.exceptions = pulumi.Output.from_input(exceptions_of(plan.args))
        self._host = pulumi.Output.concat(self.service_name, ".", self.namespace, ".svc.cluster.local")
        self.urls = self._host.apply(lambda host: {port.name: port.url(host) for port in plan.ports.values()})
        main = main_port(plan.ports)
        self.url = self.url_for(main.name) if main else pulumi.Output.from_input("")
        self.register_outputs(
            {
                "url": self.url,
                "urls": self.urls,
                "service_name": self.service_name,
                "namespace": self.namespace,
                "service_account": self.service_account,
                "exceptions": self.exceptions,
            }
        )

    def url_for(self, port: str) -> pulumi.Output[str]:
        """Where other pods reach the port of this name. Raises `ArgumentError` where there is none."""
        chosen = self._port(port)
        return self._host.apply(chosen.url)

    def target(self, port: Optional[str] = None) -> Target:
        """The service as routes and balancers name it, by the port of this name; without one, by the port of `url`.

        The name is plain, and so is a namespace that you set as a plain value: a change that replaces the Service
        replaces nothing that routes to it. Without a namespace in the arguments, the provider's default is read from an
        object that such a change doesn't replace. `ready` keeps the order.

        Raises `ArgumentError` where there is no such port.
        """
        chosen = self._port(port)
        return {
            "service": self._plan.name,
            "namespace": self._target_namespace,
            "ready": self.service_name,
            "port": chosen.number,
            "target_port": chosen.target,
            "protocol": Protocol(chosen.protocol),
            "selector": self._plan.selector,
            "drain": self._plan.drain,
        }

    def _port(self, name: Optional[str]) -> ServicePort:
        ports = self._plan.ports
        port = main_port(ports) if name is None else ports.get(name)
        if port is None:
            there = ", ".join(ports) or "none: it is a worker"
            problems = Problems(f'WebService "{self._plan.name}"')
            problems.add("port", name or "", Refusal("is no port of it", there, write_nearest(name or "", ports)))
            raise ArgumentError(problems.subject, problems.found)
        return port
