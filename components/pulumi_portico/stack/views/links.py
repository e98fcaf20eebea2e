"""Who may talk to whom: what the network policies of the stack let through."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...ingress_gateway.install.installer import selector_of as controller_labels
from ...networking.network_policies import NAME_LABEL
from ...web_service.plan import WebServicePlan, plan_of
from ..plan import StackPlan
from ..view import BalancerView, LinkView
from .balancers import targets_of
from .destinations import Destination, destination_of, ports_open, text_of

__all__ = ["links_of"]

_EVERYONE = "everyone"
"""Whoever can reach it, where no policy holds a service."""


def links_of(plan: StackPlan, balancers: Sequence[BalancerView]) -> tuple[LinkView, ...]:
    """Who may talk to whom, by source and target."""
    found = [*_from_balancers(plan, balancers), *_from_gateways(plan), *_Policies(plan).links()]
    together: dict[tuple[str, str], set[str]] = {}
    for it in found:
        ports = together.setdefault((it.source, it.target), set())
        ports |= set(it.ports) or {""}
    # A link to every port holds those to some.
    return tuple(
        LinkView(source, target, () if "" in ports else tuple(sorted(ports, key=_by_number)))
        for (source, target), ports in sorted(together.items())
    )


def _by_number(port: str) -> tuple[int, str]:
    number, _, protocol = port.partition("/")
    return (int(number) if number.isdecimal() else 0, protocol)


def _from_balancers(plan: StackPlan, balancers: Sequence[BalancerView]) -> Iterator[LinkView]:
    for it in balancers:
        # A gateway's own load balancer is in neither: it is part of the gateway.
        if args := plan.load_balancer_args.get(it.name):
            destination = destination_of(plan, args["target"])
            yield LinkView(it.name, destination.name, ports_open(plan, args["target"]))
        elif aws := plan.aws_load_balancers.get(it.name):
            for key, destination in targets_of(plan, aws):
                target = aws.targets[key].target
                yield LinkView(it.name, destination.name, ports_open(plan, target) if target else _port(destination))


def _port(destination: Destination) -> tuple[str, ...]:
    return (f"{destination.port}/TCP",) if destination.port else ()


def _from_gateways(plan: StackPlan) -> Iterator[LinkView]:
    for name, args in plan.gateway_args.items():
        targets = [it["target"] for it in args.get("routes", []) if "target" in it]
        targets += [args["default_backend"]] if "default_backend" in args else []
        for target in targets:
            yield LinkView(name, destination_of(plan, target).name, ports_open(plan, target))


class _Policies:
    """The services' own policies: a connection within the stack wants both ends to let it through."""

    def __init__(self, plan: StackPlan) -> None:
        self._stack = plan
        self._plans = {name: plan_of(name, args) for name, args in plan.services.items()}

    def links(self) -> Iterator[LinkView]:
        for name, planned in self._plans.items():
            yield from self._let_in(name, planned)
            yield from self._let_out(name, planned)

    def _let_in(self, name: str, planned: WebServicePlan) -> Iterator[LinkView]:
        every = tuple(f"{target}/{protocol}" for target, protocol in planned.pod_ports)
        if not planned.args.get("network_policy", True):
            yield LinkView(_EVERYONE, name, ())
            return
        for peer in planned.args.get("allow_from", []):
            ports = _ports_of(peer) or every
            inside = [other for other in self._named(peer, name) if self._may(other, name, ports)]
            for other in inside:
                yield LinkView(other, name, self._common(other, name, ports))
            if not self._named(peer, name):
                yield LinkView(self._words(peer), name, ports)

    def _let_out(self, name: str, planned: WebServicePlan) -> Iterator[LinkView]:
        if not planned.args.get("network_policy", True):
            yield LinkView(name, _EVERYONE, ())
            return
        for peer in planned.args.get("allow_to", []):
            inside = self._named(peer, name)
            for other in inside:
                # Who holds nobody out lets this one in too; the others say it themselves.
                if not self._plans[other].args.get("network_policy", True):
                    yield LinkView(name, other, _ports_of(peer))
            if not inside and (gateway := self._gateway(peer)):
                yield LinkView(name, gateway, _ports_of(peer))
            elif not inside:
                yield LinkView(name, self._words(peer), _ports_of(peer))

    def _may(self, source: str, target: str, ports: Sequence[str]) -> bool:
        return self._lets_out(source, target) is None or self._common(source, target, ports) != ()

    def _lets_out(self, source: str, target: str) -> Any:
        """The ports at which one lets connections out to another: None for all, an empty list for none."""
        args = self._plans[source].args
        if not args.get("network_policy", True):
            return None
        found: list[str] = []
        for peer in args.get("allow_to", []):
            if target in self._named(peer, source):
                ports = _ports_of(peer)
                if not ports:
                    return None
                found += ports
        return found

    def _common(self, source: str, target: str, ports: Sequence[str]) -> tuple[str, ...]:
        out = self._lets_out(source, target)
        return tuple(ports) if out is None else tuple(it for it in ports if it in out)

    def _named(self, peer: Mapping[str, Any], by: str) -> list[str]:
        """The services of the stack that a peer means, where ``by`` names it."""
        if "cidr" in peer:
            return []
        wanted = _labels_of(peer)
        found: list[str] = []
        for name, planned in self._plans.items():
            place = text_of(planned.args.get("namespace", self._stack.namespace))
            here = text_of(self._plans[by].args.get("namespace", self._stack.namespace))
            there = peer.get("any_namespace") or place == text_of(peer.get("namespace", here))
            if there and all(str(planned.labels.get(key)) == it for key, it in wanted.items()):
                found.append(name)
        return found

    def _gateway(self, peer: Mapping[str, Any]) -> str:
        """The gateway of the stack whose controller a peer means; empty where it means none."""
        wanted = _labels_of(peer)
        for name, args in self._stack.gateway_args.items():
            place = text_of(args.get("namespace", name))
            fits = all(controller_labels(name).get(key) == it for key, it in wanted.items())
            if "cidr" not in peer and fits and (peer.get("any_namespace") or peer.get("namespace") == place):
                return name
        return ""

    def _words(self, peer: Mapping[str, Any]) -> str:
        """Who a peer is that is none of the stack's."""
        if gateway := self._gateway(peer):
            return gateway
        if "cidr" in peer:
            besides = peer.get("cidr_except")
            return text_of(peer["cidr"]) + (f" but {', '.join(map(text_of, besides))}" if besides else "")
        labels = [f"{key}={it}" for key, it in sorted(_labels_of(peer).items())]
        pods = str(peer.get("service") or ",".join(labels)) or "every pod"
        if peer.get("any_namespace"):
            return f"{pods} of any namespace"
        return f"{pods} of namespace {text_of(peer['namespace'])}" if "namespace" in peer else pods


def _labels_of(peer: Mapping[str, Any]) -> Mapping[str, str]:
    if "service" in peer:
        return {NAME_LABEL: text_of(peer["service"])}
    return {key: text_of(it) for key, it in peer.get("selector", {}).items()}


def _ports_of(peer: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{text_of(it)}/{peer.get('protocol', 'TCP')}" for it in peer.get("ports", []))
