"""Registers what the builders describe: the load balancer, what it needs, and what joins it."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Optional, cast

import pulumi

from ..ordering import Dependency, after, detached, gathered
from ..register import register
from .binding import FROZEN, build_binding, build_policy
from .certificates import Names
from .listener import build_listener, listeners_of, speaks_tls
from .load_balancer import build_load_balancer, pod_sources
from .log_bucket import make_log_bucket
from .priorities import Match, match_of, number_of
from .resources import call, register_aws, short
from .routes import build_action, build_conditions
from .security_group_rules import build_egress, build_ingress, build_target_ingress, target_ranges
from .target_group import build_target_group, health_port_of, port_of, protocol_of, transports

__all__ = ["Made", "make"]

Joining = Callable[[Sequence[Dependency]], Any]
"""Registers something that joins a target to its group, after what it is given."""


@dataclass(frozen=True)
class Made:
    """What is known of a load balancer, once it is there."""

    arn: Any
    dns_name: Any
    zone_id: Any
    security_group: Any
    target_groups: Mapping[str, Any]


def make(component: pulumi.Resource, name: str, args: Mapping[str, Any], identity: Mapping[str, Any]) -> Made:
    """Register all of it, as the component's children."""
    return _Maker(component, name, args, identity).make()


class _Maker:
    def __init__(
        self, component: pulumi.Resource, name: str, args: Mapping[str, Any], identity: Mapping[str, Any]
    ) -> None:
        self._component, self._name, self._identity = component, name, identity
        self._aws: Mapping[str, Any] = args
        self._labels: Mapping[str, Any] = args.get("labels", {})
        self._tags: Mapping[str, Any] = self._aws.get("tags", {})
        self._groups: list[pulumi.Resource] = []
        self._filled: dict[str, pulumi.Resource] = {}
        """What comes after all that joins a target, by the target's key."""

    def make(self) -> Made:
        aws = self._aws
        groups = self._target_groups()
        names = Names(self._component, self._name, aws)
        if "existing" in aws:
            found = call("lb.get_load_balancer", {"arn": aws["existing"]["load_balancer"]}, self._component)
            security_group = aws["existing"].get("security_group")
            arn = aws["existing"]["load_balancer"]
            made = Made(arn, _of(found, "dns_name"), _of(found, "zone_id"), security_group, groups)
        else:
            security_group = self._security_group()
            made = self._load_balancer(security_group, groups)
        for key, rule in build_target_ingress(aws, security_group).items():
            self._register("vpc.SecurityGroupIngressRule", f"{self._name}-{key}", rule)
        # Where a target group is replaced, what is in the new one comes before clients are sent there.
        self._fill(groups, security_group)
        self._listeners(made.arn, groups, names)
        names.records(made.dns_name, made.zone_id)
        if "web_acl" in aws:
            joined = {"resource_arn": made.arn, "web_acl_arn": aws["web_acl"]}
            self._register("wafv2.WebAclAssociation", self._name, joined)
        return made

    def _register(
        self, kind: str, name: str, properties: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> Any:
        options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self._component), opts)
        return register_aws(kind, name, properties, options)

    def _tagged(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {**properties, **({"tags": dict(self._tags)} if self._tags else {})}

    def _security_group(self) -> Any:
        described = {"vpc_id": self._aws["vpc"], "description": f"Load balancer {self._name}"}
        group = self._register("ec2.SecurityGroup", self._name, self._tagged(described))
        rules = {
            "vpc.SecurityGroupIngressRule": build_ingress(self._aws, listeners_of(self._aws)),
            "vpc.SecurityGroupEgressRule": build_egress(self._aws),
        }
        for kind, them in rules.items():
            for key, rule in them.items():
                properties = self._tagged({"security_group_id": group.id, **rule})
                self._register(kind, f"{self._name}-{key}", properties)
        return group.id

    def _load_balancer(self, security_group: Any, groups: Mapping[str, Any]) -> Made:
        bucket, before = make_log_bucket(self._component, self._name, self._aws)
        properties = build_load_balancer(self._aws, security_group, bucket)
        # What AWS reads only while it makes one; the provider does not know it of all.
        options = pulumi.ResourceOptions(depends_on=before, replacement_trigger=cast("Any", dict(self._identity)))
        made = self._register("lb.LoadBalancer", short(self._name), properties, options)
        return Made(made.arn, made.dns_name, made.zone_id, security_group, groups)

    def _renewed(self) -> pulumi.ResourceOptions:
        """AWS has a target group at one load balancer alone, so another one gets groups of its own before the old one
        goes (error TargetGroupAssociationLimit)."""
        existing: Mapping[str, Any] = self._aws.get("existing", {})
        with_it = {"load_balancer": existing["load_balancer"]} if existing else dict(self._identity)
        return pulumi.ResourceOptions(replacement_trigger=cast("Any", with_it))

    def _target_groups(self) -> dict[str, Any]:
        groups: dict[str, Any] = {}
        for key, target in self._aws["targets"].items():
            properties = build_target_group(target, self._aws["kind"], self._aws["vpc"], self._tags)
            options = self._renewed()
            options.depends_on = self._groups[-1:] if self._splits else []
            group = self._register("lb.TargetGroup", short(f"{self._name}-{key}"), properties, options)
            self._groups.append(group)
            groups[key] = group.arn
        return groups

    @cached_property
    def _splits(self) -> bool:
        """Whether anything forwards to several targets: groups and targets then come one after another, so that it
        depends on the last of them instead of on each."""
        listeners = listeners_of(self._aws)
        forwarding = [*listeners, *(route for listener in listeners for route in listener.get("routes", []))]
        return any(len(given.get("weights", {})) > 1 for given in forwarding)

    def _fill(self, groups: Mapping[str, Any], security_group: Any) -> None:
        """Register what joins targets to their groups: attachments; of a Service, a binding, and a policy that lets the
        load balancer in at its pods."""
        before: list[Dependency] = []
        for key, given in self._aws["targets"].items():
            target: Mapping[str, Any] = given.get("target", {})
            first = [*before, *after(target.get("ready"))]
            joining = [*self._join_service(key, given, groups, security_group), *self._attach(key, given, groups)]
            if joining:
                self._filled[key] = gathered(joining, lambda register_one, below: register_one(below), first)[0]
                before = [self._filled[key]] if self._splits else []

    def _attach(self, key: str, given: Mapping[str, Any], groups: Mapping[str, Any]) -> Iterable[Joining]:
        for kind in ("instances", "addresses"):
            for name, identity in given.get(kind, {}).items():
                properties = {"target_group_arn": groups[key], "target_id": identity, "port": port_of(given)}
                yield partial(self._after, "lb.TargetGroupAttachment", f"{self._name}-{key}-{name}", properties)

    def _join_service(
        self, key: str, given: Mapping[str, Any], groups: Mapping[str, Any], security_group: Any
    ) -> Iterable[Joining]:
        target = given.get("target")
        if target is None:
            return
        carriers = transports(protocol_of(given, self._aws["kind"]))
        how: dict[str, Any] = {"carriers": carriers, "health_port": health_port_of(given)}
        metadata = {"namespace": target["namespace"], **({"labels": self._labels} if self._labels else {})}
        ranges = target_ranges(self._aws)
        binding = build_binding(metadata, target, groups[key], security_group=security_group, ranges=ranges, **how)
        yield partial(self._join, key, binding, pulumi.ResourceOptions(replace_on_changes=list(FROZEN)))
        policy = build_policy(metadata, target, pod_sources(self._aws, given), **how)
        if policy is not None:
            yield partial(self._join, key, policy, None)

    def _join(
        self,
        key: str,
        manifest: Mapping[str, Any],
        opts: Optional[pulumi.ResourceOptions],
        before: Sequence[Dependency],
    ) -> Any:
        options = pulumi.ResourceOptions(parent=self._component, depends_on=list(before))
        return register(manifest, f"{self._name}-{key}", pulumi.ResourceOptions.merge(options, opts))

    def _after(self, kind: str, name: str, properties: Mapping[str, Any], before: Sequence[Dependency]) -> Any:
        return self._register(kind, name, properties, pulumi.ResourceOptions(depends_on=list(before)))

    def _forwarding(
        self, given: Mapping[str, Any], groups: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Sequence[Dependency]]:
        """The groups as an action names them, and what must be filled first: of several, the last group and target."""
        keys = [given["to"]] if "to" in given else list(given.get("weights", {}))
        if len(keys) > 1:
            named = {key: detached(groups[key]) for key in keys}
            return named, [*self._groups[-1:], *list(self._filled.values())[-1:]]
        return groups, [self._filled[key] for key in keys if key in self._filled]

    def _listeners(self, load_balancer: Any, groups: Mapping[str, Any], names: Names) -> None:
        listeners = listeners_of(self._aws)
        own = [it for it in listeners if "existing" not in it]
        arns = names.certificates() if any(map(speaks_tls, own)) else {}
        default = names.default(arns)
        for given in listeners:
            if "existing" in given:
                self._rules(given, given["existing"], groups)
                continue
            store = self._trust_store(given)
            certificate = arns[default] if speaks_tls(given) and default is not None else None
            named, filled = self._forwarding(given, groups)
            described = build_listener(given, load_balancer, named, certificate, store, self._tags)
            name = f"{self._name}-{given['port']}"
            listener = self._after("lb.Listener", name, described, filled)
            if speaks_tls(given):
                for host in arns:
                    if host != default:
                        more = {"listener_arn": listener.arn, "certificate_arn": arns[host]}
                        self._register("lb.ListenerCertificate", f"{name}-{host}", more)
            self._rules(given, listener.arn, groups)

    def _trust_store(self, given: Mapping[str, Any]) -> Any:
        mutual: Mapping[str, Any] = given.get("client_certificates", {})
        bundle = mutual.get("bundle")
        if bundle is None:
            return mutual.get("trust_store")
        prefix = "ca_certificates_bundle_s3"
        described = {f"{prefix}_bucket": bundle["bucket"], f"{prefix}_key": bundle["key"]}
        if "version" in bundle:
            described[f"{prefix}_object_version"] = bundle["version"]
        name = short(f"{self._name}-{given['port']}")
        return self._register("lb.TrustStore", name, self._tagged(described)).arn

    def _rules(self, given: Mapping[str, Any], listener: Any, groups: Mapping[str, Any]) -> None:
        routes: Sequence[Mapping[str, Any]] = given.get("routes", [])
        for route in routes:
            match = match_of(route)
            named, filled = self._forwarding(route, groups)
            rule = {
                "listener_arn": listener,
                "priority": number_of(route, given),
                "conditions": build_conditions(match),
                "actions": [build_action(route, named)],
            }
            name = f"{self._name}-{given['port']}-{_rule_name(match)}"
            self._after("lb.ListenerRule", name, self._tagged(rule), filled)


def _rule_name(match: Match) -> str:
    """A name for what a rule matches, that people can read, and that no other has."""
    digest = hashlib.sha256(match.text.encode()).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", f"{match.host}{match.path}".lower()).strip("-")
    return f"{words[:40].rstrip('-')}-{digest}" if words else digest


def _of(found: pulumi.Output[Any], name: str) -> pulumi.Output[Any]:
    return found.apply(lambda it: getattr(it, name))
