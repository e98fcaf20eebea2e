"""YAML that every reader reads alike: kubectl's supports YAML 1.1 in parts, others 1.2.

Text has no quotes only if no reader could read it as another type: `on`, `1e3`, and `0x1F` are quoted.
"""

import re
from typing import Any

import yaml

__all__ = ["is_plain", "yaml_text"]

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*")
_UNPRINTABLE = re.compile(r"[^\n -~]")
"""Every character that may be unprintable."""
_LARGEST_SHORT = 0xFFFF
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
    if "\n" in value and value.replace("\n", "").isprintable():
        return dumper.represent_scalar(tag, value, style="|")
    return dumper.represent_scalar(tag, value, style=None if is_plain(value) else '"')


_Dumper.add_representer(str, _text)


def yaml_text(value: Any, *, ascii_only: bool = False) -> str:
    """A value as one YAML document, without unprintable characters."""
    text = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, width=10**6, allow_unicode=not ascii_only, default_flow_style=False
    )
    # What text has such characters is in double quotes, where YAML has escape sequences.
    return _UNPRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable():
        return character
    return f"\\U{ord(character):08X}" if ord(character) > _LARGEST_SHORT else f"\\u{ord(character):04X}"
