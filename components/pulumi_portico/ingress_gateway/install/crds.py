"""The CustomResourceDefinitions of a controller's own resources."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, cast

import yaml

from ..._typing import NotRequired, TypedDict
from ...args.codes import define
from ...args.location import Field as FieldName
from ...args.parse import Rules
from ...args.problems import Problems, Reason, Remove, Set
from ...args.spec import Spec, spec
from ...lifecycle.ownership import changes_owner
from ...untyped import mapped

__all__ = ["RULES", "Crds", "CrdsSpec", "build_definitions", "check_crds"]


class Crds(TypedDict):
    """Where the CustomResourceDefinitions of the controller's own resources come from: the cluster has them already,
    or a file does. Those of F5 NGINX Ingress Controller come with each release, as deploy/crds.yaml."""

    installed: NotRequired[bool]
    """Whether the cluster has them already. Plain. Default: false."""

    path: NotRequired[str]
    """The file to install them from, below the program's folder. Plain."""


@spec(Crds)
class CrdsSpec(Spec):
    """A parsed `Crds`."""

    installed: bool = False
    path: Optional[str] = None


RULES: Rules = {}
"""What the fields must satisfy beyond their types."""

CRDS_NOT_FOUND = define(
    "crds-without-source",
    "This doesn't say where the definitions come from.",
    allowed="one of {fields}",
    hint="If the cluster has the definitions, set {installed} to true; otherwise, set {path} to the release's "
    "deploy/crds.yaml.",
)
_DEEPEST = 200
"""Levels of nested values. The definitions of a release have some 40."""

CRDS_PATH_WITHOUT_INSTALL = define(
    "crds-path-without-install",
    "Portico installs definitions only with their controller, and {install} is false.",
)
CRDS_FILE_MISSING = define(
    "crds-file-missing",
    "The file {value} doesn't exist.",
    hint="Download the release's deploy/crds.yaml next to the program.",
)
CRDS_FILE_NOT_TEXT = define("crds-file-not-text", "The file {value} isn't UTF-8 text.", hint=CRDS_FILE_MISSING.hint)
CRDS_FILE_UNREADABLE = define("crds-file-unreadable", "The file {value} can't be read.", hint=CRDS_FILE_MISSING.hint)
CRDS_FILE_TOO_DEEP = define(
    "crds-file-too-deep",
    "The file {value} nests values too deeply.",
    allowed="at most {levels} levels",
    hint=CRDS_FILE_MISSING.hint,
)
CRDS_FILE_NOT_YAML = define(
    "crds-file-not-yaml",
    "The file {value} isn't YAML: see line {line}, column {column}.",
    hint=CRDS_FILE_MISSING.hint,
)
CRDS_FILE_OTHER_OBJECTS = define(
    "crds-file-other-objects",
    "The file {value} has objects other than CustomResourceDefinitions, or none.",
    allowed="only CustomResourceDefinitions",
    hint=CRDS_FILE_MISSING.hint,
)


CRDS_FILE_OWNERSHIP = define(
    "crds-file-ownership-annotation",
    "The file {value} has the annotation {name}, by which it could take over an object of another stack.",
    allowed="any other annotation",
    hint=CRDS_FILE_MISSING.hint,
)


def check_crds(crds: CrdsSpec, problems: Problems, *, installs: bool) -> None:
    """Report definitions without a source, or with two; `installs` is whether Portico installs the controller."""
    at = crds.at / "path"
    if crds.path is None:
        if not crds.installed:
            installed, path = FieldName("installed"), FieldName("path")
            problems.report(CRDS_NOT_FOUND, crds.at, fields=[installed, path], installed=installed, path=path)
    elif crds.installed:
        problems.report_exclusive(at, "installed", fix=Remove(at))
    elif not installs:
        fix = [Remove(at), Set(crds.at / "installed", value=True)]
        problems.report(CRDS_PATH_WITHOUT_INSTALL, at, install=FieldName("install"), fix=fix)
    elif reason := _wrong_file(crds.path):
        problems.reject(at, crds.path, reason)


def _wrong_file(path: str) -> Optional[Reason]:
    try:
        if not Path(path).is_file():
            return Reason(CRDS_FILE_MISSING)
        documents = _documents(path)
    except OSError:
        return Reason(CRDS_FILE_UNREADABLE)
    except _TooDeepError:
        return Reason(CRDS_FILE_TOO_DEEP, {"levels": _DEEPEST})
    except UnicodeDecodeError:
        return Reason(CRDS_FILE_NOT_TEXT)
    except yaml.YAMLError as error:
        mark: Optional[yaml.Mark] = getattr(error, "problem_mark", None)
        line, column = (mark.line, mark.column) if mark else (0, 0)
        return Reason(CRDS_FILE_NOT_YAML, {"line": line + 1, "column": column + 1})
    if not documents or not all(map(_is_definition, documents)):
        return Reason(CRDS_FILE_OTHER_OBJECTS)
    annotations = (mapped(document["metadata"].get("annotations")) for document in documents)
    names = (str(name) for found in annotations for name in found)
    forbidden = next(filter(changes_owner, names), None)
    return None if forbidden is None else Reason(CRDS_FILE_OWNERSHIP, {"name": forbidden})


def _is_definition(document: Any) -> bool:
    if not isinstance(document, Mapping):
        return False
    fields = mapped(document)
    metadata: Any = fields.get("metadata")
    whole = isinstance(metadata, Mapping) and "name" in metadata and isinstance(fields.get("spec"), Mapping)
    kind = fields.get("apiVersion"), fields.get("kind")
    return whole and kind == ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


def _documents(path: str) -> list[Any]:
    # The loader in C, if there is one: a release's definitions are a megabyte.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(path).read_text(encoding="utf-8")
    _check_depth(text, loader)
    return [document for document in yaml.load_all(text, Loader=loader) if document is not None]


class _TooDeepError(Exception):
    """The file nests values too deeply."""


def _check_depth(text: str, loader: Any) -> None:
    # The loader in C ends the process if values are nested too deeply.
    depth = 0
    for event in cast("Iterator[yaml.Event]", cast("Any", yaml).parse(text, Loader=loader)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > _DEEPEST:
            raise _TooDeepError


def build_definitions(path: str) -> Sequence[dict[str, Any]]:
    """The definitions of a checked file. They stay when the gateway is deleted, so the stack's next gateway finds them,
    and updates those of another release."""
    return _documents(path)
