"""What a gateway asks to install."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ...network_policy import Peer
from ...outputs import joined
from .installation import drain_of, shutdown_of
from .programs import Told

__all__ = ["InstallRequest"]


@dataclass(frozen=True)
class InstallRequest:
    """What is to be installed."""

    name: str
    """The gateway's name, which all names begin with."""
    controller: str
    namespace: Any
    class_name: str
    installation: Mapping[str, Any]
    settings: Mapping[str, Any]
    labels: Mapping[str, Any]
    service: Any
    """The name of the front door's Service."""
    proxy_protocol: bool = False
    """Whether what stands in front speaks the PROXY protocol."""
    proxy_sources: Sequence[Any] = ()
    """Whose PROXY protocol is believed."""
    sources: Sequence[Peer] = ()
    """Who may connect, beside whom the front door's own policy lets in."""
    empty_hosts: bool = False
    """Whether a route takes every host."""
    custom_resources: bool = False
    crds_path: Optional[str] = None
    response_headers: Sequence[str] = ()

    @property
    def told(self) -> Told:
        """What the controller is told by its arguments."""
        installation = self.installation
        served = installation.get("served_namespaces")
        return Told(
            name=self.name,
            class_name=self.class_name,
            service=self.service,
            namespace=self.namespace,
            served=None if served is None else joined([self.namespace, *served]),
            empty_hosts=self.empty_hosts,
            custom_resources=self.custom_resources,
            metrics=installation.get("metrics", True),
            webhook="admission_webhook" in installation,
            drain=drain_of(installation),
            shutdown=shutdown_of(installation),
        )

    def metadata(self, suffix: str = "") -> dict[str, Any]:
        """The metadata of an object in the controller's namespace."""
        named = f"{self.name}-{suffix}" if suffix else self.name
        return {"name": named, "namespace": self.namespace, **self.labelled()}

    def labelled(self) -> dict[str, Any]:
        """The labels of every object, as metadata."""
        return {"labels": dict(self.labels)} if self.labels else {}
