"""What targets receive as `X-Forwarded-For` if a client sends one: the controllers differ, and none has a switch.

F5 NGINX Ingress Controller always appends to it (`$proxy_add_x_forwarded_for` in nginx.ingress.tmpl). ingress-nginx
replaces it, and appends only with `use-forwarded-headers`, which trusts the other headers of every client too.
"""

from typing import Any

from ..args.codes import define
from ..args.problems import Problems
from ..load_balancers import Scope
from .args import IngressGatewaySpec
from .client_addresses import trusts_a_header
from .gateway_plan import installer_of
from .install.installers import INSTALLERS
from .install.settings import ForwardedFor

__all__ = ["check_forwarded_for", "note_forwarded_for"]

OTHER_FORWARDED_FOR = define(
    "forwarded-for-unsupported",
    "{controller} supports only {supported}: {value} would need a controller that trusts the headers of every client, "
    "or one that trusts none.",
    allowed="{supported}; {value} only on {able}",
    hint="If your applications can work with {supported}, set it. If not, choose another controller.",
)
FORWARDED_FOR_APPENDED = define(
    "forwarded-for-appended",
    "{controller} appends the client's address to the X-Forwarded-For that a client sends, which can be any text. "
    "On {able}, the controller replaces it.",
    allowed="applications that trust only the last address of the header",
    hint="If your applications do, set {field} to append. If not, choose another controller.",
)


def check_forwarded_for(spec: IngressGatewaySpec, problems: Problems) -> None:
    """Report what the controller can't do with the header."""
    installer, settings = installer_of(spec), spec.settings
    if installer is None or settings is None or settings.forwarded_for in (None, installer.forwarded_for):
        return
    value = settings.forwarded_for
    params: dict[str, Any] = {"supported": installer.forwarded_for, "able": _able(value), **_named(spec)}
    problems.report(OTHER_FORWARDED_FOR, settings.at / "forwarded_for", value=value.value, **params)


def note_forwarded_for(spec: IngressGatewaySpec, notes: Problems) -> None:
    """Note that the controller appends to the header of clients on the internet, unless the arguments accept it."""
    installer = installer_of(spec)
    if installer is None or installer.forwarded_for is not ForwardedFor.APPEND or trusts_a_header(spec):
        return
    if not _serves_the_internet(spec):
        return
    is_accepted = spec.settings is not None and spec.settings.forwarded_for is not None
    if not is_accepted and any(route.target is not None for route in spec.routes):
        at = spec.at / "settings" / "forwarded_for"
        notes.report(FORWARDED_FOR_APPENDED, at, field=at, able=_able(ForwardedFor.REPLACE), **_named(spec))


def _serves_the_internet(spec: IngressGatewaySpec) -> bool:
    """Whether clients on the internet can send the header, as far as the gateway's arguments determine it."""
    if spec.exposure is not None:
        return spec.exposure.scope is Scope.INTERNET
    return spec.upstream is not None and bool(spec.upstream.sources)


def _able(chosen: ForwardedFor) -> list[str]:
    return sorted(name for name, installer in INSTALLERS.items() if installer.forwarded_for is chosen)


def _named(spec: IngressGatewaySpec) -> dict[str, Any]:
    return {"controller": spec.module.title}
