"""The reference of every problem code, as Markdown, from the registry of codes: docs/problems.md."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pulumi_portico
from pulumi_portico.args.codes import all_codes

from tools.cluster import ROOT
from tools.tables import markdown

__all__ = ["FILE", "generate"]

FILE = ROOT / "docs" / "problems.md"
_PACKAGE = Path(pulumi_portico.__file__).parent
_HEAD = """\
# Problems

Every problem that Portico reports, by its code. `make schema` makes this page from the registry of codes. A message
names the rejected *value* and what it depends on; `portico check --json` has these parameters as data.

The last column is how you fix the problem. If a program can make the change, the message also names it, and
`portico check --fix` makes it in the stack file. `--fix` never removes an argument that Portico doesn't know, and never
removes or changes a secret.
"""
_SECTIONS = {
    "args": "Arguments of every component",
    "stack": "Stack files",
    "web_service": "WebService",
    "job": "Job",
    "workload": "Pods",
    "networking": "Targets, ports, and NetworkPolicies",
    "ingress_gateway": "IngressGateway and IngressRoutes",
    "public_load_balancer": "PublicLoadBalancer and exposures",
    "aws_load_balancer": "AwsLoadBalancer",
    "lifecycle": "Changes and cost",
    "": "Load balancers",
    "cli": "Commands",
}
"""The title of the section of each package's codes, in the order of the page."""


def generate(_: str = "") -> str:
    """The page."""
    for module in pkgutil.walk_packages([str(_PACKAGE)], "pulumi_portico."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    packages = {name: _package(file) for file, name in _definitions()}
    parts = [_HEAD]
    for package, title in _SECTIONS.items():
        codes = [code for name, code in sorted(all_codes().items()) if packages.get(name, package) == package]
        if found := [code for code in codes if code.name in packages]:
            rows = ([f"`{code.name}`", _text(code.message), _text(code.allowed), _text(code.hint)] for code in found)
            parts.append(f"## {title}\n\n{markdown(['code', 'problem', 'allowed', 'fix'], rows)}")
    return "\n".join(parts)


def _text(template: str) -> str:
    text = re.sub(r"\{([a-z_]+)\}", lambda match: f"*{match[1].replace('_', ' ')}*", template)
    text = text.replace("{{", "{").replace("}}", "}")
    return text.replace("|", "\\|").replace("\n", "<br>")


def _package(file: Path) -> str:
    first, *rest = file.relative_to(_PACKAGE).parts
    return first if rest else ""


def _definitions() -> Iterator[tuple[Path, str]]:
    """The file that defines each code, and the code's name."""
    for file in sorted(_PACKAGE.rglob("*.py")):
        for name in re.findall(r'^[A-Z0-9_]+ = define\(\s*"([a-z0-9-]+)"', file.read_text(), re.MULTILINE):
            yield file, name
