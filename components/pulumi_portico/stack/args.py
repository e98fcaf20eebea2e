"""The type of a stack file's values below `portico:`."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._typing import NotRequired, TypedDict
from ..args.shapes import camel_case, shapes_of
from ..args.spec import Spec, spec
from ..aws_load_balancer.args import AwsLoadBalancerArgs
from ..ingress_gateway import IngressGatewayArgs, IngressRoutesArgs
from ..job.args import JobArgs
from ..namespace import NamespaceArgs
from ..networking.dns import Dns
from ..pod_security import PodSecurityLevelLike
from ..public_load_balancer import PublicLoadBalancerArgs
from ..web_service import WebServiceArgs
from .manifests import CustomKind
from .own_args import ClaimArgs, ConfigMapArgs, SecretArgs

__all__ = ["KEYS", "StackArgs", "StackTarget", "StackTargetSpec"]


class StackTarget(TypedDict):
    """A service or a gateway of the stack, by name, wherever a target is expected. A target with a `namespace` is a
    Service that the stack doesn't create, with the fields that Python programs use."""

    service: NotRequired[str]
    """The name of the service in the stack. Set this or `gateway`."""

    gateway: NotRequired[str]
    """The name of the gateway in the stack. The gateway must install its controller. Only load balancers can target
    gateways."""

    port: NotRequired[int]
    """The number of the port that other pods use (`servicePort`). Default: for a service, the port `http`, or else its
    first TCP port by name; for a gateway, 443."""

    port_name: NotRequired[str]
    """The name of the port. Set this or `port`."""


@spec(StackTarget)
class StackTargetSpec(Spec):
    """A parsed `StackTarget`."""

    service: Optional[str] = None
    gateway: Optional[str] = None
    port: Optional[int] = None
    port_name: Optional[str] = None


class StackArgs(TypedDict):
    """The values of a stack file below `portico:`. A base file has the same keys without the prefix `portico:`."""

    extends: NotRequired[str]
    """The name of a base file beside the stack file. The stack file overrides it: mappings are merged key by key, all
    else is replaced, and a null removes what the base file has. Default: none."""

    namespace: NamespaceArgs
    """The namespace that the stack creates, as its name, or as a mapping of its name and its settings. It's the default
    namespace of the stack's services."""

    pod_security: NotRequired[PodSecurityLevelLike]
    """The level of Pod Security that the stack's namespace enforces: the API server rejects pods that violate it.
    Default: restricted. Another level is reported in `exceptions`. Maps to the label
    `pod-security.kubernetes.io/enforce`."""

    config_maps: NotRequired[Mapping[str, ConfigMapArgs]]
    """The stack's ConfigMaps, by name, for `env_from`, `env_value_from`, and `volumes`. Default: none."""

    secrets: NotRequired[Mapping[str, SecretArgs]]
    """The stack's Secrets, by name, for `env_from`, `env_value_from`, `volumes`, and `tls`. Default: none."""

    claims: NotRequired[Mapping[str, ClaimArgs]]
    """The stack's PersistentVolumeClaims, by name, for the `volumes` of services. Default: none."""

    manifests: NotRequired[Sequence[Any]]
    """Raw manifests and paths of files with some, relative to the stack file; as a list, or by name. Portico checks
    their kinds, names, and pods, places them in the stack's namespace, and creates them in the order that their kinds
    need. Default: none."""

    custom_kinds: NotRequired[Sequence[CustomKind]]
    """The kinds of `manifests` that the cluster has, and that neither Kubernetes nor a CustomResourceDefinition among
    the manifests defines. Default: none."""

    dns: NotRequired[Dns]
    """Where the cluster's DNS is, if the default rules of the services' NetworkPolicies don't cover it. A service with
    a `dns` of its own overrides it. Default: no further servers."""

    defaults: NotRequired[WebServiceArgs]
    """The defaults of every service, which each service overrides. Default: none."""

    services: NotRequired[Mapping[str, WebServiceArgs]]
    """The stack's WebServices, by name. Default: none."""

    jobs: NotRequired[Mapping[str, JobArgs]]
    """The stack's Jobs, by name: pods that run to completion, once or on a schedule. Default: none."""

    gateways: NotRequired[Mapping[str, IngressGatewayArgs]]
    """The stack's IngressGateways, by name. Default: none."""

    routes: NotRequired[Mapping[str, IngressRoutesArgs]]
    """Routes that the stack adds to gateways of other stacks, by name. Default: none."""

    load_balancers: NotRequired[Mapping[str, PublicLoadBalancerArgs]]
    """The stack's PublicLoadBalancers, by name. Default: none."""

    aws_load_balancers: NotRequired[Mapping[str, AwsLoadBalancerArgs]]
    """The stack's AwsLoadBalancers, by name. Default: none."""


KEYS = tuple(map(camel_case, shapes_of(StackArgs)))
"""The keys below `portico:`."""
