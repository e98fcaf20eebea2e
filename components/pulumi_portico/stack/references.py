"""References by name: a target that names a service or a gateway of the stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, cast

from ..args.shapes import Shape, as_written, camel_case, shapes_of
from ..errors import Problems, Refusal, write_nearest
from ..ingress_gateway.gateway_plan import PORTS, installs
from ..ingress_gateway.install.installation import drain_of
from ..ingress_gateway.install.installer import selector_of
from ..networking.ports import ServicePort, main_port
from ..networking.target import Protocol, Target
from ..web_service import WebServiceArgs
from ..web_service.plan import plan_of
from .args import StackTarget
from .located import Secret
from .walk import walked

__all__ = ["References", "gateway_ports", "is_reference", "port_of", "reached", "service_ports"]

_GATEWAY_PORT = "https"


def is_reference(target: Mapping[str, Any]) -> bool:
    """Whether a target names something of the stack; one with a namespace is written out."""
    return "namespace" not in target


def service_ports(name: str, args: WebServiceArgs) -> Mapping[str, ServicePort]:
    """The ports of a service, by name."""
    return plan_of(name, args).ports


def gateway_ports(args: Mapping[str, Any]) -> Mapping[str, ServicePort]:
    """The ports of a gateway, by name; none where its controller is the cluster's own."""
    return {it.name: it for it in PORTS} if installs(args) else {}


def port_of(target: Mapping[str, Any], ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The port that a reference means, of those that it leads to; None where there is none."""
    if "port_name" in target:
        return ports.get(target["port_name"])
    if "port" in target:
        same = {name: it for name, it in ports.items() if it.number == target["port"]}
        return main_port(same)
    return ports.get(_GATEWAY_PORT) if "gateway" in target else main_port(ports)


class Reached(NamedTuple):
    """What a reference leads to."""

    kind: str
    """service or gateway."""
    name: str
    port: Optional[ServicePort]
    """None where there is no such port."""


def reached(target: Mapping[str, Any], services: Mapping[str, WebServiceArgs], gateways: Mapping[str, Any]) -> Reached:
    """What a checked reference leads to, of the stack's checked services and gateways."""
    if "gateway" in target:
        name = str(target["gateway"])
        return Reached("gateway", name, port_of(target, gateway_ports(gateways[name])))
    name = str(target["service"])
    return Reached("service", name, port_of(target, service_ports(name, services[name])))


@dataclass
class References:
    """What can be referred to, and what was."""

    namespace: str
    services: Mapping[str, Optional[WebServiceArgs]]
    """The checked arguments of each service by name; None of one that has problems of its own."""
    problems: Problems
    gateways: Mapping[str, Optional[Mapping[str, Any]]] = field(default_factory=dict[str, "Mapping[str, Any] | None"])
    """The same of gateways."""
    within_gateway: bool = False
    """Whether the references stand in a gateway, which leads to services alone."""
    made: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, "Mapping[str, Any]"])
    """The references, by the path that each stands at."""

    def resolve(self, shape: Shape, value: Any, path: str) -> Any:
        """A visitor: what a reference leads to, written out for the components' own checks."""
        if shape.type is not Target or value is None:
            return value
        if not isinstance(value, Mapping):
            self._refuse_scalar(value, path)
            return self._stand_in("unknown")
        given = {key: _known_text(it) for key, it in cast("Mapping[str, Any]", value).items()}
        if not is_reference(given):
            return self._refuse_mixed(cast("Mapping[str, Any]", value), path)
        reference = self._read(given, path)
        self.made[path] = reference
        kind = "gateway" if "gateway" in reference else "service"
        return self._lead(reference, kind, path) if kind in reference else self._stand_in("unknown")

    def restored(self, shape: Shape, value: Any, path: str) -> Any:
        """The checked arguments with what was written out by `resolve` named again."""

        def visit(shape: Shape, value: Any, path: str) -> Any:
            return self.made.get(path, value) if shape.type is Target else value

        return walked(shape, value, path, visit, as_written)

    def _refuse_mixed(self, given: Mapping[str, Any], path: str) -> Any:
        if "gateway" not in given:
            return given
        refusal = Refusal("stands beside namespace", "a gateway of the stack by name alone", "leave namespace out")
        self.problems.note(f"{path}.gateway", refusal)
        return self._stand_in("unknown")

    def _refuse_scalar(self, value: Any, path: str) -> None:
        kinds = [kind for kind, known in self._known().items() if value in known] if isinstance(value, str) else []
        fix = f"write {{{kinds[0]}: {value}}}" if kinds else ""
        allowed = "a service or gateway of the stack by name, such as {service: api}"
        self.problems.add(path, value, Refusal("is not a mapping", allowed, fix))

    def _known(self) -> Mapping[str, Mapping[str, Any]]:
        return {"service": self.services, "gateway": self.gateways}

    def _read(self, given: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The reference under its fields' own names, as far as it is right."""
        names = {camel_case(name): (name, shape) for name, shape in shapes_of(StackTarget).items()}
        reference: dict[str, Any] = {}
        for key, value in given.items():
            where = f"{path}.{key}"
            if key in names:
                name, shape = names[key]
                if value is None:
                    continue
                if isinstance(value, Secret):
                    self.problems.add(where, value, Refusal("must not be secret", "the name, as it is"), show=False)
                elif not isinstance(value, shape.type) or isinstance(value, bool):
                    self.problems.add(where, value, self._retyped(key, value))
                else:
                    reference[name] = value
            elif key in {camel_case(name) for name in shapes_of(Target)}:
                refusal = Refusal(
                    "is known of what the stack makes",
                    ", ".join(names),
                    "leave it out; or, for a Service that the stack does not make, write its namespace too",
                )
                self.problems.note(where, refusal)
            else:
                self.problems.unknown(where, names)
        self._check_fields(reference, given, path)
        return reference

    @staticmethod
    def _retyped(key: str, value: Any) -> Refusal:
        if key == "port":
            fix = f"write portName: {value}" if isinstance(value, str) and not value.isdecimal() else ""
            return Refusal("is not a whole number", "the port's number, or its name as portName", fix)
        return Refusal("is not text", "a name")

    def _check_fields(self, reference: Mapping[str, Any], given: Mapping[str, Any], path: str) -> None:
        if "service" in given and "gateway" in given:
            self.problems.note(f"{path}.gateway", Refusal("stands beside service", "one of the two"))
        if "service" not in given and "gateway" not in given:
            self.problems.missing(f"{path}.service", "a service of the stack by name, or a gateway")
        if "port" in reference and "port_name" in reference:
            self.problems.note(f"{path}.portName", Refusal("stands beside port", "one of the two"))

    def _lead(self, reference: Mapping[str, Any], kind: str, path: str) -> Any:
        name, known = str(reference[kind]), self._known()[kind]
        if name not in known:
            self.problems.add(f"{path}.{kind}", name, self._unknown(name, kind))
            return self._stand_in(name)
        args = known[name]
        if args is None:
            return self._stand_in(name)
        ports = service_ports(name, cast("WebServiceArgs", args)) if kind == "service" else gateway_ports(args)
        port = port_of(reference, ports)
        if port is None:
            self._refuse_port(reference, kind, ports, path)
            return self._stand_in(name)
        return self._service(name, port) if kind == "service" else _gateway(name, port, args)

    def _unknown(self, name: str, kind: str) -> Refusal:
        known = self._known()
        other = "gateway" if kind == "service" else "service"
        if kind == "gateway" and self.within_gateway:
            fix = f"write service: {name}" if name in self.services else ""
            return Refusal("is a gateway, and gateways lead to services", "a service", fix)
        fix = f"write {other}: {name}" if name in known[other] else write_nearest(name, known[kind])
        if not fix and kind == "service":
            fix = "for a Service that the stack does not make, write its namespace too"
        return Refusal(f"is no {kind} of the stack", ", ".join(sorted(known[kind])) or "none: it has none", fix)

    def _refuse_port(
        self, reference: Mapping[str, Any], kind: str, ports: Mapping[str, ServicePort], path: str
    ) -> None:
        name = reference[kind]
        there = ", ".join(f"{it.name} ({it.number})" for it in ports.values())
        if not ports:
            why = "has no port" if kind == "service" else "has none: its controller is not installed by it"
            self.problems.add(f"{path}.{kind}", name, Refusal(why, f"a {kind} that has one"))
        elif "port_name" in reference:
            wanted = reference["port_name"]
            refusal = Refusal(f"is no port of {kind} {name}", there, write_nearest(wanted, ports))
            self.problems.add(f"{path}.portName", wanted, refusal)
        else:
            wanted = reference.get("port")
            behind = next((it for it in ports.values() if it.target == wanted), None)
            fix = f"write {behind.number}, which leads to the pods' {wanted}" if behind else ""
            self.problems.add(f"{path}.port", wanted, Refusal(f"is no port of {kind} {name}", there, fix))

    def _service(self, name: str, port: ServicePort) -> dict[str, Any]:
        args = cast("WebServiceArgs", self.services[name])
        plan = plan_of(name, args)
        place = {"service": name, "namespace": args.get("namespace", self.namespace)}
        return {**place, **_listening(port), "selector": dict(plan.selector), "drain": plan.drain}

    def _stand_in(self, name: str) -> dict[str, Any]:
        """Keeps a wrong reference from making more problems than its own."""
        place = {"service": "unknown", "namespace": "unknown", "selector": {"unknown": name[:1] or "a"}}
        return {**place, **_listening(ServicePort("http", 80, 80)), "drain": 0}


def _known_text(value: Any) -> Any:
    """What the engine holds secret for something beside it is text as any other: names are nobody's secrets."""
    return value.value if isinstance(value, Secret) and not value.certain else value


def _gateway(name: str, port: ServicePort, args: Mapping[str, Any]) -> dict[str, Any]:
    place = {"service": name, "namespace": args.get("namespace", name)}
    drain = drain_of(args.get("installation", {}))
    return {**place, **_listening(port), "selector": selector_of(name), "drain": drain}


def _listening(port: ServicePort) -> dict[str, Any]:
    return {"port": port.number, "targetPort": port.target, "protocol": Protocol(port.protocol).value}
