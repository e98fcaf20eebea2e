"""Register AWS's resources. Only this module imports `pulumi_aws`, when it registers the first of them."""

import hashlib
import importlib
import importlib.util
import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import pulumi

from ..args.problems import PorticoError
from ..load_balancers import NAME_LENGTH

__all__ = ["call", "is_available", "register_aws", "require_pulumi_aws", "short", "takes"]

_RANDOM = 8
"""The hyphen and seven digits that Pulumi's AWS provider makes a name unique by."""
_HASH = 6


def is_available() -> bool:
    """Whether the package pulumi-aws is installed."""
    return importlib.util.find_spec("pulumi_aws") is not None


def require_pulumi_aws(name: str) -> None:
    """Raise if the package pulumi-aws isn't installed; ``name`` is the load balancer that requires it."""
    if not is_available():
        raise PorticoError(
            f'AwsLoadBalancer "{name}" requires the package pulumi-aws, which isn\'t installed. '
            "Run: pip install 'pulumi-portico[aws]'"
        )


def register_aws(kind: str, name: str, properties: Mapping[str, Any], opts: pulumi.ResourceOptions) -> Any:
    """Register the resource of a class such as `lb.LoadBalancer`."""
    module, _, cls = kind.rpartition(".")
    made = _member(module, cls)
    try:
        return made(name, opts=opts, **properties)
    except TypeError as error:
        # An argument that AWS has had for a short time alone.
        raise PorticoError(f"the installed pulumi_aws cannot make {kind} {name}: {error}; a newer one may") from error


def takes(kind: str, argument: str) -> bool:
    """Whether `pulumi_aws` has an argument of a class such as `lb.LoadBalancer`; true if it isn't installed."""
    if not is_available():
        return True
    module, _, cls = kind.rpartition(".")
    return argument in inspect.signature(_member(module, f"{cls}Args")).parameters


def call(function: str, arguments: Mapping[str, Any], component: pulumi.Resource) -> pulumi.Output[Any]:
    """Ask the provider by a function such as `route53.get_zone`, with the component's own provider."""
    module, _, name = function.rpartition(".")
    made = _member(module, f"{name}_output")
    return made(**arguments, opts=pulumi.InvokeOptions(parent=component))


def _member(module: str, name: str) -> Any:
    with warnings.catch_warnings():
        # Modules warn of the deprecated ones among their classes as soon as they are imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(importlib.import_module(f"pulumi_aws.{module}" if module else "pulumi_aws"), name)


def short(name: str) -> str:
    """A Pulumi name that leaves room for what makes it unique, in 32 characters: a long one ends in a hash of it."""
    most = NAME_LENGTH - _RANDOM
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH]
    return f"{name[: most - _HASH - 1].rstrip('-')}-{digest}"
