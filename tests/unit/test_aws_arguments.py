"""What is registered of AWS, held against the installed pulumi_aws: names, required fields, types, choices.

The SDK itself looks at the arguments of a resource alone, not into blocks, and passes on what it does not know. `make
matrix` runs this with the oldest and the newest SDK.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
import pytest
from pulumi import _types
from pulumi_portico.testing import Recording, Registration, record
from pulumi_portico.testing.wire import unwrapped

from tests.aws_balancers import application, network, own
from tests.problems import assert_problem, problems_of
from tests.unit import test_aws_load_balancer_on_aws as on_aws
from tools.terraform_plan import TYPES, snake

FEATURES = {
    **on_aws.FEATURES,
    "health logs": application(logs={"health": True}),
    "elastic ips": network(elastic_ips=["eipalloc-1", "eipalloc-2"]),
}
# What the oldest SDK that the components take (7.0.0) has not, and how Portico says so.
NEWER: Mapping[str, str] = {"health logs": "health_check_logs"}


def args_of(token: str) -> Any:
    """The class of a type's arguments."""
    module, _, name = token.removeprefix("aws:").partition("/")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        within = importlib.import_module(f"pulumi_aws.{module}")
    cls = name.rpartition(":")[2]
    # Where a block has the name already, such as a bucket's versioning, the generator calls it so.
    return getattr(within, f"{cls}InitArgs", None) or getattr(within, f"{cls}Args")


def faults(it: Registration) -> list[str]:
    """What the SDK has against a registration's inputs."""
    return list(_of_object(unwrapped(it.inputs), args_of(it.type), it.name))


def _of_object(value: Mapping[str, Any], cls: Any, path: str) -> Iterator[str]:
    known = _types.input_type_types(cls)
    names = _types.input_type_py_to_pulumi_names(cls)
    for key in value.keys() - known.keys():
        yield f"{path}.{key}: {cls.__name__} has no such argument"
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        if name in names and parameter.default is parameter.empty and names[name] not in value:
            yield f"{path}.{names[name]}: {cls.__name__} requires it"
    for key in value.keys() & known.keys():
        yield from _of_value(value[key], known[key], f"{path}.{key}")


def _of_value(value: Any, wanted: Any, path: str) -> Iterator[str]:
    choices = _choices(wanted)
    wanted = _plain(wanted)
    kind = typing.get_origin(wanted) or wanted
    is_block = _types.is_input_type(kind)
    expected: Any = Mapping if is_block else kind
    if choices is not None:
        if value not in choices:
            yield f"{path} is {value!r}, and may be {', '.join(map(str, sorted(choices)))}"
    elif not isinstance(value, expected) or (kind is int and type(value) is bool):
        yield f"{path} is {value!r}, and is a {kind.__name__}"
    elif is_block:
        yield from _of_object(value, kind, path)
    elif issubclass(kind, Sequence) and kind is not str:
        if isinstance(value, str):
            yield f"{path} is {value!r}, and is a list"
            return
        for at, item in enumerate(value):
            yield from _of_value(item, typing.get_args(wanted)[0], f"{path}[{at}]")


def _plain(wanted: Any) -> Any:
    """The type that a value has, of one that may be an Output, too."""
    if typing.get_origin(wanted) is typing.Union:
        return typing.get_args(wanted)[0]
    return wanted


def _choices(wanted: Any) -> set[Any] | None:
    """The values of an enum, of a type that takes one."""
    for part in (wanted, *typing.get_args(wanted)):
        if isinstance(part, type) and issubclass(part, enum.Enum):
            return {it.value for it in part}
    return None


def recorded(feature: str) -> Recording | None:
    """What a load balancer registers; None where the installed SDK is too old for it, and that is said."""
    named = NEWER.get(feature)
    if named is None or named in inspect.signature(args_of("aws:lb/loadBalancer:LoadBalancer")).parameters:
        return own(FEATURES[feature])
    assert_problem(problems_of(lambda: own(FEATURES[feature])), "pulumi-aws-too-old", "logs", "health")
    return None


def aws(recording: Recording) -> list[Registration]:
    return [it for it in recording.registrations if it.custom and it.type.startswith("aws:")]


@pytest.mark.parametrize("feature", FEATURES)
def test_the_sdk_knows_every_argument(feature: str) -> None:
    recording = recorded(feature)
    if recording is not None:
        found = [fault for it in aws(recording) for fault in faults(it)]
        assert aws(recording)
        assert not found, "\n".join(found)


def test_every_type_is_held_against_the_sdk() -> None:
    recordings = [it for it in map(recorded, FEATURES) if it is not None]
    seen = {it.type for recording in recordings for it in aws(recording)}
    # A type that is in the table of Terraform's names and is not made by any feature is one that nothing tests.
    assert seen == TYPES.keys() - {"aws:ec2/eip:Eip"}


@pytest.mark.parametrize("token", TYPES)
def test_the_fields_go_back_to_terraforms_names(token: str) -> None:
    # The SDK's own Python names were made from Terraform's.
    names = _types.input_type_py_to_pulumi_names(args_of(token))
    assert {key: snake(key) for key in names.values()} == {key: name for name, key in names.items()}


def _faults(**inputs: Any) -> list[str]:
    """What is found in a listener like these."""

    # No class of pulumi_aws stands in the way of what is wrong.
    (it,) = record(lambda: pulumi.CustomResource("aws:lb/listener:Listener", "web", inputs)).registrations
    return faults(it)


_GOOD: dict[str, Any] = {"loadBalancerArn": "arn", "port": 80, "defaultActions": [{"type": "forward"}]}


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        ({**_GOOD, "sslPolicies": "x"}, "web.sslPolicies: ListenerArgs has no such argument"),
        ({"port": 80, "defaultActions": []}, "web.loadBalancerArn: ListenerArgs requires it"),
        (
            {**_GOOD, "defaultActions": [{"type": "redirect", "redirect": {"port": "443"}}]},
            "web.defaultActions[0].redirect.statusCode: ListenerDefaultActionRedirectArgs requires it",
        ),
        (
            {**_GOOD, "defaultActions": [{"type": "forward", "targetGroup": "arn"}]},
            "web.defaultActions[0].targetGroup: ListenerDefaultActionArgs has no such argument",
        ),
        ({**_GOOD, "port": "80"}, "web.port is '80', and is a int"),
        ({**_GOOD, "port": True}, "web.port is True, and is a int"),
        ({**_GOOD, "tags": ["a"]}, "web.tags is ['a'], and is a Mapping"),
        (
            {**_GOOD, "defaultActions": {"type": "forward"}},
            "web.defaultActions is {'type': 'forward'}, and is a Sequence",
        ),
        ({**_GOOD, "mutualAuthentication": "off"}, "web.mutualAuthentication is 'off', and is a "),
    ],
)
def test_what_is_wrong_is_found(inputs: dict[str, Any], fault: str) -> None:
    assert _faults(**_GOOD) == []
    (found,) = _faults(**inputs)
    assert found.startswith(fault)


def test_a_choice_that_the_sdk_does_not_have_is_found() -> None:
    args = args_of("aws:route53/record:Record")
    record_ = {"zoneId": "Z", "name": "shop.example.com", "type": "A", "ttl": 60, "records": ["192.0.2.1"]}
    assert list(_of_object(record_, args, "shop")) == []
    (found,) = _of_object({**record_, "type": "B"}, args, "shop")
    assert found.startswith("shop.type is 'B', and may be A, AAAA")
