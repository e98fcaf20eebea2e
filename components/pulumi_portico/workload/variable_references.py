"""Rules of references to environment variables in the values of other variables, and in commands.

Source: `makeEnvironmentVariables`, `ExpandContainerCommandAndArgs`, and `ExpandContainerCommandOnlyStatic` of the
kubelet.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field, Key, Location
from ..args.problems import Problems, Set
from ..args.similar_names import SomeNames
from ..merge import merged
from ..untyped import Manifest, listed, mapped
from .containers import CommonContainerSpec
from .environment import EnvironmentSpec, Sources, build_environment
from .expansion import REFERENCE, in_order, reference_graph, references_in
from .health import HealthSpec

__all__ = [
    "AddedVariables",
    "added_variables",
    "check_command_references",
    "check_order",
    "check_probe_references",
    "check_references",
]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

_SERVICE_OF_API = ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTPS", "PORT", "PORT_443_TCP")
_OF_API = frozenset(
    f"KUBERNETES_{name}" for name in (*_SERVICE_OF_API, *(f"PORT_443_TCP_{name}" for name in ("PROTO", "PORT", "ADDR")))
)
"""The variables that every container has, whatever its pod says."""

_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "ksh", "sh", "zsh"})
_SCRIPT_OPTION = re.compile(r"-[a-z]*c")

VARIABLE_CYCLE = define(
    "variable-cycle",
    "This variable refers back to itself, so Kubernetes doesn't expand it: {names}.",
    allowed="references to other variables, in no circle",
    hint="Write one of the values without a reference. For the text $(NAME), write $$(NAME).",
)
UNKNOWN_VARIABLE = define(
    "unknown-variable",
    "The container has no variable {name}, so Kubernetes leaves $({name}) as it is.",
    allowed="{known}; $$(NAME) for the text $(NAME)",
)
VARIABLE_TOO_LATE = define(
    "variable-too-late",
    "The value of {name} is an Output, and refers to {other}, which comes after it, so Kubernetes leaves $({other}) as "
    "it is.",
    allowed="references of Outputs to variables whose values are plain, and to Outputs that are written before them",
    hint="Write {other} before {name}.",
)
REFERENCE_IN_SECRET = define(
    "reference-in-secret-variable",
    "Kubernetes doesn't expand $({name}) here: values of a Secret are used as they are.",
    allowed="references in {env}",
    hint="Move the text to {env}, and refer to the secret parts of it as $(NAME).",
)
REFERENCE_IN_PROBE = define(
    "reference-in-probe",
    "Kubernetes doesn't expand $({name}) in a probe's command, because the value isn't in the pod.",
    allowed="references to variables of {env}; the shell's own, such as $NAME",
)


@dataclass(frozen=True)
class AddedVariables:
    """What `extra` adds to the variables of a container."""

    values: Mapping[str, tuple[Any, Location]]
    """The values of the variables by name, and where they are; None for a value from another object."""
    complete: bool = True
    """Whether these are all."""


def added_variables(extra: Optional[Manifest], at: Location, group: str, name: str) -> AddedVariables:
    """What `extra` adds to the variables of one container: the one with a name in `containers` or `initContainers`."""
    pod, where = mapped(mapped(extra).get("spec")), at / Key("spec") / Key(group)
    values: dict[str, tuple[Any, Location]] = {}
    # The names of the variables of other Services aren't known.
    complete = not pod.get("enableServiceLinks")
    for index, container in enumerate(listed(pod.get(group))):
        if mapped(container).get("name") != name:
            continue
        complete = complete and not mapped(container).get("envFrom")
        for position, variable in enumerate(listed(mapped(container).get("env"))):
            found = mapped(variable)
            location = where / index / Key("env") / position / Key("value")
            values[str(found.get("name"))] = (found.get("value"), location)
    return AddedVariables(values, complete)


def check_references(environment: EnvironmentSpec, added: AddedVariables, problems: Problems) -> None:
    """Report references of variables that Kubernetes doesn't expand."""
    added = _complete(environment, added)
    places = {name: (value, environment.at / "env" / Key(name)) for name, value in environment.env.items()}
    places |= added.values
    graph = reference_graph({name: value for name, (value, _) in places.items()})
    known = _known(environment, added)
    for group in graph.cyclic_groups():
        name = min(group)
        value, where = places[name]
        problems.report(VARIABLE_CYCLE, where, value=value, names=[*graph.cycle(name), name])
    for name, (value, where) in places.items():
        if added.complete and any(reference not in known for reference in references_in(value)):
            others = {name, *graph.depending_on([name])}
            _check_text(value, where, known, problems, unusable=others)
    problems.run(_check_secrets, environment, known)


def check_order(declared: EnvironmentSpec, known: EnvironmentSpec, added: AddedVariables, problems: Problems) -> None:
    """Report references of values that weren't known when the variables were ordered, to variables after them.

    `declared` is the environment as the pods have it, and `known` has the values that are known by now.
    """
    late = [name for name, value in declared.env.items() if not isinstance(value, str)]
    if not late:
        return
    variables = listed(build_environment(declared, Sources()).get("env"))
    of_extra = [{"name": name, "value": value} for name, (value, _) in added.values.items()]
    ordered = in_order(merged(variables, of_extra)) if of_extra else variables
    positions = {str(variable["name"]): position for position, variable in enumerate(ordered)}
    for name in late:
        for reference in references_in(known.env.get(name)):
            if positions.get(reference, -1) > positions[name]:
                where = known.at / "env" / Key(name)
                problems.report(VARIABLE_TOO_LATE, where, value=known.env[name], name=name, other=reference)


def _check_secrets(environment: EnvironmentSpec, known: Collection[str], problems: Problems) -> None:
    for name, value in environment.secret_env.items():
        reference = next((found for found in references_in(value) if found in known), None)
        if reference is not None:
            where = environment.at / "secret_env" / Key(name)
            problems.report(REFERENCE_IN_SECRET, where, value=value, secret=True, name=reference, env=Field("env"))


def check_command_references(container: CommonContainerSpec, added: AddedVariables, problems: Problems) -> None:
    """Report references of a container's command and arguments to variables that don't exist."""
    added = _complete(container, added)
    if not added.complete:
        return
    known = _known(container, added)
    commands = {"command": container.command or (), "args": container.args or ()}
    is_reference = _reference_filter([word for words in commands.values() for word in words])
    for field, words in commands.items():
        for index, word in enumerate(words):
            _check_text(word, container.at / field / index, known, problems, is_reference)


def check_probe_references(
    container: CommonContainerSpec, health: HealthSpec, added: AddedVariables, problems: Problems
) -> None:
    """Report references of the probes' commands that Kubernetes doesn't expand: it knows only values in the pod."""
    added = _complete(container, added)
    if not added.complete:
        return
    known = _known(container, added)
    static = {*container.env, *(name for name, (value, _) in added.values.items() if value is not None)}
    for check in (health, health.startup, health.readiness, health.liveness):
        if check is not None and check.command is not None:
            _check_probe(check.command, check.at / "command", known, static, problems)


def _check_probe(
    command: Sequence[Any], at: Location, known: Collection[str], static: Collection[str], problems: Problems
) -> None:
    is_reference = _reference_filter(command)
    for index, word in enumerate(command):
        unexpanded = next((name for name in references_in(word) if name in known and name not in static), None)
        if unexpanded is None:
            _check_text(word, at / index, static, problems, is_reference)
        else:
            fix = _shell_fix(word, at / index, command)
            problems.report(REFERENCE_IN_PROBE, at / index, value=word, fix=fix, name=unexpanded, env=Field("env"))


def _shell_fix(word: str, at: Location, command: Sequence[Any]) -> Optional[Set]:
    """A shell expands variables itself."""
    return Set(at, REFERENCE.sub(_as_shell_variable, word)) if _is_script(command) else None


def _as_shell_variable(match: "re.Match[str]") -> str:
    return f"${{{match[1]}}}" if match[1] else match[0]


def _complete(environment: EnvironmentSpec, added: AddedVariables) -> AddedVariables:
    """The same variables, which aren't all if the container has those of other objects."""
    return replace(added, complete=False) if environment.env_from else added


def _known(environment: EnvironmentSpec, added: AddedVariables) -> set[str]:
    sources = (
        environment.env,
        environment.secret_env,
        environment.field_env,
        environment.resource_env,
        environment.env_value_from,
        added.values,
    )
    return {name for source in sources for name in source} | _OF_API


def _reference_filter(words: Sequence[Any]) -> Callable[[str], bool]:
    """Which unknown names of a command are references: a shell's `$(date)` runs a program, but none is upper-case."""
    is_script = _is_script(words)
    return lambda name: bool(_NAME.fullmatch(name)) and not (is_script and name != name.upper())


def _is_script(words: Sequence[Any]) -> bool:
    texts = [word for word in words if isinstance(word, str)]
    return any(text.rpartition("/")[2] in _SHELLS or _SCRIPT_OPTION.fullmatch(text) for text in texts)


def _check_text(
    value: Any,
    at: Location,
    known: Collection[str],
    problems: Problems,
    is_reference: Callable[[str], bool] = bool,
    unusable: Collection[str] = (),
) -> None:
    """Report what a text refers to that isn't known. The fix replaces it by the name that it misspells, which can't be
    in `unusable`."""
    unknown = [name for name in references_in(value) if name not in known and is_reference(name)]
    if not unknown:
        return
    names = problems.names(known)
    nearby = {name: names.nearest(name, lambda found: found not in unusable) for name in unknown}

    def expanded(match: "re.Match[str]") -> str:
        if match[1] not in nearby:
            return match[0]
        return f"$({close})" if (close := nearby[match[1]]) else f"${match[0]}"

    own = SomeNames(known for known in names.listed if known not in _OF_API)
    own.more = len(set(known) - _OF_API) - len(own)
    fix = Set(at, REFERENCE.sub(expanded, value))
    problems.report(
        UNKNOWN_VARIABLE, at, value=value, fix=fix, name=unknown[0], known=own or "a variable of the container"
    )
