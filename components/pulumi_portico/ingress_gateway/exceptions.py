"""What of a gateway is looser than the secure default."""

from collections.abc import Mapping
from typing import Any

from .compilation import entry_of
from .gateway_plan import installs
from .install.installation import loosened
from .told import over_tls

__all__ = ["exceptions_of"]


def exceptions_of(args: Mapping[str, Any]) -> dict[str, str]:
    """What is looser, by the path of the argument that says so."""
    found: dict[str, str] = {}
    for at, route in enumerate(args.get("routes", [])):
        entry = entry_of(route)
        if over_tls(entry) and "backend_tls" not in route:
            found[f"routes[{at}].protocol"] = "the target's certificate is not checked"
        if "annotations" in route:
            found[f"routes[{at}].annotations"] = "the controller is told what nobody checks"
    for host, entry in args.get("tls", {}).items():
        if entry.get("redirect") is False:
            found[f"tls.{host}.redirect"] = "requests without TLS are answered"
    if args.get("https_redirect") is False:
        found["https_redirect"] = "requests without TLS are answered"
    if args.get("wildcards_any_depth"):
        found["wildcards_any_depth"] = "a wildcard host takes names of any depth"
    if args.get("annotations"):
        found["annotations"] = "the controller is told what nobody checks"
    return {**found, **(loosened(args.get("installation", {}), "installation") if installs(args) else {})}
