"""The secrets that a stack has as plain text, or in a field that isn't meant for one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pulumi

from ...args.concealment import has_credential, is_plain_secret
from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Field, Key, Location
from ...args.spec import Spec, defaults_of
from ...ingress_gateway.install.webhook import AdmissionWebhookSpec
from ...ingress_gateway.route_settings import BasicAuthSpec
from ...ingress_gateway.tls import HostTlsSpec
from ...untyped import mapped
from ...workload.environment import EnvironmentSpec
from ..own_args import ConfigMapSpec, SecretSpec
from ..plan import StackPlan

__all__ = ["PLAIN_TEXT_SECRET", "SECRET_IN_PLAIN_FIELD", "exceptions_of_secrets"]

PLAIN_TEXT_SECRET = exception_kind(
    "plain-text-secret",
    "Everyone who reads the stack file reads this secret. Encrypt it with `pulumi config set --secret --path`.",
)
SECRET_IN_PLAIN_FIELD = exception_kind(
    "secret-in-plain-field",
    "This looks like a secret. {field} is neither encrypted in the state nor a Secret in the cluster.",
)
_SECRETS: Mapping[type[Spec], Sequence[str]] = {
    AdmissionWebhookSpec: ("key",),
    BasicAuthSpec: ("users",),
    EnvironmentSpec: ("secret_env", "secret_files"),
    HostTlsSpec: ("key",),
    SecretSpec: ("string_data", "data"),
}
"""The fields that are for a secret. `users` has hashes, so it's never reported."""


_VARIABLES: Mapping[type[Spec], Sequence[str]] = {ConfigMapSpec: ("data",)}
"""The fields of further types whose keys are names of variables."""


def exceptions_of_secrets(plan: StackPlan) -> Iterator[SecurityException]:
    """The secrets of every component that the stack doesn't encrypt. What is encrypted is an Output."""
    own = (plan.own.config_maps, plan.own.secrets)
    of_pods, balancers = (plan.services, plan.jobs), (plan.load_balancers, plan.aws_load_balancers)
    for parts in (*of_pods, plan.gateways, plan.routes, *balancers, *own):
        for spec in parts.values():
            yield from _of_spec(spec)


def _of_spec(spec: Spec) -> Iterator[SecurityException]:
    secrets = next((names for type_, names in _SECRETS.items() if isinstance(spec, type_)), ())
    for name in defaults_of(type(spec)):
        value: Any = getattr(spec, name)
        if name in secrets:
            yield from _of_secret(spec, name, value)
        else:
            yield from _within(value, spec.at / name, Field(name))
            if name in _VARIABLES.get(type(spec), ()) or (isinstance(spec, EnvironmentSpec) and name == "env"):
                yield from _of_variables(value, spec.at / name, Field(name))


def _of_variables(value: Any, at: Location, field: Field) -> Iterator[SecurityException]:
    """The variables whose names are those of secrets."""
    for key, text in mapped(value).items():
        if is_plain_secret(key, text):
            yield SecurityException(SECRET_IN_PLAIN_FIELD, at / Key(key), {"field": field})


def _of_secret(spec: Spec, name: str, value: Any) -> Iterator[SecurityException]:
    if isinstance(spec, BasicAuthSpec):
        return
    if isinstance(value, Mapping):
        for key, text in cast("Mapping[str, Any]", value).items():
            if not isinstance(text, pulumi.Output):
                yield SecurityException(PLAIN_TEXT_SECRET, spec.at / name / Key(key))
    elif isinstance(value, str):
        yield SecurityException(PLAIN_TEXT_SECRET, spec.at / name)


def _within(value: Any, at: Location, field: Field) -> Iterator[SecurityException]:
    """The secrets in the value of a field that isn't for one."""
    if isinstance(value, Spec):
        yield from _of_spec(value)
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[Any, Any]", value).items():
            yield from _within(item, at / Key(key), field)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(cast("Sequence[Any]", value)):
            yield from _within(item, at / index, field)
    elif isinstance(value, str) and has_credential(value):
        yield SecurityException(SECRET_IN_PLAIN_FIELD, at, {"field": field})
