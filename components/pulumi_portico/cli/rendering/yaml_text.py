"""YAML that every reader reads alike: kubectl's supports YAML 1.1 in parts, others 1.2.

Text has no quotes only if no reader could read it as another type: `on`, `1e3`, and `0x1F` are quoted.
"""

import re
from typing import Any

import yaml

__all__ = ["is_plain", "yaml_text"]

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*")
_WORDS = re.compile(r"(y|n|yes|no|on|off|true|false|null|nan|inf)", re.IGNORECASE)


_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one in C, if it's installed, is ten times as fast."""


class _Dumper(_BASE):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def is_plain(text: str) -> bool:
    """Whether every YAML reader reads the text without quotes as text."""
    return bool(_PLAIN.fullmatch(text)) and not _WORDS.fullmatch(text)


def _text(dumper: Any, value: str) -> Any:
    tag = "tag:yaml.org,2002:str"
    # The dumper itself quotes what a block of lines cannot hold.
    if "\n" in value:
        return dumper.represent_scalar(tag, value, style="|")
    return dumper.represent_scalar(tag, value, style=None if is_plain(value) else '"')


_Dumper.add_representer(str, _text)


def yaml_text(value: Any) -> str:
    """A value as one YAML document."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10**6, allow_unicode=True, default_flow_style=False)
