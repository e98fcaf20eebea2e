"""YAML that every reader takes for the same: kubectl's reads YAML 1.1 in parts, others 1.2.

Text stands without quotes only where no reader could take it for anything else: `on`, `1e3` and `0x1F` are quoted.
"""

import re
from typing import Any

import yaml

__all__ = ["yaml_text"]

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*")
_WORDS = re.compile(r"(y|n|yes|no|on|off|true|false|null|nan|inf)", re.IGNORECASE)


_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one in C where there is one, which is ten times as fast."""


class _Dumper(_BASE):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: Any, value: str) -> Any:
    tag = "tag:yaml.org,2002:str"
    # The dumper itself quotes what a block of lines cannot hold.
    if "\n" in value:
        return dumper.represent_scalar(tag, value, style="|")
    plain = _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value)
    return dumper.represent_scalar(tag, value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def yaml_text(value: Any) -> str:
    """A value as one YAML document."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10**6, allow_unicode=True, default_flow_style=False)
