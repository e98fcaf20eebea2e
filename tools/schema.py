"""Write the schemas in components/ and docs/reference.md from the args types, or check that they are up to date.

python -m tools.schema [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pulumi_portico.host import PorticoProvider

from tools import reference, stack_schema
from tools.cluster import ROOT
from tools.console import console, fail, main_guard

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


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.schema", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail where a file is not what the types say")
    check = parser.parse_args().check
    for file, text in made().items():
        if not check:
            file.write_text(text)
            console.print(f"[green]✓[/] {file.relative_to(ROOT)}")
        elif not file.exists() or file.read_text() != text:
            fail(
                f"{file.relative_to(ROOT)} is not what the args types say: run `make schema` and review the difference"
            )


if __name__ == "__main__":
    sys.exit(main())
