"""What the pods can do with the API server: the rules of the Roles and ClusterRoles of their own ServiceAccount.

Pure: specs in, dictionaries out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Field as FieldName
from ..args.location import Location
from ..args.names import dns_subdomain, path_segment
from ..args.parse import Field, Rules
from ..args.problems import Problems, Reason, Remove, Set
from ..args.similar_names import nearest
from ..args.spec import Spec, spec
from ..args.values import some
from ..lifecycle.objects import ObjectSpec
from ..outputs import Computed, Ref
from ..untyped import Manifest

__all__ = [
    "BUILT_IN_RESOURCES",
    "RULES",
    "PolicyRule",
    "PolicyRuleSpec",
    "check_rules",
    "exceptions_of_rules",
    "permission_objects",
    "report_existing_account",
]


class PolicyRule(TypedDict):
    """What the pods can do with some resources of the API server. Maps to a rule of a Role or ClusterRole."""

    verbs: Sequence[str]
    """What they can do, such as `get`, `list`, and `watch`; `*` is everything. Plain."""

    resources: NotRequired[Sequence[str]]
    """The resources, by their lowercase plural names, such as `configmaps` or `pods/log`; `*` is all of them. Plain.
    Set this or `non_resource_urls`."""

    api_groups: NotRequired[Sequence[str]]
    """The API groups of the resources, such as `apps`; an empty text is the core group, and `*` is every group. Plain.
    Default: the core group."""

    resource_names: NotRequired[Sequence[pulumi.Input[str]]]
    """The names of the only objects that the rule is about. Its length is plain. Default: all objects."""

    non_resource_urls: NotRequired[Sequence[str]]
    """Paths of the API server that aren't resources, such as `/metrics`; a `*` at the end stands for what follows.
    Plain. Only in `cluster_rules`. Set this or `resources`."""


@spec(PolicyRule)
class PolicyRuleSpec(Spec):
    """A parsed `PolicyRule`."""

    verbs: Sequence[str]
    resources: Optional[Sequence[str]] = None
    api_groups: Sequence[str] = ("",)
    resource_names: Sequence[pulumi.Input[str]] = ()
    non_resource_urls: Optional[Sequence[str]] = None


INVALID_RESOURCE = define(
    "invalid-rbac-resource",
    "{value} isn't the name of a resource.",
    allowed="a lowercase plural name such as configmaps, with a subresource such as pods/log, or *",
)
INVALID_VERB = define(
    "invalid-rbac-verb",
    "{value} isn't a verb of the API server.",
    allowed="{verbs}; of a custom resource, any verb in lowercase letters",
)
INVALID_URL = define(
    "invalid-non-resource-url",
    "{value} isn't a path of the API server.",
    allowed="a path such as /metrics or /healthz/*, or *",
)
RULE_WITHOUT_RESOURCES = define(
    "rule-without-resources", "This rule names nothing that the verbs apply to.", allowed="{fields}"
)
RESOURCE_OF_OTHER_GROUP = define(
    "resource-of-other-group",
    "The API group {group} has no resource {value}.",
    allowed="{known}",
    hint="Set {field} to {other}.",
)
URLS_IN_NAMESPACE = define(
    "urls-in-namespace", "A Role can't have paths of the API server.", hint="Move this to {cluster_rules}."
)
CLUSTER_RESOURCE_IN_NAMESPACE = define(
    "cluster-resource-in-namespace",
    "A Role never allows requests to {value}, which belong to the whole cluster.",
    allowed="resources of a namespace",
    hint="Move this to {cluster_rules}.",
)
VERB_WITHOUT_NAME = define(
    "verb-without-name",
    "A request to {value} objects has no name, so that the rule with {names} never allows it.",
    allowed="verbs of requests for one object",
    hint="Put {value} into another rule, without {names}.",
)
RULES_OF_EXISTING_ACCOUNT = define(
    "rules-of-existing-service-account",
    "This grants permissions to the pods' own ServiceAccount, and Portico doesn't create the one that "
    "{service_account} names.",
)

_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
_OTHER_VERBS = ("use", "bind", "escalate", "impersonate", "approve", "sign", "attest")
_URL_VERBS = ("get", "head", "options", "post", "put", "patch", "delete")
_NAMELESS_VERBS = ("create", "deletecollection")
_ALL = "*"
_CORE = ""

BUILT_IN_RESOURCES: Mapping[str, frozenset[str]] = {
    _CORE: frozenset(
        {
            "bindings",
            "componentstatuses",
            "configmaps",
            "endpoints",
            "events",
            "groups",
            "limitranges",
            "namespaces",
            "nodes",
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "podtemplates",
            "replicationcontrollers",
            "resourcequotas",
            "secrets",
            "serviceaccounts",
            "services",
            "users",
        }
    ),
    "admissionregistration.k8s.io": frozenset(
        {
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        }
    ),
    "apiextensions.k8s.io": frozenset({"customresourcedefinitions"}),
    "apps": frozenset(
        {
            "controllerrevisions",
            "daemonsets",
            "deployments",
            "replicasets",
            "statefulsets",
        }
    ),
    "authorization.k8s.io": frozenset(
        {
            "localsubjectaccessreviews",
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "subjectaccessreviews",
        }
    ),
    "autoscaling": frozenset({"horizontalpodautoscalers"}),
    "batch": frozenset({"cronjobs", "jobs"}),
    "coordination.k8s.io": frozenset({"leases", "leasecandidates"}),
    "discovery.k8s.io": frozenset({"endpointslices"}),
    "networking.k8s.io": frozenset(
        {
            "ingressclasses",
            "ingresses",
            "ipaddresses",
            "networkpolicies",
            "servicecidrs",
        }
    ),
    "policy": frozenset({"poddisruptionbudgets"}),
    "rbac.authorization.k8s.io": frozenset({"clusterrolebindings", "clusterroles", "rolebindings", "roles"}),
}
"""The resources of Kubernetes' own API groups, without subresources. `users` and `groups` only have permissions."""

_OF_CLUSTER: Mapping[str, frozenset[str]] = {
    _CORE: frozenset({"componentstatuses", "groups", "nodes", "persistentvolumes", "users"}),
    "admissionregistration.k8s.io": BUILT_IN_RESOURCES["admissionregistration.k8s.io"],
    "apiextensions.k8s.io": BUILT_IN_RESOURCES["apiextensions.k8s.io"],
    "authorization.k8s.io": BUILT_IN_RESOURCES["authorization.k8s.io"] - {"localsubjectaccessreviews"},
    "networking.k8s.io": frozenset({"ingressclasses", "ipaddresses", "servicecidrs"}),
    "rbac.authorization.k8s.io": frozenset({"clusterrolebindings"}),
}
"""The resources that belong to the whole cluster. A Role can allow requests to its own namespace as an object, and the
verb `bind` of ClusterRoles."""


def _is_word(value: str) -> bool:
    return value.isascii() and value.replace("-", "").isalnum() and value == value.lower()


def _resource(value: str) -> Optional[Reason]:
    if value == _ALL or all(part == _ALL or _is_word(part) for part in value.split("/", 1)):
        return None
    lowered = value.lower()
    return Reason(INVALID_RESOURCE, {}, lowered) if _is_word(lowered.replace("/", "")) else Reason(INVALID_RESOURCE)


def _verb(value: str) -> Optional[Reason]:
    known = (*_VERBS, *_OTHER_VERBS, *_URL_VERBS)
    if value == _ALL or value in known:
        return None
    # Of short words, those with similar letters mean something else.
    if value.lower() in known:
        return Reason(INVALID_VERB, {"verbs": [*known, _ALL]}, value.lower())
    return None if _is_word(value) else Reason(INVALID_VERB, {"verbs": [*known, _ALL]})


def _api_group(value: str) -> Optional[Reason]:
    return None if value in (_CORE, _ALL) else dns_subdomain(value)


def _url(value: str) -> Optional[Reason]:
    is_path = value.startswith("/") and value.isprintable() and _ALL not in value[:-1]
    return None if value == _ALL or is_path else Reason(INVALID_URL)


RULES: Rules = {
    PolicyRule: {
        "verbs": Field(some("a verb or more"), items=_verb),
        "resources": Field(some("a resource or more"), items=_resource),
        "api_groups": Field(some("an API group or more"), items=_api_group),
        "resource_names": Field(items=path_segment),
        "non_resource_urls": Field(some("a path or more"), items=_url),
    }
}
"""What the fields must satisfy beyond their types."""


def check_rules(rules: Sequence[PolicyRuleSpec], in_cluster: Optional[FieldName], problems: Problems) -> None:
    """Report rules that the API server rejects, or that allow nothing. `in_cluster` is the field for rules of the whole
    cluster, if these ones are those of a namespace."""
    for rule in rules:
        problems.run(_check_targets, rule, in_cluster)
        if in_cluster is not None:
            problems.run(_check_scope, rule, in_cluster)
        problems.run(_check_groups, rule)
        problems.run(_check_verbs, rule)
        problems.run(_check_named_verbs, rule)


def _check_targets(rule: PolicyRuleSpec, in_cluster: Optional[FieldName], problems: Problems) -> None:
    if in_cluster is not None and rule.non_resource_urls is not None:
        problems.report(URLS_IN_NAMESPACE, rule.at / "non_resource_urls", cluster_rules=in_cluster)
    elif rule.resources is not None and rule.non_resource_urls is not None:
        problems.report_exclusive(rule.at / "resources", "non_resource_urls")
    elif rule.resources is None and rule.non_resource_urls is None:
        names = ["resources", *([] if in_cluster else ["non_resource_urls"])]
        problems.report(RULE_WITHOUT_RESOURCES, rule.at, fields=[FieldName(name) for name in names])


def _check_scope(rule: PolicyRuleSpec, in_cluster: FieldName, problems: Problems) -> None:
    """Report resources that requests never have in a namespace."""
    if not rule.api_groups or any(group not in _OF_CLUSTER for group in rule.api_groups):
        return
    for index, resource in enumerate(rule.resources or ()):
        name = resource.partition("/")[0]
        if all(name in _OF_CLUSTER[group] for group in rule.api_groups):
            at = rule.at / "resources" / index
            problems.report(CLUSTER_RESOURCE_IN_NAMESPACE, at, value=resource, cluster_rules=in_cluster)


def _check_groups(rule: PolicyRuleSpec, problems: Problems) -> None:
    """Report resources that none of the rule's groups has. Only the cluster knows the resources of other groups."""
    if any(group not in BUILT_IN_RESOURCES for group in rule.api_groups):
        return
    known = frozenset[str]().union(*(BUILT_IN_RESOURCES[group] for group in rule.api_groups))
    for index, resource in enumerate(rule.resources or ()):
        name, slash, subresource = resource.partition("/")
        if name == _ALL or name in known:
            continue
        at = rule.at / "resources" / index
        params: dict[str, Any] = {"group": [group or "core" for group in rule.api_groups], "known": known}
        others = [group for group, resources in BUILT_IN_RESOURCES.items() if name in resources]
        close = nearest(name, known)
        if others:
            params |= {"field": FieldName("api_groups"), "other": others[0]}
            only = len(rule.resources or ()) == 1
            fix = Set(rule.at / "api_groups", others) if only else None
        else:
            fix = None if close is None else Set(at, f"{close}{slash}{subresource}")
        problems.report(RESOURCE_OF_OTHER_GROUP, at, value=resource, fix=fix, **params)


def _check_verbs(rule: PolicyRuleSpec, problems: Problems) -> None:
    """Report verbs that no request has. Only the cluster knows the verbs of other groups' resources."""
    if rule.non_resource_urls is not None:
        known = _URL_VERBS
    elif any(group not in BUILT_IN_RESOURCES for group in rule.api_groups):
        return
    else:
        known = (*_VERBS, *_OTHER_VERBS)
    for index, verb in enumerate(rule.verbs):
        if verb not in (*known, _ALL):
            problems.report(INVALID_VERB, rule.at / "verbs" / index, value=verb, verbs=[*known, _ALL])


def _check_named_verbs(rule: PolicyRuleSpec, problems: Problems) -> None:
    """Report verbs whose requests have no name, in a rule for named objects. Those of subresources have one."""
    if not rule.resource_names or any("/" in resource for resource in rule.resources or ()):
        return
    for index, verb in enumerate(rule.verbs):
        if verb in _NAMELESS_VERBS:
            names = FieldName("resource_names")
            problems.report(VERB_WITHOUT_NAME, rule.at / "verbs" / index, value=verb, names=names)


def report_existing_account(at: Location, problems: Problems) -> None:
    """Report permissions of an account that Portico doesn't create: other pods can have it too."""
    problems.report(RULES_OF_EXISTING_ACCOUNT, at, service_account=FieldName("service_account"), fix=Remove(at))


# What permissions let somebody take over: "Role Based Access Control Good Practices" of the Kubernetes documentation;
# and what opens pods or leads connections elsewhere, in spite of the stack's NetworkPolicies and routes.
_READ = frozenset({"get", "list", "watch"})
_CREATE = frozenset({"create"})
_WRITE = frozenset({"create", "update", "patch"})
_RBAC = "rbac.authorization.k8s.io"
_WORKLOADS = {
    _CORE: ("pods", "replicationcontrollers", "podtemplates"),
    "apps": ("deployments", "statefulsets", "daemonsets", "replicasets"),
    "batch": ("jobs", "cronjobs"),
}
_NETWORKING = "networking.k8s.io"
_ENTRIES = {
    _CORE: ("services",),
    _NETWORKING: ("ingresses",),
    "gateway.networking.k8s.io": ("gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes"),
    "k8s.nginx.org": ("virtualservers", "virtualserverroutes", "transportservers"),
}
_ANY = frozenset({_ALL})

_Power = tuple[str, Mapping[str, Sequence[str]], frozenset[str]]

_POWERS: Sequence[_Power] = (
    ("read Secrets", {_CORE: ("secrets",)}, _READ),
    ("write Secrets", {_CORE: ("secrets",)}, _WRITE),
    ("create tokens of ServiceAccounts", {_CORE: ("serviceaccounts/token",)}, _CREATE),
    ("run commands in other pods", {_CORE: ("pods/exec", "pods/attach", "pods/ephemeralcontainers")}, _READ | _WRITE),
    ("connect to pods through the API server", {_CORE: ("pods/portforward", "pods/proxy", "services/proxy")}, _ANY),
    ("control nodes through the kubelet", {_CORE: ("nodes/proxy",)}, _ANY),
    ("change nodes", {_CORE: ("nodes", "nodes/status")}, _WRITE),
    ("run pods with any ServiceAccount and any Secret of their namespace", _WORKLOADS, _WRITE),
    ("grant permissions", {_RBAC: ("roles", "clusterroles", "rolebindings", "clusterrolebindings")}, _WRITE),
    ("grant permissions that the pods don't have", {_RBAC: ("roles", "clusterroles")}, frozenset({"escalate", "bind"})),
    ("act as somebody else", {_CORE: ("users", "groups", "serviceaccounts")}, frozenset({"impersonate"})),
    ("act as somebody else", {"authentication.k8s.io": ("userextras/*", "uids")}, frozenset({"impersonate"})),
    ("open pods to others", {_NETWORKING: ("networkpolicies",)}, _WRITE | {"delete", "deletecollection"}),
    ("expose pods outside of the cluster", _ENTRIES, _WRITE),
    (
        "lead the clients of Services to other addresses",
        {_CORE: ("endpoints",), "discovery.k8s.io": ("endpointslices",)},
        _WRITE,
    ),
    ("change Pod Security and other labels of namespaces", {_CORE: ("namespaces",)}, _WRITE),
    ("create volumes with folders of nodes", {_CORE: ("persistentvolumes",)}, _WRITE),
    (
        "read and change what others send to the API server",
        {
            "admissionregistration.k8s.io": (
                "mutatingwebhookconfigurations",
                "validatingwebhookconfigurations",
                "mutatingadmissionpolicies",
            )
        },
        _WRITE,
    ),
    (
        "issue client certificates",
        {"certificates.k8s.io": ("certificatesigningrequests", "certificatesigningrequests/approval", "signers")},
        frozenset({"create", "update", "patch", "approve", "sign"}),
    ),
)
"""What is wide: in words, the resources, and the verbs of which one suffices; `*` is any verb."""

WIDE_PERMISSIONS = exception_kind("wide-permissions", "The pods can {powers}.")


def exceptions_of_rules(
    rules: Sequence[PolicyRuleSpec], cluster_rules: Sequence[PolicyRuleSpec]
) -> Iterator[SecurityException]:
    """Permissions that are wide: with wildcards, for what can take over more, or in the whole cluster."""
    for rule in rules:
        if powers := list(dict.fromkeys(_powers(rule))):
            yield SecurityException(WIDE_PERMISSIONS, rule.at, {"powers": powers})
    for rule in cluster_rules:
        powers = ["use this permission in the whole cluster", *dict.fromkeys(_powers(rule))]
        yield SecurityException(WIDE_PERMISSIONS, rule.at, {"powers": powers})


def _powers(rule: PolicyRuleSpec) -> Iterator[str]:
    for name, values in (
        ("verb", rule.verbs),
        ("resource", rule.resources or ()),
        ("API group", rule.api_groups),
        ("path", rule.non_resource_urls or ()),
    ):
        if _ALL in values or (name == "resource" and any(_ALL in value for value in values)):
            yield f"use every {name} (*)"
    for words, resources, verbs in _POWERS:
        if _allows(rule, resources, verbs):
            yield words


def _allows(rule: PolicyRuleSpec, resources: Mapping[str, Sequence[str]], verbs: frozenset[str]) -> bool:
    # Since 1.36, impersonation has verbs of several parts, such as `impersonate:user-info`.
    given = {verb.partition(":")[0] for verb in rule.verbs}
    if not (verbs == _ANY or _ALL in given or verbs & given):
        return False
    return any(
        group in rule.api_groups or _ALL in rule.api_groups
        for group, names in resources.items()
        if any(_matches(pattern, name) for pattern in rule.resources or () for name in names)
    )


def _matches(pattern: str, name: str) -> bool:
    """Whether a rule's resource is the one of this name (`ResourceMatches` of the API server)."""
    if name.endswith("/*"):
        return pattern == _ALL or pattern.startswith(name[:-1])
    _, slash, subresource = name.partition("/")
    return pattern in (_ALL, name) or (bool(slash) and pattern == f"{_ALL}/{subresource}")


_ROLE, _ROLE_BINDING, _CLUSTER_ROLE, _CLUSTER_ROLE_BINDING = (
    "role",
    "role-binding",
    "cluster-role",
    "cluster-role-binding",
)
_API_VERSION = f"{_RBAC}/v1"


def permission_objects(
    metadata: Manifest, account: str, rules: Sequence[PolicyRuleSpec], cluster_rules: Sequence[PolicyRuleSpec]
) -> Iterator[ObjectSpec]:
    """The Roles with the rules, and their bindings to the ServiceAccount, each after what it needs. `account` is the
    key of the ServiceAccount, which has the same metadata. Who comes after the last one comes after all of them."""
    name, last = str(metadata["name"]), account
    if rules:
        yield _role(_ROLE, "Role", metadata, rules)
        yield _binding(_ROLE_BINDING, "RoleBinding", "Role", metadata, name, account, [_ROLE, last])
        last = _ROLE_BINDING
    if cluster_rules:
        # A ClusterRole has no namespace, and its name must be unique in the cluster. No name has a colon.
        in_cluster = {key: value for key, value in metadata.items() if key != "namespace"}
        full = Computed(lambda known: f"{known[0]}:{name}", (_namespace(metadata, account),))
        own = {**in_cluster, "name": full}
        yield _role(_CLUSTER_ROLE, "ClusterRole", own, cluster_rules)
        before = [_CLUSTER_ROLE, last]
        yield _binding(_CLUSTER_ROLE_BINDING, "ClusterRoleBinding", "ClusterRole", own, name, account, before, metadata)


def _namespace(metadata: Manifest, account: str) -> Any:
    """The namespace of the ServiceAccount; the provider fills in its own if none is set."""
    if "namespace" in metadata:
        return metadata["namespace"]
    return Computed(lambda known: known[0] or "default", (Ref(account, output=("metadata", "namespace")),))


def _role(key: str, kind: str, metadata: Manifest, rules: Sequence[PolicyRuleSpec]) -> ObjectSpec:
    built = [_rule(rule) for rule in rules]
    return ObjectSpec(key, {"apiVersion": _API_VERSION, "kind": kind, "metadata": metadata, "rules": built})


def _rule(rule: PolicyRuleSpec) -> dict[str, Any]:
    verbs = list(rule.verbs)
    if rule.non_resource_urls is not None:
        return {"nonResourceURLs": list(rule.non_resource_urls), "verbs": verbs}
    named = {"resourceNames": list(rule.resource_names)} if rule.resource_names else {}
    return {"apiGroups": list(rule.api_groups), "resources": list(rule.resources or ()), **named, "verbs": verbs}


def _binding(
    key: str,
    kind: str,
    role: str,
    metadata: Manifest,
    name: str,
    account: str,
    before: Sequence[str],
    of_account: Optional[Manifest] = None,
) -> ObjectSpec:
    namespace = _namespace(metadata if of_account is None else of_account, account)
    manifest = {
        "apiVersion": _API_VERSION,
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": role, "name": metadata["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
    }
    return ObjectSpec(key, manifest, before)
