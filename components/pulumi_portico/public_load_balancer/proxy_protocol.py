"""Annotations of Services with which cloud controllers let their load balancers send the PROXY protocol.

Sources: the controllers' own documentation. Hetzner (`uses-proxyprotocol`), DigitalOcean, Scaleway, Vultr, Akamai
(`linode-loadbalancer-proxy-protocol`), OpenStack and OVHcloud, Alibaba, Oracle, and Azure's private link service have
the protocol in the key. IBM and UpCloud have it in the value; Civo and cloudscale.ch have their own names for it.
"""

import re
from typing import Any

__all__ = ["enables_proxy_protocol"]

_KEY = re.compile(r"proxyprotocol|ppv2")
_VALUE = re.compile(r"proxyprotocol|sendproxy|^proxy(v2)?$")
_NOT = re.compile(r"proxyprotocol\W*(none|false|off|\"\")")
_OFF = frozenset({"", "0", "f", "false", "n", "no", "none", "off", "disabled", "tcp"})


def enables_proxy_protocol(key: str, value: Any) -> bool:
    """Whether an annotation enables the protocol. A value that isn't known yet can do so."""
    name = key.lower().replace("-", "").replace("_", "")
    has_name = _KEY.search(name) is not None
    if not isinstance(value, str):
        return has_name
    text = value.strip().lower()
    folded = text.replace("-", "").replace("_", "")
    if has_name:
        return text not in _OFF
    return _VALUE.search(folded) is not None and _NOT.search(folded) is None
