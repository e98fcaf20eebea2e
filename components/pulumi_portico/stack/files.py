"""Finds and reads a stack's files: the stack file, and the base files that it extends."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field, Key, KeyStyle, Location
from ..args.manifests import KIND_ELSEWHERE
from ..args.parse import WRONG_TYPE, fits
from ..args.problems import ABSENT, UNKNOWN, Edit, Move, Problem, Problems, Remove, Set
from ..args.secrets import Secret
from ..args.shapes import camel_case, shapes_of
from ..args.similar_names import nearest
from .args import KEYS, StackArgs
from .elsewhere import problem_of_name
from .pasted import is_stack, recognized
from .project import is_file, project_file, settings_of
from .source_map import Node, holds_secret, overlay, plain
from .yaml_file import documents, parse

__all__ = [
    "PREFIX",
    "TextReader",
    "extended_file",
    "project_folder",
    "read_stack_file",
    "read_text",
    "shown_path",
    "stack_file",
    "with_bases",
]

PREFIX = "portico:"
"""The prefix of Portico's keys in a stack file."""

_EXTENDS = Location(("extends",))
_CONFIG = Location((Key("config"),))
_PULUMI_KEYS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""The keys that Pulumi supports at the top level of a stack file."""

_SHAPES = {camel_case(name): shape for name, shape in shapes_of(StackArgs).items()}

_OTHER_FORMS: Mapping[str, type] = {"namespace": str, "manifests": dict}
"""The types of the values that some keys can have as well."""

_BESIDE = "a file beside the stack file"

FILE_UNREADABLE = define("file-unreadable", "{file} can't be read: {reason}.", allowed="a readable file")
FILE_NOT_UTF8 = define("file-not-utf8", "{file} isn't UTF-8.", allowed="text in UTF-8")
FILE_NOT_A_MAPPING = define("file-not-a-mapping", "{file} isn't a mapping.", allowed="the keys {keys}")
CONFIG_NOT_A_MAPPING = define(
    "config-not-a-mapping", "The configuration isn't a mapping.", allowed="keys such as portico:services"
)
KEY_OUTSIDE_CONFIG = define(
    "key-outside-config", "{name} isn't a key of a stack file.", allowed="{known}", hint="Move it into config."
)
BASE_NOT_BESIDE = define(
    "base-not-beside", "{value} isn't the name of a file beside the stack file.", allowed=f"{_BESIDE}: {{known}}"
)
BASE_NOT_FOUND = define("base-not-found", "The folder {folder} has no file {value}.", allowed=f"{_BESIDE}: {{known}}")
BASE_IS_LINK = define("base-is-link", "{value} is a symbolic link to a file outside of the folder.", allowed=_BESIDE)
BASE_IS_STACK_FILE = define(
    "base-is-stack-file", "{value} is a stack file.", allowed="a base file, whose keys have no prefix portico:"
)
BASE_CYCLE = define("base-cycle", "{value} extends itself: {chain}.", allowed="base files without a cycle")
SECRET_IN_BASE_FILE = define(
    "secret-in-base-file",
    "Every stack reads this base file, but only one can decrypt this secret.",
    allowed="secrets in stack files",
    hint="Move the secret to the stack files, encrypted for each stack.",
)

TextReader = Callable[[Path], str]
"""Returns the text of a file."""


def stack_file(stack: str, folder: Path) -> Path:
    """The file of a stack, as Pulumi names it. The suffix is the same as that of the project's file."""
    file = folder / f"Pulumi.{stack}.yaml"
    other = file.with_suffix(".yml")
    return other if is_file(other) and not is_file(file) else file


def project_folder(root: Path) -> Path:
    """The folder of the project's stack files: `stackConfigDir` of its Pulumi.yaml, or the project's own folder."""
    file = project_file([root])
    return root if file is None else root / str(settings_of(file).get("stackConfigDir") or "")


def read_text(file: Path) -> str:
    """The text of a file. Raises OSError or UnicodeDecodeError if it can't be read."""
    return file.read_bytes().decode("utf-8-sig")


def read_stack_file(
    file: Path, problems: Problems, reader: TextReader = read_text, *, with_misspelled: bool = True
) -> Optional[Node]:
    """The values of a stack file below `portico:`, by key without the prefix; None if the file can't be read.

    `with_misspelled` is whether the value of a misspelled key counts as that of the key that the fix renames it to, so
    that what's wrong in it is reported too.
    """
    root = _read(file, problems, _in_stack_file, reader)
    if root is None:
        return None
    if not isinstance(root.value, dict):
        if not _report_pasted([root], problems):
            params = {"file": shown_path(file), "keys": ["config"]}
            _report(problems, Problem(FILE_NOT_A_MAPPING, Location(), params), root)
        return None
    if not is_stack(root.fields) and _report_pasted([root], problems):
        return None
    config = root.fields.get("config")
    for key, node in root.fields.items():
        if key not in _PULUMI_KEYS:
            problem = _unknown_top_level_key(key, root.fields)
            _report(problems, problem, node)
            if with_misspelled and config is None and problem.edits == (Move(Location((Key(key),)), _CONFIG),):
                config = node
    config = _with_outside(config or Node({}, root.place), root)
    if not isinstance(config.value, dict):
        _report(problems, Problem(CONFIG_NOT_A_MAPPING, _CONFIG), config)
        return None
    return _portico_values(config, problems, with_misspelled=with_misspelled)


def _with_outside(config: Node, root: Node) -> Node:
    """The configuration with the keys beside it: they are reported, and count as if they were in it."""
    outside = {key: node for key, node in root.fields.items() if ":" in key}
    if not isinstance(config.value, dict) and config.value is not None:
        return config
    return replace(config, value={**outside, **config.fields})


def _report_pasted(documents: Iterable[Node], problems: Problems) -> bool:
    """Report documents of other tools. Returns whether there are any."""
    found = [pasted for document in documents for pasted in recognized(document)]
    for pasted in found:
        problem = Problem(pasted.code, Location(), pasted.params, style=KeyStyle.STACK)
        _report(problems, problem, replace(pasted.node, key=None))
    return bool(found)


def _unknown_top_level_key(key: str, siblings: Collection[str]) -> Problem:
    if ":" in key:
        return Problem(KEY_OUTSIDE_CONFIG, Location((Key(key),)), {"name": key, "known": _PULUMI_KEYS})
    return _unknown_key(key, _PULUMI_KEYS, nearest(key, _PULUMI_KEYS), siblings)


def _unknown_key(key: str, known: tuple[str, ...], close: Optional[str], siblings: Collection[str]) -> Problem:
    location = Location((Key(key),))
    params = {"name": key, "known": [Field(name) for name in known]}
    # Two values for one key: which of them is right, only the author knows.
    edits = () if close is None or close in siblings else (Move(location, location.parent / Key(close)),)
    return Problem(UNKNOWN, location, params, edits=edits)


def _portico_values(config: Node, problems: Problems, *, with_misspelled: bool) -> Node:
    """The values of Portico's keys. The other keys belong to the providers."""
    known = tuple(f"{PREFIX}{name}" for name in KEYS)
    values: dict[str, Node] = {}
    for key, node in config.fields.items():
        name = key.removeprefix(PREFIX)
        if name != key and name in KEYS:
            values[name] = node
        elif name != key or ":" not in key or _is_misspelled_prefix(key):
            close = _meant(key.rpartition(":")[2], node, values)
            problem = _unknown_key(key, known, f"{PREFIX}{close}" if close else None, config.fields)
            if close is None and name not in KEYS and (elsewhere := problem_of_name(name, problem.location)):
                at = Location((Key(name),))
                # Jobs of one kind are below another key.
                is_free = isinstance(node.value, dict) and f"{PREFIX}jobs" not in config.fields
                edits = (Move(at, Location(("jobs",))),) if elsewhere.code is KIND_ELSEWHERE and is_free else ()
                problem = replace(elsewhere, style=KeyStyle.STACK, location=at, edits=edits)
            _report(problems, problem, node)
            if with_misspelled and close and problem.edits:
                values[close] = node
    return Node(values, config.place, config.key)


def _meant(name: str, node: Node, values: Mapping[str, Node]) -> Optional[str]:
    """The key that a misspelled one is renamed to; None if the value isn't one of that key, or another one is."""
    close = name if name in KEYS else nearest(name, KEYS)
    if close is None or close in values:
        return None
    is_other_form = isinstance(plain(node), _OTHER_FORMS.get(close, ()))
    return close if is_other_form or fits(_SHAPES[close], plain(node)) else None


def _is_misspelled_prefix(key: str) -> bool:
    """Whether another prefix is Portico's, misspelled: no provider reads the key."""
    prefix, _, name = key.partition(":")
    return name in KEYS and nearest(prefix, [PREFIX.rstrip(":")]) is not None


def with_bases(own: Node, folder: Path, problems: Problems, reader: TextReader = read_text) -> Node:
    """The values of the stack file, over those of the base files that it extends, the nearest first."""
    layers, seen = [own], list[Path]()
    pending = own.fields.get("extends")
    while pending is not None and pending.value not in (None, ""):
        file = extended_file(pending, folder, seen, problems)
        base = None if file is None else _read_base(file, problems, reader)
        if file is None or base is None:
            break
        seen.append(file)
        pending = base.fields.get("extends")
        layers.append(base)
    # From the last base on, so that a null removes what any of those below it has.
    tree = layers.pop()
    while layers:
        tree = overlay(tree, layers.pop())
    return Node({key: node for key, node in tree.fields.items() if key != "extends"}, tree.place, tree.key)


def extended_file(extends: Node, folder: Path, seen: list[Path], problems: Problems) -> Optional[Path]:
    """The base file that `extends` names; None if Portico can't read it, which is reported."""
    name: Any = extends.value
    if isinstance(name, str):
        problem = _base_problem(name, folder, seen)
        if problem is None:
            return folder / name
    else:
        secret = holds_secret(extends)
        value: Any = ABSENT if secret else plain(extends)
        problem = Problem(WRONG_TYPE, _EXTENDS, {"expected": f"the name of {_BESIDE}"}, value, secret=secret)
    _report(problems, replace(problem, style=KeyStyle.STACK), extends)
    return None


def _base_problem(name: str, folder: Path, seen: list[Path]) -> Optional[Problem]:
    known = _base_files(folder)
    if name != Path(name).name or name in (".", ".."):
        return Problem(BASE_NOT_BESIDE, _EXTENDS, {"known": known}, name)
    if not is_file(folder / name):
        close = nearest(name, known)
        params = {"folder": shown_path(folder), "known": known}
        return Problem(BASE_NOT_FOUND, _EXTENDS, params, name, edits=(Set(_EXTENDS, close),) if close else ())
    if (folder / name).resolve().parent != folder.resolve():
        return Problem(BASE_IS_LINK, _EXTENDS, value=name)
    if name.startswith("Pulumi."):
        return Problem(BASE_IS_STACK_FILE, _EXTENDS, value=name)
    if folder / name in seen:
        chain = " extends ".join(file.name for file in [*seen, folder / name])
        return Problem(BASE_CYCLE, _EXTENDS, {"chain": chain}, name, edits=(Remove(_EXTENDS),))
    return None


def _base_files(folder: Path) -> list[str]:
    files = sorted(file.name for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    return [name for name in files if not name.startswith("Pulumi.")]


def _read_base(file: Path, problems: Problems, reader: TextReader) -> Optional[Node]:
    root = _read(file, problems, _in_base_file, reader)
    if root is None:
        return None
    if not isinstance(root.value, dict):
        _report(problems, Problem(FILE_NOT_A_MAPPING, Location(), {"file": shown_path(file), "keys": KEYS}), root)
        return None
    if not _has_own_keys(root) and _report_pasted([root], problems):
        return None
    values = {key: node for key, node in root.fields.items() if key in KEYS}
    for key, node in root.fields.items():
        if key not in KEYS:
            close = _meant(key.removeprefix(PREFIX), node, values)
            elsewhere = None if close else problem_of_name(key, Location((Key(key),)))
            found = replace(elsewhere, style=KeyStyle.STACK) if elsewhere else None
            _report(problems, found or _unknown_key(key, KEYS, close, root.fields), node)
            if close:
                values[close] = node
    _reject_secrets(root, Location(), problems)
    return Node(values, root.place)


_COMPOSE_KEYS = {"version", "networks", "volumes", "secrets", "configs"}


def _has_own_keys(root: Node) -> bool:
    """Whether a base file is one of Portico's. A Compose file has `services` too, and keys beside them."""
    own = root.fields.keys() & set(KEYS)
    return bool(own - {"services"}) or (bool(own) and not root.fields.keys() & _COMPOSE_KEYS)


def _reject_secrets(node: Node, location: Location, problems: Problems) -> None:
    if isinstance(node.value, Secret):
        _report(problems, Problem(SECRET_IN_BASE_FILE, location, secret=True, style=KeyStyle.STACK), node)
    for key, field in node.fields.items():
        _reject_secrets(field, location / Key(key), problems)
    for index, item in enumerate(node.items):
        _reject_secrets(item, location / index, problems)


def _read(file: Path, problems: Problems, in_file: Callable[[Problem], Problem], reader: TextReader) -> Optional[Node]:
    name = shown_path(file)
    found: list[Problem] = []
    try:
        text = reader(file)
        root = parse(text, name, found)
    except OSError as error:
        problems.report(FILE_UNREADABLE, Location(), file=name, reason=str(error.strerror))
        return None
    except UnicodeDecodeError:
        problems.report(FILE_NOT_UTF8, Location(), file=name)
        return None
    if root is None and _report_pasted(documents(text, name), problems):
        return None
    problems.found += map(in_file, found)
    return root


def _in_base_file(problem: Problem) -> Problem:
    """A problem of a base file, located below `portico:`."""
    return replace(problem, style=KeyStyle.STACK)


def _in_stack_file(problem: Problem) -> Problem:
    """A problem of a stack file, located below `portico:` if it's there."""
    first, *rest = problem.location[:2] or ("",)
    if first != "config" or not rest:
        return problem
    is_ours = str(rest[0]).startswith(PREFIX)

    def moved(location: Location) -> Location:
        key = str(location[1])
        return Location((Key(key.removeprefix(PREFIX)), *location[2:])) if is_ours else Location(location[1:])

    edits = tuple(_relocated(edit, moved) for edit in problem.edits)
    style = KeyStyle.STACK if is_ours else KeyStyle.CAMEL
    return replace(problem, location=moved(problem.location), edits=edits, style=style)


def _relocated(edit: Edit, moved: Callable[[Location], Location]) -> Edit:
    changed: Mapping[str, Location] = {"to": moved(edit.to)} if isinstance(edit, Move) else {}
    return replace(edit, location=moved(edit.location), **changed)


def shown_path(file: Path) -> str:
    """The file as messages name it: relative to the working directory if it's below that."""
    path = os.path.relpath(file)
    return str(file) if path.startswith("..") else path


def _report(problems: Problems, problem: Problem, node: Node) -> None:
    """Report a problem of a file's node: of the value if the problem has one, else of the key."""
    of_value = problem.value is not ABSENT or problem.secret
    place = node.place if of_value or node.key is None else node.key
    style = KeyStyle.STACK if problem.style is KeyStyle.STACK else KeyStyle.CAMEL
    problems.found.append(replace(problem, place=str(place) if place else "", style=style))
