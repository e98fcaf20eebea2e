"""AWS resources, and what the provider looks up, as items of a component's list of objects.

Only this module imports `pulumi_aws`, when it registers the first resource.
"""

import hashlib
import importlib
import importlib.util
import inspect
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from ..args.location import camel_case
from ..args.problems import PorticoError
from ..lifecycle.consequences import watch_object
from ..lifecycle.objects import ObjectSpec
from ..load_balancers import NAME_LENGTH
from ..untyped import Properties

__all__ = [
    "AwsLookup",
    "AwsResource",
    "call",
    "is_available",
    "register_aws",
    "require_pulumi_aws",
    "short",
    "takes",
    "without_none",
]

_RANDOM = 8
"""The hyphen and seven digits that Pulumi's AWS provider makes a name unique by."""
_HASH = 6


@dataclass(frozen=True, kw_only=True)
class AwsResource(ObjectSpec):
    """A resource of AWS. Its properties are those of its class in the SDK."""

    is_kubernetes: ClassVar[bool] = False

    type: str
    """Its class in the SDK, such as `lb.LoadBalancer`."""
    is_short: bool = False
    """Whether AWS allows its name only 32 characters."""

    @property
    def token(self) -> str:
        """Its type token, such as `aws:lb/loadBalancer:LoadBalancer`."""
        module, _, cls = self.type.rpartition(".")
        return f"aws:{module}/{cls[0].lower()}{cls[1:]}:{cls}"

    def resource_name(self, component: str) -> str:
        """The Pulumi name, if the component is called `component`."""
        name = super().resource_name(component)
        return short(name) if self.is_short else name

    def register(self, name: str, manifest: Properties, options: pulumi.ResourceOptions) -> Any:
        """Register it under a Pulumi name."""
        resource = register_aws(self.type, name, manifest, options)
        watch_object(resource, {})
        return resource


@dataclass(frozen=True, kw_only=True)
class AwsLookup(ObjectSpec):
    """What a function of the provider returns for arguments. Nothing is registered for it."""

    is_kubernetes: ClassVar[bool] = False

    function: str
    """The function in the SDK, such as `route53.get_zone`."""

    @property
    def token(self) -> str:
        """Its token, such as `aws:route53/getZone:getZone`."""
        module, _, function = self.function.rpartition(".")
        name = camel_case(function)
        return f"aws:{module or 'index'}/{name}:{name}"

    def register(self, name: str, manifest: Properties, options: pulumi.ResourceOptions) -> Any:  # noqa: ARG002
        """Call the function with the component's provider."""
        assert options.parent is not None
        return call(self.function, manifest, options.parent)


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


def register_aws(kind: str, name: str, properties: Properties, opts: pulumi.ResourceOptions) -> Any:
    """Register the resource of a class such as `lb.LoadBalancer`."""
    module, _, cls = kind.rpartition(".")
    made = _member(module, cls)
    try:
        return made(name, opts=opts, **properties)
    except TypeError as error:
        # The SDK of an earlier release lacks an argument.
        raise PorticoError(
            f"The installed pulumi-aws can't create {kind} {name}: {error}. A later release may support it."
        ) from error


def takes(kind: str, argument: str) -> bool:
    """Whether `pulumi_aws` has an argument of a class such as `lb.LoadBalancer`. True if it isn't installed."""
    if not is_available():
        return True
    module, _, cls = kind.rpartition(".")
    return argument in inspect.signature(_member(module, f"{cls}Args")).parameters


def call(function: str, arguments: Properties, component: pulumi.Resource) -> pulumi.Output[Any]:
    """Call a function such as `route53.get_zone`, with the component's provider."""
    module, _, name = function.rpartition(".")
    made = _member(module, f"{name}_output")
    return made(**arguments, opts=pulumi.InvokeOptions(parent=component))


def _member(module: str, name: str) -> Any:
    with warnings.catch_warnings():
        # Importing a module warns of the deprecated classes in it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(importlib.import_module(f"pulumi_aws.{module}" if module else "pulumi_aws"), name)


def short(name: str) -> str:
    """A Pulumi name that leaves room, in 32 characters, for the suffix that makes it unique: a long one ends in its
    hash."""
    most = NAME_LENGTH - _RANDOM
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH]
    return f"{name[: most - _HASH - 1].rstrip('-')}-{digest}"


def without_none(properties: Properties) -> Properties:
    """The properties that have a value."""
    return {name: value for name, value in properties.items() if value is not None}
