"""What the scoreboard needs of Portico: a stack goes in as a mapping; problems or rendered objects come out.

This is the only module of the scoreboard that knows Portico's entry points. If one of them moves, change it here.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_portico import ArgumentError
from pulumi_portico.cli.app import app
from pulumi_portico.lifecycle.hooks import no_address
from pulumi_portico.lifecycle.replacement import judge
from pulumi_portico.pod_security import violations_of
from pulumi_portico.public_load_balancer.platforms import Platform, module_of
from pulumi_portico.stack import build, check_stack
from pulumi_portico.testing import Recording, record
from typer.testing import CliRunner

from tests.interrupts import interruptible

PROJECT = "name: {project}\nruntime: python\nstackConfigDir: stacks\n"
WEB: Mapping[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080}

Manifest = Mapping[str, Any]


class UnexpectedProblem(Exception):
    """A stack was rejected, but for something that the case isn't about. Not an expected failure: fix the test."""


def field_case(number: str, why: str = "") -> pytest.MarkDecorator:
    """Mark a case that doesn't hold yet. Only a failed assertion counts: other exceptions fail the test."""
    reason = f"field case {number}" + (f": {why}" if why else "")
    return pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)


def open_case(number: str, *values: Any, row: str = "", why: str = "") -> Any:
    """A row of a parametrized test whose case doesn't hold yet."""
    return pytest.param(*values, id=f"{number}-{row}" if row else number, marks=field_case(number, why))


def held_case(number: str, *values: Any, row: str = "") -> Any:
    """A row of a parametrized test whose case holds: it's kept so that it stays so."""
    return pytest.param(*values, id=f"{number}-{row}" if row else number)


# Stacks --------------------------------------------------------------------------------------------------------------


def stack(*, services: Mapping[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """A stack of these parts, in the namespace `shop`; with the service `web` if the case names no services."""
    return copy.deepcopy({"namespace": "shop", "services": services or {"web": WEB}, **parts})


def service(name: str = "web", /, **fields: Any) -> dict[str, Any]:
    """A stack of one service with these fields; a field of None leaves out the default one."""
    given = {"image": WEB["image"], "port": 8080, **fields}
    return stack(services={name: {key: value for key, value in given.items() if value is not None}})


def balancer(exposure: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A stack with one load balancer, `front`, to the service `web`."""
    return stack(loadBalancers={"front": {"target": {"service": "web"}, "exposure": exposure, **fields}})


def gateway(*routes: Mapping[str, Any], services: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A stack with one gateway, `edge`; each route goes to `web` unless it says otherwise."""
    targeted = [it if "redirect" in it else {"target": {"service": "web"}, **it} for it in routes]
    exposure = {"scope": "internet", "platform": "gke", "allowedSources": ["203.0.113.0/24"], "clientIp": "preserve"}
    defaults: dict[str, Any] = {"exposure": exposure}
    if fields.get("controller", "f5-nginx") == "f5-nginx":
        defaults["crds"] = {"installed": True}
    if "upstream" in fields or "install" in fields:
        del defaults["exposure"]
    return stack(services=services, gateways={"edge": {**defaults, **fields, "routes": targeted}})


AWS_PARTS: Mapping[str, Any] = {
    "kind": "application",
    "scope": "internet",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSources": ["203.0.113.0/24"],
    "targets": {"web": {"target": {"service": "web"}}},
}
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef"
AWS_FRONT = ("awsLoadBalancers", "front")
"""Where the problems of `aws_balancer` are."""


def aws_balancer(**fields: Any) -> dict[str, Any]:
    """A stack with one load balancer that Pulumi owns, `front`."""
    given = {key: value for key, value in {**AWS_PARTS, **fields}.items() if value is not None}
    return stack(awsLoadBalancers={"front": given})


# Problems ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What Portico makes of a stack."""

    problems: Sequence[tuple[str, ...]] = ()
    """The location of each problem, as `parts_of` splits it."""
    reports: Sequence[tuple[str, ...]] = ()
    """The location of whatever else is reported with one: a warning, a note, an exception."""
    crash: str = ""
    """The exception that escaped, if one did."""
    text: str = ""
    manifests: Sequence[Manifest] = field(default_factory=list[Manifest])


def parts_of(location: Any) -> tuple[str, ...]:
    """A location as lower-case words, however it's written: `portico:services.web.allowTo[0]`, or a tuple of keys."""
    if not isinstance(location, str):
        location = ".".join(map(str, location))
    words = re.split(r"[.\[\]]+", location.removeprefix("portico:").replace("_", "").lower())
    return tuple(word for word in words if word)


def rejected_at(problems: Sequence[tuple[str, ...]], *prefix: Any) -> bool:
    """Whether a problem is at this location or below it."""
    wanted = parts_of(prefix)
    return any(it[: len(wanted)] == wanted for it in problems)


def run_portico(folder: Path, *arguments: str) -> Any:
    """The command, in this process, in a project folder."""
    return CliRunner().invoke(app, [*arguments, "--folder", str(folder / "stacks")])


def write_project(folder: Path, values: Mapping[str, Any], project: str = "shop", name: str = "dev") -> Path:
    """A project with one stack."""
    return write_text(folder, _text_of(values), project, name)


def _text_of(values: Mapping[str, Any]) -> str:
    """The stack file, with its keys in the order in which the case has them."""
    config = {f"portico:{key}": value for key, value in values.items()}
    return yaml.safe_dump({"config": config}, sort_keys=False)


def write_text(folder: Path, text: str, project: str = "shop", name: str = "dev") -> Path:
    """A project with one stack file of this text."""
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT.format(project=project))
    (folder / "stacks" / f"Pulumi.{name}.yaml").write_text(text)
    return folder


def portico(
    folder: Path, *arguments: str, shell: str = "", interrupt_after: float = 0, **options: Any
) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, in a project folder.

    ``shell`` is a command line with `portico` in it. ``interrupt_after`` sends SIGINT so many seconds after the
    command's modules are imported.
    """
    ready = "import pulumi_portico.cli.app; print('ready', file=sys.stderr, flush=True);" if interrupt_after else ""
    program = f"import sys; from pulumi_portico.cli import main; sys.argv[0] = 'portico'; {ready} main()"
    command = [sys.executable, "-c", program, *arguments]
    if shell:
        call = shlex.join([sys.executable, "-c", program])
        command = ["bash", "-c", f'set -o pipefail; portico() {{ {call} "$@"; }}; {shell}']
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with interruptible():
        started = subprocess.Popen(command, cwd=folder, text=True, **pipes, **options)
    with started as process:
        if interrupt_after:
            assert process.stderr is not None
            process.stderr.readline()
            time.sleep(interrupt_after)
            process.send_signal(signal.SIGINT)
        try:
            output, errors = process.communicate(timeout=8 if interrupt_after else 30)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            errors += "Traceback: it hangs\n"
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def check(values: Mapping[str, Any], *, explain: bool = False) -> Outcome:
    """What `portico check` reports."""
    return _check(_text_of(values), explain=explain)


@cache
def _check(text: str, *, explain: bool) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return check_project(write_text(Path(folder), text), explain=explain)


def check_project(folder: Path, *, explain: bool = False) -> Outcome:
    """What `portico check` reports of a project's stack, and with ``explain``, what `portico explain` does."""
    found = run_portico(folder, "check", "--json")
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        return Outcome(crash=repr(found.exception), text=found.output)
    try:
        told = json.loads(found.stdout)
    except ValueError:
        return Outcome(crash=f"no JSON, exit code {found.exit_code}", text=found.output)
    problems = [parts_of(it.get("location", it.get("path", ""))) for it in told["problems"]]
    reports = list(_locations(told))
    if explain and not problems:
        reports += _locations(json.loads(run_portico(folder, "explain", "--json").stdout))
    return Outcome(problems, reports, text=found.output)


def _locations(told: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(told, Mapping):
        for key in ("location", "path"):
            if isinstance(told.get(key), (str, list)):
                yield parts_of(told[key])
        told = list(told.values())
    if isinstance(told, list):
        for value in told:
            yield from _locations(value)


def problems_as_data(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The problems that `portico check --json` reports."""
    return problems_of_text(_text_of(values))


def problems_of_text(text: str) -> list[dict[str, Any]]:
    """The problems of a stack file of this text."""
    with tempfile.TemporaryDirectory() as folder:
        found = run_portico(write_text(Path(folder), text), "check", "--json")
    return json.loads(found.stdout)["problems"]


def fixed_by_portico(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values below `portico:` after `portico check --fix`; None if problems are left."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), values)
        if run_portico(project, "check", "--fix").exit_code:
            return None
        config = yaml.safe_load((project / "stacks" / "Pulumi.dev.yaml").read_text())["config"]
    return {key.removeprefix("portico:"): value for key, value in config.items()}


def ran(values: Mapping[str, Any], *arguments: str) -> Any:
    """What a command prints for the stack, and its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        return run_portico(write_project(Path(folder), values), *arguments)


def warnings_of_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The codes of what a change of the addresses of a load balancer is reported with."""
    identity = {"identity": {"scope": "internet"}}
    judgment = judge("front", {**identity, "held": before}, {**identity, "held": after}, ["203.0.113.1"])
    return [finding.code.name for finding in judgment.warnings]


def is_rejected(values: Mapping[str, Any], *prefix: Any) -> bool:
    """Whether the stack is rejected there.

    :raises UnexpectedProblem: if it's rejected, but only elsewhere.
    """
    outcome = check(values)
    assert not outcome.crash, outcome.crash
    if outcome.problems and not rejected_at(outcome.problems, *prefix):
        raise UnexpectedProblem(f"{outcome.problems}, none below {prefix}:\n{outcome.text}")
    return bool(outcome.problems)


def is_reported(values: Mapping[str, Any], *prefix: Any, explain: bool = True) -> bool:
    """Whether `portico check` or `portico explain` reports anything there: a problem, a warning, a note."""
    outcome = check(values, explain=explain)
    assert not outcome.crash, outcome.crash
    if outcome.problems and not rejected_at(outcome.problems, *prefix):
        raise UnexpectedProblem(f"{outcome.problems}, none below {prefix}:\n{outcome.text}")
    return rejected_at(outcome.reports, *prefix)


def assert_rejected(values: Mapping[str, Any], *prefix: Any, unlike: Mapping[str, Any] | None = None) -> None:
    """The stack is rejected there; the one that's ``unlike`` it is valid, so nothing else can be the cause."""
    if unlike is not None and (problems := check(unlike).problems):
        raise UnexpectedProblem(f"the stack to compare with is rejected: {problems}")
    assert is_rejected(values, *prefix), "accepted"


def assert_accepted(values: Mapping[str, Any], *prefix: Any) -> None:
    """The stack is valid; ``prefix`` is where it's rejected today."""
    assert not is_rejected(values, *prefix), "rejected"


# Rendered objects ----------------------------------------------------------------------------------------------------


def render(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The Kubernetes objects that `portico render` prints.

    :raises UnexpectedProblem: if the stack is rejected.
    """
    return copy.deepcopy([it for it in _rendered(_text_of(values)) if it])


def render_aws(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The AWS resources that `portico render --aws` prints."""
    (resources,) = _rendered(_text_of(values), "--aws")
    return resources


@cache
def _rendered(text: str, *options: str) -> Sequence[Any]:
    with tempfile.TemporaryDirectory() as folder:
        found = run_portico(write_text(Path(folder), text), "render", *options)
    if found.exit_code:
        raise UnexpectedProblem(found.output or repr(found.exception))
    return list(yaml.load_all(found.stdout, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def rendered_unless_rejected(values: Mapping[str, Any], *prefix: Any) -> list[dict[str, Any]] | None:
    """The objects; None if the stack is rejected there."""
    return None if is_rejected(values, *prefix) else render(values)


def of_kind(manifests: Sequence[Manifest], kind: str, name: str = "") -> list[dict[str, Any]]:
    """The objects of a kind whose names begin with ``name``."""
    return [dict(it) for it in manifests if it["kind"] == kind and it["metadata"]["name"].startswith(name)]


def one(manifests: Sequence[Manifest], kind: str, name: str = "") -> dict[str, Any]:
    """The only object of a kind whose name begins with ``name``."""
    found = of_kind(manifests, kind, name)
    if len(found) != 1:
        raise LookupError(f"{len(found)} objects are {kind} {name}")
    return found[0]


def balancer_service(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """The Service of the only load balancer."""
    (found,) = (it for it in of_kind(manifests, "Service") if it["spec"].get("type") == "LoadBalancer")
    return found


def annotations_of(manifest: Manifest) -> Mapping[str, str]:
    return manifest["metadata"].get("annotations") or {}


def pod_template(manifests: Sequence[Manifest], name: str = "web") -> dict[str, Any]:
    """The pods' template of a workload."""
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    (found,) = (it for kind in kinds for it in of_kind(manifests, kind, name) if it["metadata"]["name"] == name)
    return found["spec"]["template"]


def registered(values: Mapping[str, Any], **options: Any) -> Recording:
    """What the stack registers with Pulumi, on mocks."""
    return record(lambda: build(check_stack("dev", values)), project="shop", stack="dev", **options)


def program_of(values: Mapping[str, Any]) -> str:
    """A Pulumi program that builds the stack, for the real engine."""
    return f"from pulumi_portico.stack import build, check_stack\n\nbuild(check_stack('test', {dict(values)!r}))\n"


def no_address_hint(platform: str) -> str:
    """What Portico reports if a platform gives a load balancer no address."""
    module = module_of(Platform(platform))
    errors = ["Service was not allocated an IP address"]
    return str(no_address("front", module.controller, module.no_address_causes, 5, errors) or "")


def raised_by(program: Callable[[], Any]) -> str:
    """The message with which a program that constructs components is rejected; empty if it's accepted."""
    try:
        record(program)
    except ArgumentError as error:
        return str(error)
    except Exception as error:
        raise AssertionError(f"{error!r} escaped") from error
    return ""


def pod_security(pod: Manifest) -> Sequence[str]:
    """What Pod Security "restricted" rejects of a pod's manifest."""
    return [violation.field for violation in violations_of(pod)]


# NetworkPolicies -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pods:
    """Pods at the other end of a connection."""

    labels: Mapping[str, str]
    namespace: str = "shop"


def admits(
    manifests: Sequence[Manifest],
    direction: str,
    pod: Mapping[str, str],
    peer: Pods | str,
    port: int,
    protocol: str = "TCP",
) -> bool:
    """Whether the policies let pods of `shop` with these labels connect to (or from) a peer: pods, or an address.

    ``direction`` is `egress` or `ingress`; ``port`` is the one that the pod at the receiving end listens on.
    """
    policies = [it["spec"] for it in of_kind(manifests, "NetworkPolicy") if it["metadata"]["namespace"] == "shop"]
    mine = [
        it
        for it in policies
        if _selects(it.get("podSelector", {}), pod) and direction.capitalize() in it["policyTypes"]
    ]
    rules = [rule for it in mine for rule in it.get(direction, [])]
    return not mine or any(_rule_admits(rule, direction, peer, port, protocol) for rule in rules)


def _rule_admits(rule: Mapping[str, Any], direction: str, peer: Pods | str, port: int, protocol: str) -> bool:
    ports = rule.get("ports", [])
    fits = not ports or any(
        it.get("protocol", "TCP") == protocol
        and it.get("port", port) <= port <= it.get("endPort", it.get("port", port))
        for it in ports
    )
    peers = rule.get("to" if direction == "egress" else "from", [])
    return fits and (not peers or any(_is_peer(it, peer) for it in peers))


def _is_peer(wanted: Mapping[str, Any], peer: Pods | str) -> bool:
    if isinstance(peer, str):
        block = wanted.get("ipBlock")
        if block is None:
            return False
        address = ipaddress.ip_address(peer)
        outside = any(address in ipaddress.ip_network(it) for it in block.get("except", []))
        return address in ipaddress.ip_network(block["cidr"]) and not outside
    if "ipBlock" in wanted:
        return False
    spaces = wanted.get("namespaceSelector", {"matchLabels": {"kubernetes.io/metadata.name": "shop"}})
    return _selects(spaces, {"kubernetes.io/metadata.name": peer.namespace}) and _selects(
        wanted.get("podSelector", {}), peer.labels
    )


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    named = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    tests: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
        "In": lambda it: labels.get(it["key"]) in it["values"],
        "NotIn": lambda it: labels.get(it["key"]) not in it["values"],
        "Exists": lambda it: it["key"] in labels,
        "DoesNotExist": lambda it: it["key"] not in labels,
    }
    return named and all(tests[it["operator"]](it) for it in selector.get("matchExpressions", []))
