"""Finds and reads a stack's files: its own and the base files that it extends."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from ..errors import Problem, Problems, Refusal, nearest, write_nearest
from .args import KEYS
from .located import Node, Secret, laid_over, plain
from .project import project_file, settings_of
from .yaml_file import parse

__all__ = ["PREFIX", "base_of", "project_folder", "read_stack_file", "stack_file", "with_bases"]

PREFIX = "portico:"
"""What the keys begin with in a stack file, and in every problem's path."""

_PULUMIS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""What Pulumi knows at the top of a stack file."""


def stack_file(stack: str, folder: Path) -> Path:
    """The file of a stack, as Pulumi calls it: it ends as the project's own does."""
    file = folder / f"Pulumi.{stack}.yaml"
    other = file.with_suffix(".yml")
    return other if other.is_file() and not file.is_file() else file


def project_folder(root: Path) -> Path:
    """The folder that the project's stack files are in: `stackConfigDir` of its Pulumi.yaml, else the project's own."""
    file = project_file([root])
    return root if file is None else root / str(settings_of(file).get("stackConfigDir") or "")


def read_stack_file(file: Path, problems: Problems) -> Optional[Node]:
    """What a stack file says below `portico:`, by the keys without it; None where it cannot be read, which is noted."""
    before = len(problems.found)
    root = _read(file, problems)
    if root is None:
        return None
    # A path in it begins at the configuration.
    for at, problem in enumerate(problems.found[before:], before):
        problems.found[at] = replace(problem, path=problem.path.removeprefix("config."))
    if not isinstance(root.value, dict):
        problems.found.append(
            _at(root, shown_path(file), Refusal("is not a mapping", "config, with the keys below it"))
        )
        return None
    for key, it in root.fields.items():
        if key not in _PULUMIS:
            fix = "move it below config" if ":" in key else write_nearest(key, _PULUMIS)
            problems.found.append(_at(it, key, Refusal("is no part of a stack file", ", ".join(_PULUMIS), fix)))
    config = root.fields.get("config", Node({}, root.place))
    if config.value is None:
        return Node({}, config.place, config.key)
    if not isinstance(config.value, dict):
        problems.found.append(_at(config, "config", Refusal("is not a mapping", "keys such as portico:services")))
        return None
    return _own(config, problems)


def _own(config: Node, problems: Problems) -> Node:
    """The keys of ours, without their prefix; others are the providers' business."""
    own: dict[str, Node] = {}
    for key, it in config.fields.items():
        name = key.removeprefix(PREFIX)
        if name != key and name in KEYS:
            own[name] = it
        elif name != key or ":" not in key or _is_meant_for_us(key):
            name = key.rpartition(":")[2]
            allowed = ", ".join(f"{PREFIX}{it}" for it in KEYS)
            fix = write_nearest(name, KEYS).replace("write ", f"write {PREFIX}") or "leave it out"
            problems.found.append(_at(it, key, Refusal("is no key of a stack file", allowed, fix)))
    return Node(own, config.place, config.key)


def _is_meant_for_us(key: str) -> bool:
    """Whether another prefix is ours misspelled: nobody would read the key."""
    prefix, _, name = key.partition(":")
    return name in KEYS and nearest(prefix, [PREFIX.rstrip(":")]) is not None


def with_bases(own: Node, folder: Path, problems: Problems) -> Node:
    """What the stack says, laid over the base files that it extends, the nearest first."""
    layers, seen = [own], list[Path]()
    pending = own.fields.get("extends")
    while pending is not None and pending.value not in (None, ""):
        file = base_of(pending, folder, seen, problems)
        base = None if file is None else _read_base(file, problems)
        if file is None or base is None:
            break
        seen.append(file)
        pending = base.fields.get("extends")
        layers.append(base)
    # From the last base on, so that a null takes out what any of those below has.
    tree = layers.pop()
    while layers:
        tree = laid_over(tree, layers.pop())
    return Node({key: it for key, it in tree.fields.items() if key != "extends"}, tree.place, tree.key)


def base_of(extends: Node, folder: Path, seen: list[Path], problems: Problems) -> Optional[Path]:
    """The base file of a name; None where there is none that may be read, which is noted."""
    name: Any = extends.value
    path, known = f"{PREFIX}extends", _bases(folder)
    refusal: Optional[Refusal] = None
    allowed = ", ".join(known) or "the name of a file beside the stack file"
    if not isinstance(name, str):
        refusal = Refusal("is not text", "the name of one file beside the stack file")
    elif name != Path(name).name or name in (".", ".."):
        refusal = Refusal("is not the name of a file beside the stack file", allowed)
    elif not (folder / name).is_file():
        near = write_nearest(name, known)
        refusal = Refusal(f"is no file in {shown_path(folder)}", allowed, near)
    elif (folder / name).resolve().parent != folder.resolve():
        refusal = Refusal("is a link that leads out of the folder", "a file beside the stack file")
    elif name.startswith("Pulumi."):
        refusal = Refusal("is a stack file", "a base file, which holds the keys without portico: before them")
    elif folder / name in seen:
        chain = " extends ".join(it.name for it in [*seen, folder / name])
        refusal = Refusal(f"goes round in a circle: {chain}", "a base file that leads to an end", "leave it out")
    if refusal is None:
        return folder / str(name)
    shown = "[secret]" if isinstance(name, Secret) else f'"{name}"' if isinstance(name, str) else str(plain(extends))
    problems.found.append(_at(extends, path, refusal, shown))
    return None


def _bases(folder: Path) -> list[str]:
    files = sorted(it.name for it in folder.iterdir() if it.suffix in (".yaml", ".yml")) if folder.is_dir() else []
    return [it for it in files if not it.startswith("Pulumi.")]


def _read_base(file: Path, problems: Problems) -> Optional[Node]:
    before = len(problems.found)
    root = _read(file, problems)
    for at, problem in enumerate(problems.found[before:], before):
        # What is wrong with the file as a whole has no path.
        if problem.path and problem.place:
            problems.found[at] = replace(problem, path=f"{PREFIX}{problem.path}")
    if root is None:
        return None
    if not isinstance(root.value, dict):
        refusal = Refusal("is not a mapping", ", ".join(KEYS))
        problems.found.append(_at(root, "", refusal))
        return None
    for key, it in root.fields.items():
        if key not in KEYS:
            name = key.removeprefix(PREFIX)
            fix = f"write {name}" if name in KEYS else write_nearest(name, KEYS)
            problems.found.append(_at(it, key, Refusal("is no key of a base file", ", ".join(KEYS), fix)))
    _refuse_secrets(root, PREFIX, problems)
    return Node({key: it for key, it in root.fields.items() if key in KEYS}, root.place)


def _refuse_secrets(node: Node, path: str, problems: Problems) -> None:
    if isinstance(node.value, Secret):
        allowed = "secrets in the stack files, each encrypted for its own stack"
        refusal = Refusal("is a secret, and a base file, which every stack reads, holds none", allowed)
        problems.found.append(_at(node, path, refusal, "[secret]"))
    for key, it in node.fields.items():
        _refuse_secrets(it, f"{path}{key}" if path == PREFIX else f"{path}.{key}", problems)
    for at, it in enumerate(node.items):
        _refuse_secrets(it, f"{path}[{at}]", problems)


def _read(file: Path, problems: Problems) -> Optional[Node]:
    name = shown_path(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problems.note(name, Refusal(f"cannot be read: {error.strerror}", "a file"))
        return None
    except UnicodeDecodeError:
        problems.note(name, Refusal("is not UTF-8", "text in UTF-8"))
        return None
    return parse(text, name, problems)


def shown_path(file: Path) -> str:
    """The file as messages name it: from here, where it is below."""
    path = os.path.relpath(file)
    return str(file) if path.startswith("..") else path


def _at(node: Node, path: str, refusal: Refusal, value: str = "") -> Problem:
    place = node.place if value or node.key is None else node.key
    return Problem(path, value, *refusal, place=str(place) if place else "")
