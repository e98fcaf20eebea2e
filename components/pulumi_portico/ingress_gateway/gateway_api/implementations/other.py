"""Any other implementation: the core of Gateway API, and what users declare."""

from ..conformance import Report
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="other",
    title="The core of Gateway API",
    controller_name=None,
    reports=(Report(version="0.0", gateway_api="1.6", date="", path="", supported=frozenset()),),
    peers_hint="Your implementation determines the pods of its data plane.",
)
"""An implementation that Portico doesn't know."""
