"""What of a gateway is less strict than the secure default."""

from collections.abc import Mapping
from typing import Any, Union

from ..args.location import Key, KeyStyle, Location, location_text
from ..args.parse import parse
from ..args.problems import Problems
from .args import IngressGatewayArgs, IngressGatewaySpec
from .compilation import entry_of
from .gateway_plan import installer_of
from .install.installation import loosened
from .told import over_tls

__all__ = ["exceptions_of", "located_exceptions"]

_UNCHECKED = "nothing checks what the controller does with these annotations"
_PLAIN_HTTP = "the gateway serves requests without TLS"


def exceptions_of(args: Union[IngressGatewaySpec, Mapping[str, Any]]) -> dict[str, str]:
    """What is less strict, by the path of the argument."""
    # The stack modules pass mappings until they are ported.
    spec = (
        args
        if isinstance(args, IngressGatewaySpec)
        else parse(IngressGatewaySpec, IngressGatewayArgs, args, {}, Problems(""))
    )
    return {location_text(at, KeyStyle.PYTHON): text for at, text in located_exceptions(spec).items()}


def located_exceptions(spec: IngressGatewaySpec) -> dict[Location, str]:
    """What is less strict, by the location of the argument."""
    found: dict[Location, str] = {}
    for index, route in enumerate(spec.routes):
        at = spec.at / "routes" / index
        if over_tls(entry_of(route)) and "backend_tls" not in route:
            found[at / "protocol"] = "the gateway doesn't verify the target's certificate"
        if "annotations" in route:
            found[at / "annotations"] = _UNCHECKED
    for host, entry in spec.tls.items():
        if entry.get("redirect") is False:
            found[spec.at / "tls" / Key(host) / "redirect"] = _PLAIN_HTTP
    if spec.https_redirect is False:
        found[spec.at / "https_redirect"] = _PLAIN_HTTP
    if spec.multi_label_wildcards:
        found[spec.at / "multi_label_wildcards"] = "a wildcard host matches names with several labels"
    if spec.annotations:
        found[spec.at / "annotations"] = _UNCHECKED
    if spec.installation is not None and installer_of(spec) is not None:
        found |= loosened(spec.installation)
    return found
