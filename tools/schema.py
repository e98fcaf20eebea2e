"""The schemas in components/ and docs/reference.md, from the args types."""

from __future__ import annotations

import json
from pathlib import Path

from pulumi_portico.host import PorticoProvider

from tools import reference, stack_schema
from tools.cluster import ROOT

FILE = ROOT / "components" / "schema.json"


def generate() -> str:
    """The package's schema, as it is committed."""
    return json.dumps(json.loads(PorticoProvider().schema or "{}"), indent=2) + "\n"


def made() -> dict[Path, str]:
    """What each file holds that is made from the args types."""
    text = generate()
    schema = json.loads(text)
    return {
        FILE: text,
        reference.FILE: reference.generate(schema),
        stack_schema.FILE: stack_schema.generate(schema),
        stack_schema.BASE_FILE: stack_schema.generate_base(),
    }
