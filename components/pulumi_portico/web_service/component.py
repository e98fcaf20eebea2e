"""The `WebService` component: registers what its builders describe."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..errors import ArgumentError, Problems, Refusal, write_nearest
from ..register import name_of, namespace_of, register
from ..target import Protocol, Target
from .args import WebServiceArgs, check_web_service, selector_of
from .availability import DRAIN_SECONDS, build_disruption_budget
from .environment import Sources, build_config_map, build_secret
from .manifests import build_deployment, build_metadata, build_service_account
from .ports import ServicePort, main_port, ports_of
from .service import build_service

__all__ = ["WebService"]


class WebService(pulumi.ComponentResource):
    """An application from a container image, under one stable name inside the cluster.

    Makes a Deployment, a Service of type ClusterIP, a ServiceAccount and a PodDisruptionBudget,
    all with the component's name. The pods run under Pod Security "restricted": not as root,
    nothing writable, no capabilities. They are spread over zones and nodes, replaced only once
    their successors are ready, and serve until nobody sends them requests any more.
    Nothing is reachable from outside the cluster; `target()` hands the service to what
    opens it.
    """

    url: pulumi.Output[str]
    """Where other pods reach the service: its cluster DNS name, such as `http://api.shop.svc.cluster.local`, with
    the port where it is not the scheme's own. Of several ports, `http`, else the first TCP port by name. Known once the
    Service has ready pods; empty for a worker."""

    urls: pulumi.Output[dict[str, str]]
    """The same of every port, by the port's name."""

    service_name: pulumi.Output[str]
    """The Service's name; empty for a worker."""

    namespace: pulumi.Output[str]
    """The namespace that the service runs in."""

    def __init__(self, name: str, args: WebServiceArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name and, as it stands, the name of all that it makes: lower-case
            letters, digits and hyphens, a letter first, 63 characters at most.
        :param args: What to run.
        :param opts: Pulumi's resource options; a provider given here reaches every child.
        :raises ArgumentError: with every problem of name and args, before anything is registered.
        """
        problems = Problems(f'WebService "{name}"')
        checked = check_web_service(name, args, problems)
        problems.raise_if_any()
        # State records the children, which hold every argument; the component's own would only double them.
        super().__init__("portico:index:WebService", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        selector = selector_of(name, checked)
        account = register(build_service_account(name, checked), f"{name}-service-account", child)
        metadata = build_metadata(name, checked)
        register(build_disruption_budget(metadata, selector), f"{name}-disruption-budget", child)
        # No pod is admitted before its service account is there.
        after_account = pulumi.ResourceOptions(parent=self, depends_on=[account])
        deployment = build_deployment(name, checked, self._sources(name, checked, metadata, child))
        made = register(deployment, f"{name}-deployment", after_account)
        self._name = name
        self._ports = ports_of(checked)
        self._selector = selector
        self._drain = checked.get("drain", DRAIN_SECONDS)
        if self._ports:
            service = build_service(metadata, selector, self._ports, checked.get("service", {}))
            made = register(service, f"{name}-service", child)
        self.service_name = name_of(made) if self._ports else pulumi.Output.from_input("")
        self.namespace = namespace_of(made)
        self._host = pulumi.Output.concat(self.service_name, ".", self.namespace, ".svc.cluster.local")
        self.urls = self._host.apply(lambda host: {port.name: port.url(host) for port in self._ports.values()})
        main = main_port(self._ports)
        self.url = self.url_for(main.name) if main else pulumi.Output.from_input("")
        self.register_outputs(
            {"url": self.url, "urls": self.urls, "service_name": self.service_name, "namespace": self.namespace}
        )

    def _sources(
        self, name: str, args: WebServiceArgs, metadata: Mapping[str, Any], child: pulumi.ResourceOptions
    ) -> Sources:
        """Register what the container's environment comes from, and answer the names that it was given."""
        secret = config_map = None
        if values := args.get("secret_env"):
            secret = name_of(register(build_secret(metadata, values), f"{name}-env", child))
        if files := args.get("config_files"):
            config_map = name_of(register(build_config_map(metadata, files), f"{name}-files", child))
        return Sources(secret, config_map)

    def url_for(self, port: str) -> pulumi.Output[str]:
        """Where other pods reach the port of this name. Raises `ArgumentError` where there is none."""
        chosen = self._port(port)
        return self._host.apply(chosen.url)

    def target(self, port: Optional[str] = None) -> Target:
        """The service as routes and balancers name it, by the port of this name; without one, by the port of `url`.

        Raises `ArgumentError` where there is no such port.
        """
        chosen = self._port(port)
        return {
            "service": self.service_name,
            "namespace": self.namespace,
            "port": chosen.number,
            "target_port": chosen.target,
            "protocol": Protocol(chosen.protocol),
            "selector": self._selector,
            "drain": self._drain,
        }

    def _port(self, name: Optional[str]) -> ServicePort:
        port = main_port(self._ports) if name is None else self._ports.get(name)
        if port is None:
            there = ", ".join(self._ports) or "none: it is a worker"
            problems = Problems(f'WebService "{self._name}"')
            fix = write_nearest(name or "", self._ports)
            problems.add("port", name or "", Refusal("is no port of it", there, fix))
            raise ArgumentError(problems.subject, problems.found)
        return port
