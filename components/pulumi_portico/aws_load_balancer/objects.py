"""The list of objects of an `AwsLoadBalancer`: AWS resources, what the provider looks up, and what binds Services."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..lifecycle.hooks import on_blocked_delete
from ..lifecycle.objects import ObjectSpec, Options, Ref, gathered
from ..networking.target import TargetSpec
from ..untyped import Properties
from .binding import binding_options, build_binding, build_node_service, build_policy, pod_ports_of
from .certificates import (
    attached_certificates,
    certificate_objects,
    certificates_of,
    default_certificate_host,
    record_objects,
    zone_lookups,
)
from .listener import AwsListenerSpec, build_listener
from .load_balancer import build_load_balancer, identity_of, is_protected
from .log_bucket import BUCKET_POLICY, creates_bucket, log_bucket_objects, log_bucket_of
from .plan import AwsLoadBalancerPlan
from .priorities import Match
from .private_link import build_endpoint_service
from .resources import AwsLookup, AwsResource
from .routes import ActionSpec, build_actions, build_conditions
from .security_group_rules import build_egress, build_ingress, build_target_ingress
from .target_group import AwsTargetPlan, build_target_group

__all__ = ["ENDPOINT_SERVICE", "AwsReferences", "objects_of", "references_of"]

ENDPOINT_SERVICE = "endpoint-service"
"""The key of the endpoint service of PrivateLink."""
_BEHIND = "load-balancer"
"""What a load balancer behind this one is called among the targets of a group."""
_LOAD_BALANCER, _EXISTING, _SECURITY_GROUP = "load-balancer", "existing-load-balancer", "security-group"


@dataclass(frozen=True)
class AwsReferences:
    """What the load balancer's objects and its outputs refer to: plain values, Outputs, and `Ref`s."""

    arn: Any
    dns_name: Any
    zone_id: Any
    security_group: Any
    """None for an existing load balancer whose security group isn't known."""
    target_groups: Mapping[str, Any]
    """The ARN of each target group, by the target's key."""


def references_of(plan: AwsLoadBalancerPlan) -> AwsReferences:
    """The references to the objects of a load balancer."""
    existing, groups = plan.spec.existing, {key: Ref(_group_key(key), output=("arn",)) for key in plan.targets}
    holder = _LOAD_BALANCER if existing is None else _EXISTING
    dns_name, zone_id = Ref(holder, output=("dns_name",)), Ref(holder, output=("zone_id",))
    if existing is not None:
        return AwsReferences(existing.load_balancer, dns_name, zone_id, existing.security_group, groups)
    arn, security_group = Ref(holder, output=("arn",)), Ref(_SECURITY_GROUP, output=("id",))
    return AwsReferences(arn, dns_name, zone_id, security_group, groups)


def objects_of(plan: AwsLoadBalancerPlan) -> list[ObjectSpec]:
    """The objects of a load balancer, each after those that it needs."""
    objects = _Objects(plan)
    return [
        *objects.target_groups(),
        *objects.load_balancer(),
        *objects.target_ingress(),
        # If a target group is replaced, its targets join the new one before clients are sent there.
        *objects.joining(),
        *zone_lookups(plan),
        *certificate_objects(plan),
        *objects.listeners(),
        *record_objects(plan, objects.references.dns_name, objects.references.zone_id),
        *objects.web_acl(),
        *objects.endpoint_service(),
    ]


def _group_key(key: str) -> str:
    return f"target-group/{key}"


@dataclass(frozen=True)
class _Objects:
    plan: AwsLoadBalancerPlan

    @cached_property
    def references(self) -> AwsReferences:
        return references_of(self.plan)

    def _tagged(self, properties: Properties) -> Properties:
        tags = self.plan.spec.tags
        return {**properties, "tags": tags} if tags else properties

    def target_groups(self) -> Iterator[ObjectSpec]:
        plan, existing = self.plan, self.plan.spec.existing
        # AWS accepts a target group at only one load balancer, so another one gets its own groups before the old one is
        # deleted (error TargetGroupAssociationLimit).
        trigger = identity_of(plan.spec) if existing is None else {"load_balancer": existing.load_balancer}
        options = Options(replacement_trigger=trigger)
        after: Sequence[str] = ()
        for key, target in plan.targets.items():
            properties = build_target_group(target, plan.spec.vpc, plan.spec.tags)
            group = _group_key(key)
            yield AwsResource(
                group, properties, type="lb.TargetGroup", suffix=key, is_short=True, options=options, after=after
            )
            after = self._in_turn(group)

    def _in_turn(self, key: str) -> Sequence[str]:
        """What the next of several objects comes after. If requests are split, each comes after the one before, so
        that what needs all of them depends only on the last."""
        return (key,) if self.plan.splits_requests else ()

    def load_balancer(self) -> Iterator[ObjectSpec]:
        plan, existing = self.plan, self.plan.spec.existing
        if existing is not None:
            yield AwsLookup(_EXISTING, {"arn": existing.load_balancer}, function="lb.get_load_balancer")
            return
        yield from self._security_group()
        yield from log_bucket_objects(plan)
        properties = build_load_balancer(plan, self.references.security_group, log_bucket_of(plan))
        name, protected = plan.name, is_protected(plan.spec)
        yield AwsResource(
            _LOAD_BALANCER,
            properties,
            type="lb.LoadBalancer",
            suffix="",
            is_short=True,
            # AWS reads these only when it creates a load balancer. The provider doesn't know it of all of them.
            options=Options(
                replacement_trigger=identity_of(plan.spec),
                hooks=lambda _parent: on_blocked_delete(name, "AwsLoadBalancer") if protected else None,
            ),
            after=(BUCKET_POLICY,) if creates_bucket(plan) else (),
        )

    def _security_group(self) -> Iterator[ObjectSpec]:
        plan = self.plan
        group = self._tagged({"vpc_id": plan.spec.vpc, "description": f"Load balancer {plan.name}"})
        yield AwsResource(_SECURITY_GROUP, group, type="ec2.SecurityGroup", suffix="")
        security_group = self.references.security_group
        for direction, cls, rules in (
            ("ingress", "vpc.SecurityGroupIngressRule", build_ingress(plan)),
            ("egress", "vpc.SecurityGroupEgressRule", build_egress(plan)),
        ):
            for name, rule in rules.items():
                properties = self._tagged({"security_group_id": security_group, **rule})
                yield AwsResource(f"{direction}/{name}", properties, type=cls, suffix=name)

    def target_ingress(self) -> Iterator[ObjectSpec]:
        for name, rule in build_target_ingress(self.plan, self.references.security_group).items():
            yield AwsResource(f"target-ingress/{name}", rule, type="vpc.SecurityGroupIngressRule", suffix=name)

    def joining(self) -> Iterator[ObjectSpec]:
        """What joins targets to their groups: attachments; for a Service, a binding, and a NetworkPolicy that allows
        the load balancer to connect to its pods."""
        after: Sequence[str] = ()
        for target in self.plan.targets.values():
            objects = _joining_objects(self.plan, target, self.references)
            yield from gathered(objects, after)
            if objects:
                after = self._in_turn(objects[0].key)

    @cached_property
    def _joined(self) -> dict[str, str]:
        """The key of the object after which all targets of a group have joined it, by the target's key."""
        objects = {
            key: _joining_objects(self.plan, target, self.references) for key, target in self.plan.targets.items()
        }
        return {key: found[0].key for key, found in objects.items() if found}

    def _forwarding(self, action: ActionSpec) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The target groups as an action refers to them, and the keys of what it comes after."""
        groups, keys = self.references.target_groups, action.target_keys
        if len(keys) <= 1:
            return groups, [self._joined[key] for key in keys if key in self._joined]
        # The last group, and the last target to join one, come after all others.
        detached = {key: Ref(_group_key(key), is_detached=True, output=("arn",)) for key in keys}
        return detached, [_group_key(list(groups)[-1]), *list(self._joined.values())[-1:]]

    def listeners(self) -> Iterator[ObjectSpec]:
        plan, arns = self.plan, certificates_of(self.plan)
        default = default_certificate_host(plan, arns)
        for listener in plan.listeners:
            if listener.existing is not None:
                yield from self._rules(listener, listener.existing)
                continue
            store = self._trust_store(listener)
            yield from store
            trust_store = Ref(store[0].key, output=("arn",)) if store else _trust_store_of(listener)
            certificate = None if default is None else arns[default]
            groups, after = self._forwarding(listener)
            properties = build_listener(listener, self.references.arn, groups, certificate, trust_store, plan.spec.tags)
            key, suffix = f"listener/{listener.port}", str(listener.port)
            yield AwsResource(key, properties, type="lb.Listener", suffix=suffix, after=after)
            arn = Ref(key, output=("arn",))
            for name, certificate_arn, hosts in attached_certificates(arns, default) if listener.speaks_tls else ():
                properties = {"listener_arn": arn, "certificate_arn": certificate_arn}
                # Each host had an attachment of its own.
                options = Options(aliases=[f"{suffix}-{host}" for host in hosts if host != name])
                attachment = f"{suffix}-{name}"
                yield AwsResource(
                    f"{key}/{name}", properties, type="lb.ListenerCertificate", suffix=attachment, options=options
                )
            yield from self._rules(listener, arn)

    def _trust_store(self, listener: AwsListenerSpec) -> list[ObjectSpec]:
        certificates = listener.client_certificates
        if certificates is None or certificates.bundle is None:
            return []
        bundle, prefix = certificates.bundle, "ca_certificates_bundle_s3"
        properties: dict[str, Any] = {f"{prefix}_bucket": bundle.bucket, f"{prefix}_key": bundle.key}
        if bundle.version is not None:
            properties[f"{prefix}_object_version"] = bundle.version
        key, suffix = f"trust-store/{listener.port}", str(listener.port)
        return [AwsResource(key, self._tagged(properties), type="lb.TrustStore", suffix=suffix, is_short=True)]

    def _rules(self, listener: AwsListenerSpec, arn: Any) -> Iterator[ObjectSpec]:
        for route in listener.routes or ():
            groups, after = self._forwarding(route)
            properties = self._tagged(
                {
                    "listener_arn": arn,
                    "priority": listener.priority_of(route),
                    "conditions": build_conditions(route.match),
                    "actions": build_actions(route, groups),
                }
            )
            suffix = f"{listener.port}-{_rule_name(route.match)}"
            yield AwsResource(f"rule/{suffix}", properties, type="lb.ListenerRule", suffix=suffix, after=after)

    def web_acl(self) -> Iterator[ObjectSpec]:
        web_acl = self.plan.spec.web_acl
        if web_acl is not None:
            properties = {"resource_arn": self.references.arn, "web_acl_arn": web_acl}
            yield AwsResource("web-acl", properties, type="wafv2.WebAclAssociation", suffix="")

    def endpoint_service(self) -> Iterator[ObjectSpec]:
        link = self.plan.spec.private_link
        if link is not None:
            properties = build_endpoint_service(link, self.references.arn, self.plan.spec.tags)
            yield AwsResource(ENDPOINT_SERVICE, properties, type="ec2.VpcEndpointService", suffix="")


def _joining_objects(plan: AwsLoadBalancerPlan, target: AwsTargetPlan, references: AwsReferences) -> list[ObjectSpec]:
    """What joins a target to its group. The first object comes after all others."""
    return [*_service_objects(plan, target, references), *_attachments(target, references)]


def _service_objects(plan: AwsLoadBalancerPlan, target: AwsTargetPlan, references: AwsReferences) -> list[ObjectSpec]:
    service, key = target.spec.target, target.key
    if service is None:
        return []
    metadata, ports = plan.metadata(service.namespace), pod_ports_of(target, service)
    group, security_group = references.target_groups[key], references.security_group
    controller, ranges = plan.spec.binding_controller, plan.target_ranges
    nodes = _node_objects(metadata, target, service)
    binding = build_binding(
        metadata,
        ports,
        group,
        controller,
        security_group=security_group,
        ranges=ranges,
        node_service=Ref(nodes[0].key) if nodes else None,
        is_ipv6=target.spec.is_ipv6,
    )
    policy = build_policy(metadata, ports, plan.pod_sources(target))
    ready = () if service.ready is None else (service.ready,)
    options = binding_options(plan.name, "AwsLoadBalancer")
    # The binding comes after the policy, so only the first of the two waits for the Service.
    binding_ready = ready if policy is None else ()
    after = [node.key for node in nodes]
    objects = [ObjectSpec(f"binding/{key}", binding, after, options, ready=binding_ready, suffix=key), *nodes]
    return objects if policy is None else [*objects, ObjectSpec(f"policy/{key}", policy, ready=ready, suffix=key)]


def _node_objects(metadata: Properties, target: AwsTargetPlan, service: TargetSpec) -> list[ObjectSpec]:
    """The Service by which connections to the nodes' port reach the pods; nothing if pods are the targets."""
    if target.spec.node_port is None:
        return []
    manifest = build_node_service(metadata, target, service)
    return [ObjectSpec(f"node-port/{target.key}", manifest, suffix=f"{target.key}-node-port")]


def _attachments(target: AwsTargetPlan, references: AwsReferences) -> Iterator[ObjectSpec]:
    group = references.target_groups[target.key]
    balancer = {} if target.spec.load_balancer is None else {_BEHIND: target.spec.load_balancer}
    for identities in (target.spec.instances, target.spec.addresses, balancer):
        for name, identity in (identities or {}).items():
            properties = {"target_group_arn": group, "target_id": identity, "port": target.port}
            suffix = f"{target.key}-{name}"
            yield AwsResource(f"attachment/{suffix}", properties, type="lb.TargetGroupAttachment", suffix=suffix)


def _trust_store_of(listener: AwsListenerSpec) -> Any:
    certificates = listener.client_certificates
    return None if certificates is None else certificates.trust_store


def _rule_name(match: Match) -> str:
    """A name for what a rule matches, readable and unique."""
    digest = hashlib.sha256(match.text.encode()).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", f"{match.host}{match.path}".lower()).strip("-")
    return f"{words[:40].rstrip('-')}-{digest}" if words else digest
