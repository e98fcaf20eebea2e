"""Write components/schema.json from the args types, or check that it is up to date.

python -m tools.schema [--check]
"""

from __future__ import annotations

import argparse
import json
import sys

from pulumi_portico.host import PorticoProvider

from tools.cluster import ROOT
from tools.console import console, fail, main_guard

FILE = ROOT / "components" / "schema.json"


def generate() -> str:
    """The package's schema, as it is committed."""
    return json.dumps(json.loads(PorticoProvider().schema or "{}"), indent=2) + "\n"


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.schema", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="fail where the file is not what the types say")
    if not parser.parse_args().check:
        FILE.write_text(generate())
        console.print(f"[green]✓[/] {FILE.relative_to(ROOT)}")
    elif FILE.read_text() != generate():
        fail("components/schema.json is not what the args types say: run `make schema` and review the difference")


if __name__ == "__main__":
    sys.exit(main())
