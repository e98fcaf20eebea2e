"""The reference of every problem code, as Markdown, from the registry of codes: docs/problems.md."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import cast

import pulumi_portico
from pulumi_portico.args.codes import Code, all_codes

from tools.cluster import ROOT
from tools.tables import markdown

__all__ = ["FILE", "codes_with_edits", "generate"]

FILE = ROOT / "docs" / "problems.md"
_PACKAGE = Path(pulumi_portico.__file__).parent
_HEAD = """\
# Problems

Every problem that Portico reports, by its code. `make schema` makes this page from the registry of codes. A message
names the rejected *value* and what it depends on; `portico check --json` has these parameters as data.

The last column is how you fix the problem. `--fix` means that `portico check --fix` changes the stack file if Portico
knows the change; in Python and other languages, the message names the same change. Words are for the other cases.
`--fix` never removes an argument that Portico doesn't know, and never removes or changes a secret.
"""
_REPORTS = ("report", "Reason", "Problem", "Finding", "Assumption")
"""The calls that report a code, which is their first argument."""
_SECTIONS = {
    "args": "Arguments of every component",
    "stack": "Stack files",
    "web_service": "WebService",
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
            rows = ([f"`{code.name}`", _text(code.message), _text(code.allowed), _fix(code)] for code in found)
            parts.append(f"## {title}\n\n{markdown(['code', 'problem', 'allowed', 'fix'], rows)}")
    return "\n".join(parts)


def _text(template: str) -> str:
    text = re.sub(r"\{([a-z_]+)\}", lambda match: f"*{match[1].replace('_', ' ')}*", template)
    return text.replace("|", "\\|").replace("\n", "<br>")


def _fix(code: Code) -> str:
    return " ".join(part for part in ("`--fix`" * (code.name in codes_with_edits()), _text(code.hint)) if part)


@cache
def _trees() -> dict[Path, ast.Module]:
    return {file: ast.parse(file.read_text()) for file in sorted(_PACKAGE.rglob("*.py"))}


def _package(file: Path) -> str:
    first, *rest = file.relative_to(_PACKAGE).parts
    return first if rest else ""


def _definitions() -> Iterator[tuple[Path, str]]:
    """The file that defines each code, and the code's name."""
    for file, tree in _trees().items():
        for name, _ in _constants(tree):
            yield file, name


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The codes that a module defines: the name of each, and of its constant."""
    for statement in tree.body:
        call = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(call, ast.Call) and _name(call) == "define" and isinstance(call.args[0], ast.Constant):
            (target,) = cast("ast.Assign", statement).targets
            assert isinstance(target, ast.Name)
            yield str(call.args[0].value), target.id


@cache
def codes_with_edits() -> frozenset[str]:
    """The codes that some rule reports with a fix that a program can apply, from the source of the rules.

    `tests/unit/conftest.py` holds every problem that a test causes against it.
    """
    names: dict[str, set[str]] = {}
    for tree in _trees().values():
        for name, constant in _constants(tree):
            names.setdefault(constant, set()).add(name)
    functions = (node for tree in _trees().values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    constants = {constant for function in functions for constant in _constants_with_edits(function)}
    # A table passes its codes on to the rule that reports them.
    constants |= {constant for tree in _trees().values() for constant in _constants_in_tables(tree)}
    return frozenset(name for constant in constants for name in names.get(constant, ()))


def _constants_with_edits(function: ast.FunctionDef) -> set[str]:
    """The names that a function can report with edits: those of such calls, or any if the code is in a variable."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    named: dict[str, bool] = {}
    for call in calls:
        if _name(call) in _REPORTS and call.args and isinstance(call.args[0], ast.Name):
            constant = call.args[0].id
            named[constant] = named.get(constant, False) or _has_edits(call)
    # Another call passes the code on to the rule that reports it.
    others = {arg.id for call in calls for arg in call.args if isinstance(arg, ast.Name)} - named.keys()
    if any(_has_edits(call) or _name(call) in ("Set", "Remove", "Move") for call in calls):
        others |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} - named.keys()
    return others | {constant for constant, has_edits in named.items() if has_edits}


def _constants_in_tables(tree: ast.Module) -> set[str]:
    """The names that a module's statements use outside of functions and classes."""
    own = {constant for _, constant in _constants(tree)}
    statements = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    names = (node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load) and (node.id in own or node.id.isupper())}


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _has_edits(call: ast.Call) -> bool:
    values = {keyword.arg: keyword.value for keyword in call.keywords}
    given = [values[name] for name in ("fix", "edits", "suggestion", "meant") if name in values]
    is_suggestion = _name(call) == "Reason" and len(call.args) > len(("code", "params"))
    return is_suggestion or any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)
