"""Outputs at every leaf of the arguments: every rule applies to their values, and no message shows a secret one."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, AwsLoadBalancer, IngressGateway, PublicLoadBalancer, WebService
from pulumi_portico.args.shapes import is_args, is_enum, is_generic, required_fields, shapes_of, take_apart
from pulumi_portico.aws_load_balancer.args import AwsLoadBalancerArgs
from pulumi_portico.ingress_gateway.args import IngressGatewayArgs
from pulumi_portico.public_load_balancer.args import PublicLoadBalancerArgs
from pulumi_portico.testing import record
from pulumi_portico.web_service.args import WebServiceArgs

TARGET = {"service": "web", "namespace": "shop", "port": 80, "target_port": 8080, "selector": {"app": "web"}}
EXPOSURE = {
    "scope": "internet",
    "platform": "aws-controller",
    "allowed_sources": ["0.0.0.0/0"],
    "client_ip": "preserve",
}
ROUTE = {"host": "shop.example.com", "path": "/", "target": TARGET}
COMPONENTS: Mapping[str, tuple[Callable[..., Any], Any, Mapping[str, Any]]] = {
    "WebService": (WebService, WebServiceArgs, {"image": "registry.example.com/web:1", "port": 8080}),
    "IngressGateway": (
        IngressGateway,
        IngressGatewayArgs,
        {
            "exposure": EXPOSURE,
            "routes": [ROUTE],
            "tls": {"shop.example.com": {"secret": "shop-tls"}},
            "crds": {"installed": True},
        },
    ),
    "PublicLoadBalancer": (PublicLoadBalancer, PublicLoadBalancerArgs, {"target": TARGET, "exposure": EXPOSURE}),
    "AwsLoadBalancer": (
        AwsLoadBalancer,
        AwsLoadBalancerArgs,
        {
            "kind": "application",
            "scope": "internet",
            "vpc": "vpc-1",
            "subnets": ["subnet-1", "subnet-2"],
            "allowed_sources": ["0.0.0.0/0"],
            "targets": {"web": {"target": TARGET}},
            "listeners": [{"port": 80, "protocol": "http", "target": "web"}],
        },
    ),
}
VALID: Mapping[type, Sequence[Any]] = {
    str: (
        *("a", "/a", "a.example.com", "10.0.0.0/8", "registry.example.com/a:1", "metadata.name", "limits.cpu", "200"),
        *("sg-1", "pl-1", "subnet-1", "eipalloc-1", "10.0.0.1", "arn:aws:iam::123456789012:role/a"),
        "arn:aws:acm:eu-central-1:123456789012:certificate/0",
        "$apr1$a$b",
    ),
    int: (1, 5, 60, 80, 300, 8080, 30080),
    float: (1.0, 50.0),
    bool: (True, False),
}
INVALID: Mapping[type, Sequence[Any]] = {
    str: ("a\nb", "a,X-Evil:b", "", "fe80::%1; x/64", "Ä;{}" * 90),
    int: (-1, 0, 7, 10**9, "5"),
    float: (-1.0, "1"),
    bool: ("true",),
}
CANARY = "hunter2\n;{canary}"

Step = tuple[str, str]


@dataclass(frozen=True)
class Leaf:
    """A leaf that accepts an Output."""

    component: str
    path: tuple[Step, ...]
    """The steps from the arguments to it: each a kind (field, item, key), and the field's name."""
    type: type
    owner: type
    """The args type of the field."""

    def __str__(self) -> str:
        return ".".join([self.component, *(name if kind == "field" else kind for kind, name in self.path)])


def leaves_of(component: str, typ: Any, path: tuple[Step, ...] = (), within: tuple[Any, ...] = ()) -> Iterator[Leaf]:
    for name, shape in shapes_of(typ).items():
        yield from _below(component, shape, (*path, ("field", name)), (*within, typ))


def _below(component: str, shape: Any, path: tuple[Step, ...], within: tuple[Any, ...]) -> Iterator[Leaf]:
    typ = shape.type
    if is_args(typ):
        if typ not in within:
            yield from leaves_of(component, typ, path, within)
    elif is_generic(typ, Mapping) or is_generic(typ, Sequence):
        kind = "key" if is_generic(typ, Mapping) else "item"
        yield from _below(component, take_apart(typing.get_args(typ)[-1]), (*path, (kind, "")), within)
    elif shape.later and typ in VALID and path[-1] != ("field", "ready"):
        yield Leaf(component, path, typ, within[-1])


def put(base: Any, typ: Any, path: Sequence[Step], value: Any) -> Any:
    """The arguments with the value at the leaf; what is required beside it has some value."""
    if not path:
        return value
    (kind, name), *rest = path
    if kind == "field":
        fields: dict[str, Any] = dict(base or {})
        for other in required_fields(typ):
            if other != name and other not in fields:
                fields[other] = _sample(shapes_of(typ)[other].type)
        return {**fields, name: put(fields.get(name), shapes_of(typ)[name].type, rest, value)}
    below = take_apart(typing.get_args(typ)[-1]).type
    if kind == "item":
        return [put(base[0] if base else None, below, rest, value), *(base or [])[1:]]
    key = next(iter(base)) if base else "a"
    return {**(base or {}), key: put((base or {}).get(key), below, rest, value)}


def _sample(typ: Any) -> Any:
    if is_args(typ):
        return {name: _sample(shapes_of(typ)[name].type) for name in required_fields(typ)}
    if is_enum(typ):
        return next(iter(typ)).value
    if is_generic(typ, Mapping):
        return {"a": _sample(take_apart(typing.get_args(typ)[-1]).type)}
    if is_generic(typ, Sequence):
        return [_sample(take_apart(typing.get_args(typ)[-1]).type)]
    return VALID[typ][0]


def _leaves() -> Iterator[Leaf]:
    """One leaf of each field: the types of containers and of health checks are the same wherever they are."""
    for component, (_, typ, _) in COMPONENTS.items():
        seen: set[Any] = set()
        for leaf in leaves_of(component, typ):
            if (leaf.owner, leaf.path[-2:]) not in seen:
                seen.add((leaf.owner, leaf.path[-2:]))
                yield leaf


LEAVES = list(_leaves())
_SHARE = 12
"""`make unit` checks one leaf in this many, `make long-test` all of them: it takes ten minutes."""
ROWS = [
    pytest.param(leaf, id=str(leaf), marks=[] if at % _SHARE == 0 else [pytest.mark.long])
    for at, leaf in enumerate(LEAVES)
]


def _answer(token: str, _args: Mapping[str, Any]) -> Mapping[str, Any]:
    """What functions of AWS return."""
    return {"aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"}}[token]


def error_with(leaf: Leaf, value: Callable[[], Any]) -> str | None:
    """The message with which the component rejects a value at the leaf; None if it accepts it."""
    component, typ, base = COMPONENTS[leaf.component]
    try:
        record(lambda: component("web", put(base, typ, leaf.path, value())), calls=_answer)
    except ArgumentError as error:
        return str(error)
    return None


def test_there_are_leaves_to_check() -> None:
    assert len(LEAVES) > 200
    assert {leaf.component for leaf in LEAVES} == COMPONENTS.keys()


@pytest.mark.parametrize("leaf", ROWS)
def test_no_message_shows_a_secret_output(leaf: Leaf) -> None:
    message = error_with(leaf, lambda: pulumi.Output.secret(CANARY))
    assert "hunter2" not in (message or "")
    if leaf.type is not str:
        assert message is not None
        number = error_with(leaf, lambda: pulumi.Output.secret(-987654321))
        assert "987654321" not in (number or "")


@pytest.mark.parametrize("leaf", ROWS)
def test_what_is_rejected_of_a_plain_value_is_rejected_of_an_output(leaf: Leaf) -> None:
    if not any(error_with(leaf, lambda value=value: value) is None for value in VALID[leaf.type]):
        pytest.skip("Something beside the leaf is missing, so nothing here can tell a valid value from another.")
    for value in INVALID[leaf.type]:
        if error_with(leaf, lambda value=value: value) is not None:
            later = error_with(leaf, lambda value=value: pulumi.Output.from_input(value))
            assert later is not None, f"{value!r} is accepted as an Output"
