"""The JSON Schema of stack files, for editors: components/stack.schema.json, and that of the base files they extend.

Made from the same types as the schema for the other languages; `python -m tools.docs` writes all of them.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pulumi_portico.args.names import PATTERNS, dns_label
from pulumi_portico.args.parse import Field, Rules
from pulumi_portico.args.shapes import (
    Shape,
    camel_case,
    is_args,
    is_enum,
    is_generic,
    required_fields,
    shapes_of,
    take_apart,
)
from pulumi_portico.args.values import Rule, WholeNumber, image_reference
from pulumi_portico.aws_load_balancer import AwsLoadBalancerArgs
from pulumi_portico.aws_load_balancer.args import RULES as AWS_BALANCER_RULES
from pulumi_portico.ingress_gateway import IngressGatewayArgs, IngressRoutesArgs
from pulumi_portico.ingress_gateway.validation import GATEWAY_RULES, ROUTES_RULES
from pulumi_portico.job.args import JobArgs
from pulumi_portico.job.args import rules_with as job_rules_with
from pulumi_portico.namespace import NamespaceArgs
from pulumi_portico.pod_security import PodSecurityLevel
from pulumi_portico.public_load_balancer import PublicLoadBalancerArgs
from pulumi_portico.public_load_balancer.args import RULES as BALANCER_RULES
from pulumi_portico.stack import StackArgs, StackTarget
from pulumi_portico.stack.manifests import CustomKind
from pulumi_portico.stack.own_args import ClaimArgs, ConfigMapArgs, SecretArgs
from pulumi_portico.stack.own_parts import OWN_PARTS_RULES
from pulumi_portico.web_service import WebServiceArgs
from pulumi_portico.web_service.args import rules_with

from tools.cluster import ROOT
from tools.partial_schema import partials

__all__ = ["BASE_FILE", "FILE", "args_types", "generate", "generate_base"]

FILE = ROOT / "components" / "stack.schema.json"
BASE_FILE = ROOT / "components" / "base.schema.json"

_DRAFT = "http://json-schema.org/draft-07/schema#"
_PREFIX = "portico:"
_ROOTS: Mapping[str, type] = {
    "WebService": WebServiceArgs,
    "Job": JobArgs,
    "IngressGateway": IngressGatewayArgs,
    "IngressRoutes": IngressRoutesArgs,
    "PublicLoadBalancer": PublicLoadBalancerArgs,
    "AwsLoadBalancer": AwsLoadBalancerArgs,
}
_RULES: Rules = {
    **OWN_PARTS_RULES,
    **rules_with(image_reference),
    **job_rules_with(image_reference),
    **GATEWAY_RULES,
    **ROUTES_RULES,
    **BALANCER_RULES,
    **AWS_BALANCER_RULES,
}
_OWN: Mapping[str, type] = {"configMaps": ConfigMapArgs, "secrets": SecretArgs, "claims": ClaimArgs}
"""The keys of objects that only stacks have, by name."""
_MANIFEST = {"anyOf": [{"type": "string"}, {"type": "object", "required": ["apiVersion", "kind", "metadata"]}]}
_OWN_LISTS: Mapping[str, Any] = {
    "manifests": {
        "anyOf": [{"type": "array", "items": _MANIFEST}, {"type": "object", "additionalProperties": _MANIFEST}]
    },
    "customKinds": {"type": "array", "items": {"$ref": "#/definitions/CustomKind"}},
}
"""The keys of other objects that only stacks have."""
_KINDS = {
    "services": "WebService",
    "jobs": "Job",
    "gateways": "IngressGateway",
    "routes": "IngressRoutes",
    "loadBalancers": "PublicLoadBalancer",
    "awsLoadBalancers": "AwsLoadBalancer",
}
_WITHOUT_DEFAULTS = ("jobs", "gateways", "routes", "loadBalancers", "awsLoadBalancers")
"""The keys whose components no defaults fill in."""
_SECRET = {
    "type": "object",
    "description": "A value that `pulumi config set --secret --path` has encrypted for this stack.",
    "properties": {"secure": {"type": "string", "description": "The encrypted value."}},
    "required": ["secure"],
    "additionalProperties": False,
}
_TOP = {
    "secretsprovider": "What encrypts the stack's secrets, written by `pulumi stack init`.",
    "encryptedkey": "The key of the stack's secrets, encrypted by their provider.",
    "encryptionsalt": "The salt of the passphrase that encrypts the stack's secrets.",
}
_OTHERS = {
    "kubernetes:context": "The context of the kubeconfig, which says which cluster the stack is for.",
    "kubernetes:kubeconfig": "The kubeconfig, as a path or its content. Default: KUBECONFIG, else ~/.kube/config.",
    "aws:region": "The AWS region, such as eu-central-1.",
    "aws:profile": "The profile of the AWS configuration that is used.",
}


_NAMESPACE: Mapping[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^(?:{PATTERNS[dns_label][0]})$"},
        {"$ref": "#/definitions/NamespaceArgs"},
    ]
}


def _pod_security() -> dict[str, Any]:
    levels = list(PodSecurityLevel)
    told = _docstrings(PodSecurityLevel)
    return {
        "type": "string",
        "enum": [level.value for level in levels],
        "enumDescriptions": [told[level.name] for level in levels],
    }


def generate(schema: Mapping[str, Any]) -> str:
    """The schema of stack files, from that of the package."""
    definitions = _definitions(schema)
    top = {key: {"type": "string", "description": text} for key, text in _TOP.items()}
    environment = {"description": "Environments of Pulumi ESC, whose values this file is laid over."}
    made: dict[str, Any] = {
        "$schema": _DRAFT,
        "title": "A stack of Portico",
        "description": "Pulumi.<stack>.yaml: one environment.",
        "type": "object",
        "properties": {"config": _config(), "environment": environment, **top},
        "required": ["config"],
        "additionalProperties": False,
        "definitions": dict(sorted({**definitions, **partials(definitions), "Base": _base()}.items())),
    }
    return _spelled(json.dumps(_unwrapped(made), indent=2, ensure_ascii=False)) + "\n"


def generate_base() -> str:
    """The schema of base files."""
    made = {"$schema": _DRAFT, "title": "A base of stacks", "$ref": f"{FILE.name}#/definitions/Base"}
    return json.dumps(made, indent=2) + "\n"


def _config() -> dict[str, Any]:
    """The stack's configuration: whole by itself, or with the rest in a base or in the defaults."""
    told = {f"{_PREFIX}{key}": {"description": text} for key, text in _keys().items()}
    extended = {"required": [f"{_PREFIX}extends"]}
    filled = {"anyOf": [extended, {"required": [f"{_PREFIX}defaults"]}]}
    return {
        "type": "object",
        "description": "The stack's configuration: ours below portico:, the providers' below their own names.",
        "properties": {
            **told,
            f"{_PREFIX}extends": {**told[f"{_PREFIX}extends"], "type": "string"},
            f"{_PREFIX}namespace": {**told[f"{_PREFIX}namespace"], **_NAMESPACE},
            f"{_PREFIX}podSecurity": {**told[f"{_PREFIX}podSecurity"], **_pod_security()},
            **{f"{_PREFIX}{key}": {**told[f"{_PREFIX}{key}"], **_own(args)} for key, args in _OWN.items()},
            **{f"{_PREFIX}{key}": {**told[f"{_PREFIX}{key}"], **schema} for key, schema in _OWN_LISTS.items()},
            f"{_PREFIX}dns": {**told[f"{_PREFIX}dns"], "allOf": [_ref("Dns")]},
            f"{_PREFIX}defaults": {**told[f"{_PREFIX}defaults"], "allOf": [_ref("WebServicePartial")]},
            **{key: {"description": text} for key, text in _OTHERS.items()},
        },
        "patternProperties": {f"^(?!{_PREFIX})[^:]+:.+$": {}},
        "additionalProperties": False,
        "allOf": [
            {"if": filled, "then": _components(["services"], "Partial"), "else": _components(["services"])},
            {
                "if": extended,
                "then": _components(_WITHOUT_DEFAULTS, "Partial"),
                "else": {**_components(_WITHOUT_DEFAULTS), "required": [f"{_PREFIX}namespace"]},
            },
        ],
    }


def _components(keys: Sequence[str], suffix: str = "") -> dict[str, Any]:
    return {"properties": {f"{_PREFIX}{key}": _named(key, suffix) for key in keys}}


def _named(key: str, suffix: str) -> dict[str, Any]:
    component = _ref(f"{_KINDS[key]}{suffix}")
    return {"type": "object", "additionalProperties": component}


def _own(args: type) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _ref(args.__name__)}


def _base() -> dict[str, Any]:
    told = {key: {"description": text} for key, text in _keys().items()}
    values = {
        **{key: _named(key, "Partial") for key in _KINDS},
        "defaults": {"allOf": [_ref("WebServicePartial")]},
        "namespace": _NAMESPACE,
        "podSecurity": _pod_security(),
        **{key: _own(args) for key, args in _OWN.items()},
        **_OWN_LISTS,
        "dns": {"allOf": [_ref("Dns")]},
        "extends": {"type": "string"},
    }
    return {
        "type": "object",
        "description": "What stacks share: the same keys as theirs, without portico: before them.",
        "properties": {key: {**it, **values[key]} for key, it in told.items()},
        "additionalProperties": False,
    }


def _keys() -> dict[str, str]:
    """The keys below `portico:`, with their words."""
    return {camel_case(name): text for name, text in _docstrings(StackArgs).items()}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}


def _definitions(schema: Mapping[str, Any]) -> dict[str, Any]:
    classes = {it.__name__: it for root in _ROOTS.values() for it in args_types(root)}
    made: dict[str, Any] = {"Secret": _SECRET}
    for token, it in schema["types"].items():
        name = token.rpartition(":")[2]
        if "enum" in it:
            made[name] = _choices(it)
        elif name in classes:
            made[name] = _object(it["description"], it["properties"], it.get("required", []), classes[name])
    for name, args in _ROOTS.items():
        component = schema["resources"][f"portico:index:{name}"]
        about = component["description"].partition("\n:param")[0].strip()
        made[name] = _object(about, component["inputProperties"], component.get("requiredInputs", []), args)
    made["Target"] = _target(made["Target"])
    for args in (NamespaceArgs, CustomKind, *_OWN.values()):
        made |= _own_definitions(args, made)
    return made


def _own_definitions(root: type, known: Mapping[str, Any]) -> dict[str, Any]:
    """The types that no component has."""
    made: dict[str, Any] = {}
    for args in args_types(root):
        told = _docstrings(args)
        shapes = shapes_of(args)
        properties = {
            camel_case(name): {**_as_pulumi(shape), "description": told[name]} for name, shape in shapes.items()
        }
        required = [camel_case(name) for name in required_fields(args)]
        made[args.__name__] = _object(inspect.cleandoc(args.__doc__ or ""), properties, required, args)
        for shape in shapes.values():
            if is_enum(shape.type) and shape.type.__name__ not in known:
                made[shape.type.__name__] = _enum(shape.type)
    return made


def _enum(choices: Any) -> dict[str, Any]:
    told = _docstrings(choices)
    enum = [{"value": member.value, "description": told[member.name]} for member in choices]
    return _choices({"description": inspect.cleandoc(choices.__doc__ or ""), "enum": enum})


def _as_pulumi(shape: Shape) -> dict[str, Any]:
    """A type as Pulumi's schema has it."""
    typ, plain = shape.type, {} if shape.later else {"plain": True}
    scalars = {str: "string", int: "integer", bool: "boolean"}
    if typ in scalars:
        return {"type": scalars[typ], **plain}
    if is_generic(typ, Mapping):
        return {"type": "object", "additionalProperties": _as_pulumi(take_apart(typing.get_args(typ)[1])), **plain}
    if is_generic(typ, Sequence):
        return {"type": "array", "items": _as_pulumi(take_apart(typing.get_args(typ)[0])), **plain}
    return {"$ref": f"#/types/portico:index:{typ.__name__}", **plain}


def _target(written: Mapping[str, Any]) -> dict[str, Any]:
    """By name, or written out: which of the two is told by the namespace."""
    told = _docstrings(StackTarget)
    kinds = {"service": "string", "gateway": "string", "port": "integer", "port_name": "string"}
    named = {
        "type": "object",
        "description": inspect.cleandoc(StackTarget.__doc__ or ""),
        "properties": {camel_case(name): {"type": kind, "description": told[name]} for name, kind in kinds.items()},
        "additionalProperties": False,
        "oneOf": [{"required": ["service"]}, {"required": ["gateway"]}],
    }
    return {"type": "object", "if": {"required": ["namespace"]}, "then": written, "else": named}


def args_types(args: type) -> Iterator[type]:
    """The args type and those below it."""
    yield args
    for shape in shapes_of(args).values():
        yield from _below(shape.type)


def _below(typ: Any) -> Iterator[type]:
    if is_args(typ):
        yield from args_types(typ)
    elif is_generic(typ, Mapping) or is_generic(typ, Sequence):
        yield from _below(take_apart(typing.get_args(typ)[-1]).type)


def _object(about: str, properties: Mapping[str, Any], required: list[str], args: type) -> dict[str, Any]:
    rules = {camel_case(name): it for name, it in _RULES.get(args, {}).items()}
    assert set(required) == {camel_case(it) for it in required_fields(args)}, args
    return {
        "type": "object",
        "description": about,
        "properties": {
            key: _told(it["description"], _field(it, rules.get(key, Field()))) for key, it in properties.items()
        },
        **({"required": list(required)} if required else {}),
        "additionalProperties": False,
    }


def _field(it: Mapping[str, Any], rules: Field) -> dict[str, Any]:
    """A field's value, and the secret that may stand for it where the engine need not know it ahead."""
    made = _value(it, rules)
    text = made.get("type") == "string" or made == {}
    return {"anyOf": [made, {"$ref": "#/definitions/Secret"}]} if text and made and not it.get("plain") else made


def _value(it: Mapping[str, Any], rules: Field) -> dict[str, Any]:
    if "$ref" in it:
        name = it["$ref"].rpartition(":")[2]
        return {} if it["$ref"] == "pulumi.json#/Any" else {"$ref": f"#/definitions/{name}"}
    made: dict[str, Any] = {"type": it["type"]}
    if "items" in it:
        made["items"] = _field(it["items"], rules.each())
    if "additionalProperties" in it:
        made["additionalProperties"] = _field(it["additionalProperties"], rules.each())
    if rules.keys is not None and (pattern := _pattern(rules.keys)):
        made["propertyNames"] = pattern
    return {**made, **_pattern(rules.value)}


def _pattern(rule: Rule | None) -> dict[str, Any]:
    """A rule in the words of JSON Schema, where it has them."""
    if isinstance(rule, WholeNumber):
        return {"minimum": rule.least, "maximum": rule.most}
    if rule is not None and rule in PATTERNS:
        pattern, longest = PATTERNS[rule]
        return {"pattern": f"^(?:{pattern})$", "maxLength": longest}
    return {}


def _choices(it: Mapping[str, Any]) -> dict[str, Any]:
    told = [choice["description"] for choice in it["enum"]]
    values = [choice["value"] for choice in it["enum"]]
    return {"type": "string", "description": it["description"], "enum": values, "enumDescriptions": told}


def _told(about: str, made: Mapping[str, Any]) -> dict[str, Any]:
    """With its words. What stands beside a $ref is not read, so that goes one level down."""
    return {"description": about, **({"allOf": [dict(made)]} if "$ref" in made else made)}


def _docstrings(args: type) -> dict[str, str]:
    """What stands below each field."""
    (described,) = ast.parse(inspect.getsource(args)).body
    assert isinstance(described, ast.ClassDef)
    told: dict[str, str] = {}
    for field, text in zip(described.body, described.body[1:], strict=False):
        target = field.target if isinstance(field, ast.AnnAssign) else None
        if isinstance(field, ast.Assign):
            # A choice of an Enum.
            (target,) = field.targets
        if isinstance(target, ast.Name):
            assert isinstance(text, ast.Expr)
            told[target.id] = inspect.cleandoc(ast.literal_eval(text.value))
    return told


def _unwrapped(value: Any) -> Any:
    """Descriptions as paragraphs: an editor takes the end of a line for the end of one."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {key: _paragraphs(it) if key == "description" else _unwrapped(it) for key, it in fields.items()}
    return [_unwrapped(it) for it in cast("list[Any]", value)] if isinstance(value, list) else value


def _paragraphs(text: Any) -> Any:
    # A field may be called description, too.
    return re.sub(r"(?<!\n)\n(?![\n*-])", " ", text) if isinstance(text, str) else _unwrapped(text)


def _spelled(text: str) -> str:
    """The names of fields as stack files write them."""
    names = {name for root in (*_ROOTS.values(), StackArgs) for it in args_types(root) for name in shapes_of(it)}

    def spelled(match: re.Match[str]) -> str:
        return "`" + ".".join(camel_case(it) if it in names else it for it in match[1].split(".")) + "`"

    return re.sub(r"`([a-z_.]+)`", spelled, text)
