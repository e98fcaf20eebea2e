"""Arguments of components as their types say, from seeds: samples with other values at some of their fields."""

from __future__ import annotations

import copy
import random
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any

from pulumi_portico.args.shapes import is_args, is_enum, is_generic, required_fields, shapes_of, take_apart

from tests.kubernetes_limits import BOUNDARIES, SAMPLES, Sample, plain_args

__all__ = ["changed_args", "generated"]

NUMBERS = (0, 1, 2, 3, 5, 30, 60, 80, 100, 443, 1024, 3600, 8080, 8081, 65535, 65536, 2**31 - 1, 2**31)
FRACTIONS = (0.0005, 0.001, 0.1, 0.5, 1.0, 2.5, 64.0, 1000.0)
NAMES = ("a", "api", "web", "data", "shop", "a-b", "a.b", "A", "a_b", "a--b", "1", "0a", "-a", "a-", "a" * 15, "a" * 16)
TEXTS = (
    *NAMES,
    *("a" * length for length in (52, 53, 63, 64, 253, 254)),
    *("a/b", "example.com/a", "example.com/a/b", "/a", "/", "/a/../b"),
    *("a b", " a", "a ", "", "é", "日本", "a\nb", "a\tb"),
    *("10.0.0.0/8", "10.0.0.1", "10.0.0.1/8", "::1", "2001:db8::/32", "fe80::1%eth0", "::ffff:10.0.0.1", "0.0.0.0/0"),
    *("*.example.com", "example.com", "EXAMPLE.com", "example.com.", "a_b.example.com", "*", "*.*.example.com"),
    *("1", "1Gi", "500m", "1.5", "true", "null", "http", "HTTP", "TCP", "5m", "2h", "1h30m"),
    *("$(A)", "$A", "${A}", "a=b", "a,b", "a;b", "a'b", 'a"b', "a\\b", "#a", "{}", "[a]", "%41", "a%"),
    *("metadata.name", "metadata.labels['a']", "status.podIP", "spec.nodeName", "limits.cpu"),
    *("arn:aws:acm:eu-west-1:123456789012:certificate/01234567", "eipalloc-0a1b2c3d4e5f60718", "sg-0123456789abcdef0"),
    *("0 2 * * *", "@daily", "@every 1h", "*/7 0-23/2 ? * sun", "0 0 30 2 *", "TZ=UTC 0 0 * * *", "60 * * * *"),
    *("Etc/UTC", "Europe/Berlin", "utc", "Local"),
    *("node.kubernetes.io/not-ready", "kubernetes.io/os", "nvidia.com/gpu", "topology.kubernetes.io/zone"),
    *("service.beta.kubernetes.io/a", "nginx.org/a", "cert-manager.io/a", "prometheus.io/scrape"),
)
RAW = ({}, [], {"a": "b"}, {"metadata": {"labels": {"a": "b"}}}, {"spec": {"dnsPolicy": "None"}}, "a", 1, None)


@cache
def _harvested() -> Mapping[str, Sequence[Any]]:
    """The plain values that the samples have at the fields of each name."""
    found: dict[str, list[Any]] = {}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, item in value.items():
                walk(str(key), item)
        elif isinstance(value, list):
            for item in value:
                walk(name, item)
        else:
            found.setdefault(name, []).append(value)

    for sample in (*SAMPLES.values(), *BOUNDARIES.values()):
        walk("", sample.args)
    return found


def generated(typ: Any, chance: random.Random, name: str = "", depth: int = 0) -> Any:
    """A value of a type, which needn't be valid; `name` is the field's."""
    if is_enum(typ):
        return chance.choice([item.value for item in typing.cast("type[Enum]", typ)])
    if typ is bool:
        return chance.random() < 0.5
    if typ in (int, float, str):
        known = [value for value in _harvested().get(name, ()) if isinstance(value, typ) and len(str(value)) < 300]
        if known and chance.random() < 0.5:
            return chance.choice(known)
        return chance.choice({int: NUMBERS, float: FRACTIONS, str: TEXTS}[typ])
    if is_args(typ):
        required = required_fields(typ)
        some = [field for field in shapes_of(typ) if field in required or chance.random() < 0.3 / (depth + 1)]
        return {field: generated(shapes_of(typ)[field].type, chance, field, depth + 1) for field in some}
    if is_generic(typ, Mapping):
        item = take_apart(typing.get_args(typ)[1]).type
        keys = [chance.choice(TEXTS) for _ in range(chance.choice((0, 1, 1, 2)))]
        return {key: generated(item, chance, name, depth + 1) for key in keys}
    if is_generic(typ, Sequence):
        item = take_apart(typing.get_args(typ)[0]).type
        return [generated(item, chance, name, depth + 1) for _ in range(chance.choice((0, 1, 1, 2)))]
    return copy.deepcopy(chance.choice(RAW))


def _holders(typ: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    """The mappings and lists in arguments of a type, each with its type."""
    if isinstance(value, dict) and (is_args(typ) or is_generic(typ, Mapping)):
        yield typ, value
        for key, item in value.items():
            inner = shapes_of(typ)[key].type if is_args(typ) else take_apart(typing.get_args(typ)[1]).type
            yield from _holders(inner, item)
    elif isinstance(value, list) and is_generic(typ, Sequence):
        for item in value:
            yield from _holders(take_apart(typing.get_args(typ)[0]).type, item)


def changed_args(sample: Sample, chance: random.Random) -> dict[str, Any]:
    """The arguments of a sample with other values at one to three fields."""
    args = copy.deepcopy(plain_args(sample.args))
    for _ in range(chance.choice((1, 1, 2, 3))):
        typ, holder = chance.choice(list(_holders(sample.kind.args_type, args)))
        if is_args(typ):
            field = chance.choice(list(shapes_of(typ)))
            if field != "namespace" or typ is not sample.kind.args_type:
                holder[field] = generated(shapes_of(typ)[field].type, chance, field)
        else:
            holder[chance.choice(TEXTS)] = generated(take_apart(typing.get_args(typ)[1]).type, chance)
    return args
