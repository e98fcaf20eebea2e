"""Field cases E: attacks and faults that weren't caught."""

from __future__ import annotations

import ipaddress
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_portico import IngressGateway, PublicLoadBalancer, WebService
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.problems import Problems
from pulumi_portico.host import RejectedArguments
from pulumi_portico.web_service.validation import parse_web_service

from tests.scoreboard.cases import (
    AWS_FRONT,
    CERTIFICATE,
    WEB,
    UnexpectedProblem,
    admits,
    assert_accepted,
    assert_rejected,
    aws_balancer,
    balancer,
    check_project,
    gateway,
    held_case,
    is_rejected,
    is_reported,
    pod_security,
    portico,
    raised_by,
    rendered_unless_rejected,
    run_portico,
    service,
    stack,
    write_project,
    write_text,
)
from tests.scoreboard.test_controller import read
from tests.unit.readers.nginx import Answer, Request

SHOP = "shop.example.com"
FRONT = ("loadBalancers", "front")
EDGE = ("gateways", "edge")
INTERNET = {"scope": "internet", "platform": "gke", "allowedSources": ["203.0.113.0/24"]}
PRESERVED = {**INTERNET, "clientIp": "preserve"}
TLS = {SHOP: {"secret": "shop-tls"}}


# E1: every field that takes a range of addresses.

INJECTION = "fe80::%1; server { listen 8088; root .; autoindex on; } #/64"
# As this Python writes it: 3.13 and newer keep the dotted form.
MAPPED = str(ipaddress.ip_network("::ffff:10.0.0.0/104"))

Ranged = tuple[Callable[[str], dict[str, Any]], tuple[Any, ...]]
LISTENER = {"port": 80, "protocol": "http", "target": "web"}
RANGES: Mapping[str, Ranged] = {
    "settings.forwardedFrom": (
        lambda it: gateway({"host": SHOP}, settings={"forwardedFrom": ["203.0.113.0/24", it]}),
        (*EDGE, "settings", "forwardedFrom"),
    ),
    "upstream.sources": (
        lambda it: gateway({"host": SHOP}, upstream={"sources": [it]}),
        (*EDGE, "upstream", "sources"),
    ),
    "route.allowedSources": (lambda it: gateway({"host": SHOP, "allowedSources": [it]}), (*EDGE, "routes")),
    "route.deniedSources": (lambda it: gateway({"host": SHOP, "deniedSources": [it]}), (*EDGE, "routes")),
    "exposure.allowedSources": (
        lambda it: balancer({**PRESERVED, "allowedSources": [it]}),
        (*FRONT, "exposure", "allowedSources"),
    ),
    "exposure.platformSources": (
        lambda it: balancer({**INTERNET, "clientIp": "hide", "platformSources": [it]}),
        (*FRONT, "exposure", "platformSources"),
    ),
    "allowFrom": (lambda it: service(allowFrom=[{"cidr": it}]), ("services", "web", "allowFrom")),
    "allowTo": (lambda it: service(allowTo=[{"cidr": it}]), ("services", "web", "allowTo")),
    "aws.allowedSources": (
        lambda it: aws_balancer(allowedSources=[it], listeners=[LISTENER], ipAddressType="dualstack"),
        (*AWS_FRONT, "allowedSources"),
    ),
    "aws.targetRanges": (
        lambda it: aws_balancer(targetRanges=[it], listeners=[LISTENER]),
        (*AWS_FRONT, "targetRanges"),
    ),
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        held_case("E1", field, value, row=f"{field} {row}")
        for field in RANGES
        for row, value in (("injection", INJECTION), ("IPv4-mapped", MAPPED))
    ],
)
def test_a_range_has_no_scope_and_no_mapped_prefix(field: str, value: str) -> None:
    build, where = RANGES[field]
    assert_rejected(build(value), *where, unlike=build("203.0.113.0/24"))


# E2: encoded control characters must not lead around a route that restricts access.

USERS = {"basicAuth": {"users": {"ada": "$apr1$portico0$oOiUYHI8CdadX9AIbtgv81"}}}
PROTECTED: Mapping[str, tuple[Mapping[str, Any], Callable[[Answer], bool]]] = {
    "basicAuth": (USERS, lambda it: it.status == 401),
    "allowedSources": ({"allowedSources": ["10.0.0.0/8"]}, lambda it: it.status == 403),
    "rateLimit": ({"rateLimit": {"requests": 5}}, lambda it: "rate" in it.settings),
}
BYPASSES = ("/admin/users/%0ax", "/admin/secret%0a%0a", "/admin/%0a", "/admin/%0d%0a", "/admin/%0ax/../y")


@pytest.mark.parametrize(
    ("kind", "path"),
    [held_case("E2", kind, path, row=f"{kind} {path}") for kind in PROTECTED for path in BYPASSES],
)
def test_a_newline_leads_around_no_protected_prefix_on_ingress_nginx(kind: str, path: str) -> None:
    fields, is_protected = PROTECTED[kind]
    routes = {"host": SHOP}, {"host": SHOP, "path": "/admin", **fields}
    reader = read(gateway(*routes, controller="ingress-nginx", tls=TLS), "ingress-nginx")
    assert is_protected(reader.answer(Request(SHOP, "/admin/users", "https")))
    assert is_protected(reader.answer(Request(SHOP, path, "https")))


@pytest.mark.parametrize(
    "path", [held_case("E2", path, row=f"exact path on f5-nginx {path}") for path in ("/open/%0a", "/open/%0a%0a")]
)
def test_a_newline_leads_to_no_open_exact_path_on_f5_nginx(path: str) -> None:
    routes = {"host": SHOP, **USERS}, {"host": SHOP, "path": "/open/", "pathType": "Exact"}
    reader = read(gateway(*routes, tls=TLS))
    assert reader.answer(Request(SHOP, "/open/", "https")).kind == "backend"
    assert reader.answer(Request(SHOP, path, "https")).status == 401


# E3: what `render --output` does to a folder.


def render_into(folder: Path, output: Path) -> Any:
    return run_portico(folder, "render", "--output", str(output))


def texts(folder: Path) -> dict[str, str]:
    return {it.name: it.read_text() for it in sorted(folder.iterdir()) if it.is_file()}


def test_another_projects_manifests_survive(tmp_path: Path) -> None:
    first = write_project(tmp_path / "a", service("first"), project="first")
    second = write_project(tmp_path / "b", service("second"), project="second")
    output = tmp_path / "out"
    assert render_into(first, output).exit_code == 0
    before = texts(output)
    render_into(second, output)
    assert before.items() <= texts(output).items()


def test_rendering_follows_no_symbolic_link(tmp_path: Path) -> None:
    folder, output = write_project(tmp_path / "a", service()), tmp_path / "out"
    render_into(folder, output)
    name = next(it.name for it in output.iterdir() if "deployment" in it.name)
    elsewhere = tmp_path / "elsewhere.yaml"
    # As if a copy of an older rendering were kept there.
    elsewhere.write_text((output / name).read_text() + "# kept\n")
    (output / name).unlink()
    (output / name).symlink_to(elsewhere)
    before = elsewhere.read_text()
    render_into(folder, output)
    assert elsewhere.read_text() == before


def test_rendering_writes_into_no_named_pipe(tmp_path: Path) -> None:
    folder, output = write_project(tmp_path / "a", service()), tmp_path / "out"
    render_into(folder, output)
    name = next(it.name for it in output.iterdir() if "deployment" in it.name)
    (output / name).unlink()
    os.mkfifo(output / name)
    # With a reader, opening the pipe for writing doesn't block.
    reader = os.open(output / name, os.O_RDONLY | os.O_NONBLOCK)
    try:
        render_into(folder, output)
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)


def test_folders_below_the_output_are_left_alone(tmp_path: Path) -> None:
    folder, output = write_project(tmp_path / "a", service()), tmp_path / "out"
    below = output / "team"
    assert render_into(folder, below).exit_code == 0
    before = texts(below)
    assert before
    render_into(folder, output)
    assert texts(below) == before


def test_a_full_disk_leaves_nothing_that_blocks_the_next_run(tmp_path: Path) -> None:
    folder, output = write_project(tmp_path / "a", service()), tmp_path / "out"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))

    arguments = ("render", "--output", str(output))
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    full = portico(folder, *arguments, preexec_fn=limit, env=environment)
    if full.returncode == 0:
        raise UnexpectedProblem("the disk wasn't full")
    assert render_into(folder, output).exit_code == 0


# E4: an empty list of ports isn't every port.


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        held_case("E4", "allowTo", {"allowTo": [{"cidr": "10.0.0.0/8", "ports": []}]}, row="allowTo"),
        held_case(
            "E4", "allowFrom", {"allowFrom": [{"cidr": "10.0.0.0/8"}], "port": None, "ports": {}}, row="of a worker"
        ),
    ],
)
def test_no_ports_admit_nothing_or_are_rejected(field: str, fields: Any) -> None:
    manifests = rendered_unless_rejected(service(**fields), "services", "web", field)
    direction = "egress" if field == "allowTo" else "ingress"
    web = {"app.kubernetes.io/name": "web"}
    assert manifests is None or not admits(manifests, direction, web, "10.1.2.3", 22)


# E5: pods that another service's selector finds too.

ONE = {**WEB, "selector": {"app": "one"}}


@pytest.mark.parametrize(
    ("values", "unlike"),
    [
        held_case("E5", {"two": {**WEB, "selector": {"app": "one", "tier": "back"}}}, {}, row="selector"),
        held_case("E5", {"two": {**WEB, "labels": {"app": "one"}}}, {}, row="labels"),
        held_case("E5", {"two": {**WEB, "extra": {"metadata": {"labels": {"app": "one"}}}}}, {}, row="extra"),
        held_case(
            "E5",
            {"two": {**WEB, "selector": {"app.kubernetes.io/component": "ingress-controller"}}},
            {"gateways": {"edge": {"exposure": PRESERVED, "namespace": "shop"}}},
            row="the controller's labels",
        ),
        held_case("E5", {"two": ONE}, {}, row="the same selector"),
        held_case("E5", {"two": {**WEB, "selector": {"app.kubernetes.io/name": "one"}}, "one": WEB}, {}, row="a name"),
        held_case(
            "E5",
            {"two": WEB},
            {"gateways": {"edge": {"exposure": PRESERVED, "namespace": "shop", "labels": {"app": "one"}}}},
            row="a gateway's labels",
        ),
    ],
)
def test_selectors_that_overlap_are_reported(values: Any, unlike: Any) -> None:
    if "labels" not in unlike.get("gateways", {}).get("edge", {}):
        assert not is_reported(stack(services={"one": ONE, "two": WEB}, **unlike), explain=False)
    assert is_reported(stack(services={"one": ONE, **values}, **unlike), explain=False)


OF_ONE = {"metadata": {"labels": {"app": "one"}}, "spec": {"containers": []}}


@pytest.mark.parametrize(
    "manifest",
    [
        held_case("E5", {"apiVersion": "v1", "kind": "Pod", **OF_ONE}, row="a pod of a manifest"),
        held_case("E5", {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": OF_ONE}}, row="its job"),
        held_case(
            "E5",
            {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": {"selector": {"matchLabels": {}}}},
            row="its disruption budget",
        ),
    ],
)
def test_a_manifest_that_overlaps_a_service_is_rejected(manifest: Any) -> None:
    own = {**manifest, "metadata": {**manifest.get("metadata", {}), "name": "a"}}
    values = stack(services={"one": ONE}, podSecurity="privileged", manifests=[own])
    assert_rejected(values, "manifests", unlike=stack(services={"one": ONE}, podSecurity="privileged"))


# E6: a rule holds for Outputs too.


def test_an_output_adds_no_second_header() -> None:
    def program(value: Any) -> Callable[[], Any]:
        return _route_with(response_headers={"X-A": value})

    for_certain = raised_by(program("a,X-Evil:b"))
    if not for_certain or raised_by(program("a")) or raised_by(program(pulumi.Output.from_input("a"))):
        raise UnexpectedProblem(for_certain)
    assert raised_by(program(pulumi.Output.from_input("a,X-Evil:b")))


# E7: no control character of a stack file reaches the terminal.

RED = "\x1b[31m"


@pytest.mark.parametrize(
    "values",
    [
        held_case("E7", stack(services={"web": {**WEB, f"image{RED}": 1}}), row="unknown key"),
        held_case(
            "E7",
            balancer(
                INTERNET,
                price={"loadBalancerHour": 1, "publicAddressHour": 1, "currency": f"{RED}EUR"},
            ),
            row="price currency",
        ),
        held_case(
            "E7",
            balancer({**INTERNET, "platform": "aws-controller", "aws": {"prefixLists": [f"pl-{RED}1"]}}),
            row="prefix list",
        ),
        held_case(
            "E7",
            aws_balancer(listeners=[{**LISTENER, "routes": [{"path": "/a", "redirect": {"host": f"{RED}a.example"}}]}]),
            row="redirect host",
        ),
        held_case("E7", balancer({**PRESERVED, "allowedSources": [f"fe80::%{RED}/64"]}), row="CIDR"),
    ],
)
def test_control_characters_are_never_printed(values: Any, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "a", values)
    printed = [run_portico(folder, it).output for it in ("check", "explain")]
    assert all("\x1b" not in it for it in printed)


# E8: no message shows a secret.

CANARY = "hunter2"


@pytest.mark.parametrize(
    "values",
    [
        held_case(
            "E8", service(sidecars={"name": "log", "image": "log:1", "secretEnv": {"KEY": CANARY}}), row="sidecars"
        ),
        held_case("E8", gateway({"host": SHOP}, tls={SHOP: CANARY}), row="tls"),
    ],
)
def test_a_message_shows_no_secret_under_a_field_of_the_wrong_shape(values: Any, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "a", values)
    printed = run_portico(folder, "check"), run_portico(folder, "check", "--json")
    if any(it.exit_code != 1 for it in printed):
        raise UnexpectedProblem("the stack isn't rejected")
    assert all(CANARY not in it.output for it in printed)


def _balancer_with(**exposure: Any) -> Callable[[], Any]:
    target = {"service": "web", "namespace": "shop", "port": 80, "selector": {"app": "web"}}
    given: Any = {"scope": "internet", "platform": "aws-controller", "allowed_sources": ["0.0.0.0/0"], **exposure}
    return lambda: PublicLoadBalancer("front", {"target": target, "exposure": given})  # pyright: ignore[reportArgumentType]


def _route_with(controller: str = "f5-nginx", **fields: Any) -> Callable[[], Any]:
    routes = [{"host": SHOP, "target": {"service": "web", "namespace": "shop", "port": 80}, **fields}]
    there: Any = {"install": False, "class_name": "nginx", "namespace": "shop", "controller_peers": []}
    args: Any = {**there, "controller": controller, "routes": routes}
    return lambda: IngressGateway("edge", args)


@pytest.mark.parametrize(
    ("program", "canary"),
    [
        held_case(
            "E8",
            _balancer_with(static_addresses=[pulumi.Output.secret(CANARY)], subnets=["subnet-1"]),
            CANARY,
            row="static_addresses",
        ),
        held_case("E8", _balancer_with(idle_timeout=pulumi.Output.secret(7654321)), "7654321", row="idle_timeout"),
        held_case(
            "E8",
            _route_with("ingress-nginx", rate_limit={"requests": 5, "burst": pulumi.Output.secret(7654321)}),
            "7654321",
            row="burst",
        ),
    ],
)
def test_a_message_shows_no_secret_output(program: Callable[[], Any], canary: str) -> None:
    message = raised_by(program)
    if not message:
        raise UnexpectedProblem("accepted")
    assert canary not in message


PRIVATE_KEY = f"-----BEGIN PRIVATE KEY-----\n{CANARY}{CANARY}\n-----END PRIVATE KEY-----\n"
PUBLIC = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
BELOW = {"secretEnv": {"A": CANARY}}
TOKEN = f"glpat-{CANARY * 3}"
MISPLACED: Mapping[str, Any] = {
    "a key and its certificate swapped": gateway(
        {"host": SHOP}, tls={SHOP: {"certificate": PRIVATE_KEY, "key": PUBLIC}}
    ),
    "a certificate with its key": gateway({"host": SHOP}, tls={SHOP: {"certificate": PUBLIC + PRIVATE_KEY}}),
    "a key as tls.secret": gateway({"host": SHOP}, tls={SHOP: {"secret": PRIVATE_KEY}}),
    "a key as tls.issuer": gateway({"host": SHOP}, tls={SHOP: {"issuer": PRIVATE_KEY}}),
    "a key as a host": gateway({"host": PRIVATE_KEY}),
    "a key as the key of a mapping": gateway({"host": SHOP}, tls={PRIVATE_KEY: {"secret": "a"}}),
    "a key as backendTls.caCertificate": gateway({"host": SHOP, "backendTls": {"caCertificate": PRIVATE_KEY}}),
    "a mapping as image": service(image=BELOW),
    "a mapping far below image": service(image={"a": {"b": [BELOW]}}),
    "a mapping as port": service(port=BELOW),
    "a mapping as awsRoleArn": service(identity={"awsRoleArn": BELOW}),
    "a mapping in args": service(args=[BELOW]),
    "a mapping as a label": service(labels={"a": BELOW}),
    "a list as an encrypted value": service(env={"A": {"secure": ["x", CANARY]}}),
    "a mapping as an encrypted value": service(port={"secure": {"x": CANARY}}),
    "an encrypted value beside another key": service(labels={"a": {"secure": CANARY, "b": 1}}),
    "an encrypted value in a choice": stack(services={"web": {**WEB, "kind": {"secure": [CANARY]}}}),
    "a secret as in Pulumi YAML": service(env={"A": {"fn::secret": CANARY}}),
    "a secret as in Pulumi YAML, for env": service(env={"fn::secret": CANARY}),
    "a secret as in Pulumi YAML, for labels": service(labels={"fn::secret": CANARY}),
    "a secret as in Pulumi YAML, for tags": aws_balancer(
        tags={"fn::secret": CANARY}, listeners=[{"port": 80, "protocol": "http", "target": "web"}]
    ),
    "a list as a password": service(env={"DB_PASSWORD": ["x", CANARY]}),
    "a mapping as a password": service(env={"DB_PASSWORD": {"x": CANARY}}),
    "a password in the key of a user": gateway({"host": SHOP, "basicAuth": {"users": {f"ada:{CANARY}": "x"}}}),
    "a password beside users": gateway({"host": SHOP, "basicAuth": {f"ada:{CANARY}": "x"}}),
    "a password in the key of a secret": service(secretEnv={f"A={CANARY}": "x"}),
    "a password in a key without a space": service(secretEnv={f"A:{CANARY}": None}),
    "a password in the key of a variable": service(env={f"A={CANARY}": "x"}),
    "a number as the key of a secret": service(secretEnv={f"0x{CANARY}": "x"}),
    "users as basicAuth.secret": gateway({"host": SHOP, "basicAuth": {"secret": f"ada:{CANARY}"}}),
    "a password in pullSecrets": service(imagePolicy={"pullSecrets": [f"ada:{CANARY}"]}),
    "a password as the Secret of a volume": service(volumes={"a": {"path": "/a", "secret": f"ada:{CANARY}"}}),
    "the user of a URL": service(image=f"https://ada:{CANARY}@registry.example.com/a:1"),
    "a token in a URL": service(image=f"https://{CANARY}@registry.example.com/a:1"),
    "the user of a registry": service(image=f"ada:{CANARY}@registry.example.com/a:1"),
    "a URL as a name": stack(services={f"https://ada:{CANARY}@a": WEB}),
    "a credential in a query": service(health={"path": f"health?api_key={CANARY}"}),
    "a credential in another header": gateway({"host": SHOP, "requestHeaders": {"X-Up": f"Bearer {{{CANARY}"}}),
    "a token by its form": service(image=f"a b {TOKEN}"),
    "a token by its form, as a key": service(env={f"A {TOKEN}": "x"}),
    "a token by its form, in a URL": service(health={"path": f"health/{TOKEN}"}),
    "a password after an option": service(image=f"a --password {CANARY}"),
    "a password in JSON": service(image=f'{{"password": "{CANARY}"}}'),
    "a key of a Secret of the stack": stack(secrets={"a": {"stringData": {f"{CANARY}/": "x"}}}),
    "a mapping as the value of a Secret": stack(secrets={"a": {"stringData": {"b": {"c": CANARY}}}}),
    "a Secret in a list of manifests": stack(manifests=[[{"kind": "Secret", "stringData": {"a": CANARY}}]]),
    "a mapping as the value of a Secret in a manifest": stack(
        manifests=[
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": {"b": CANARY}}}
        ]
    ),
    "a header": gateway({"host": SHOP, "requestHeaders": {"Authorization": f"Bearer {{{CANARY}"}}),
}


@pytest.mark.parametrize("values", [held_case("E8", values, row=row) for row, values in MISPLACED.items()])
def test_a_message_shows_no_misplaced_secret(values: Any, tmp_path: Path) -> None:
    _assert_rejected_without_canary(write_project(tmp_path / "a", values))


PLAIN_SECRETS: Mapping[str, tuple[Any, ...]] = {
    "secretEnv": ({"secretEnv": {"A": CANARY}}, "secretEnv", "A"),
    "env": ({"env": {"A": TOKEN}}, "env", "A"),
    "args": ({"args": ["--a", TOKEN]}, "args", 1),
    "podAnnotations": ({"podAnnotations": {"example.com/a": TOKEN}}, "podAnnotations"),
    "configFiles": ({"configFiles": {"/etc/a": TOKEN}}, "configFiles"),
    "extra": ({"extra": {"metadata": {"annotations": {"example.com/a": TOKEN}}}}, "extra", "metadata"),
    "the password of a URL": ({"env": {"A": f"postgres://ada:{CANARY}@db/a"}}, "env", "A"),
}


@pytest.mark.parametrize("row", [held_case("E8", row, row=f"plain text, {row}") for row in PLAIN_SECRETS])
def test_a_secret_in_plain_text_is_reported_and_not_shown(row: str, tmp_path: Path) -> None:
    fields, *location = PLAIN_SECRETS[row]
    assert is_reported(service(**fields), "services", "web", *location)
    folder = write_project(tmp_path / "a", service(**fields))
    printed = [run_portico(folder, *line.split()) for line in ("check", "explain", "explain --json")]
    assert [result.exit_code for result in printed] == [0, 0, 0]
    assert all(CANARY not in result.output for result in printed)


def _assert_rejected_without_canary(folder: Path) -> None:
    printed = [run_portico(folder, *line.split()) for line in ("check", "check --json", "explain", "render")]
    if any(result.exit_code != 1 for result in printed):
        raise UnexpectedProblem("the stack isn't rejected")
    assert all(CANARY not in result.output for result in printed)
    # As a fix would turn it into a name.
    assert all("begin-private-key" not in result.output for result in printed)


@pytest.mark.parametrize(
    "text",
    [
        held_case("E8", text, row=text.replace(CANARY, "x"))
        for text in (
            f"*{CANARY}",
            f"!{CANARY}",
            f"!{CANARY}!x y",
            f"!<{CANARY}> x",
            f"!!{CANARY} x",
            f"[&{CANARY} x, &{CANARY} y]",
            f"{{x: !!int {CANARY}}}",
            f"'{CANARY}",
            f'"\\{CANARY}"',
            f"@{CANARY}",
            f"%{CANARY}",
            f"|{CANARY}",
            f"x: {CANARY}",
        )
    ],
)
def test_a_message_about_yaml_quotes_nothing_of_the_file(text: str, tmp_path: Path) -> None:
    lines = ("config:", "  portico:services:", "    web:", "      secretEnv:", f"        A: {text}", "")
    _assert_rejected_without_canary(write_text(tmp_path / "a", "\n".join(lines)))


@pytest.mark.parametrize("text", [held_case("E8", text) for text in (f"*{CANARY}", f"!{CANARY} x", f"!!int {CANARY}")])
def test_a_message_about_the_project_quotes_nothing_of_it(text: str, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "a", service())
    (folder / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\nconfig:\n  token: {text}\n")
    result = run_portico(folder, "check")
    assert CANARY not in result.output
    assert CANARY not in str(result.exception or "")


@pytest.mark.parametrize(
    "args",
    [
        held_case("E8", {"image": {"secretEnv": {"A": CANARY}}, "port": 80}, row="image"),
        held_case("E8", {"image": "a:1", "port": {"secret_env": {"A": CANARY}}}, row="port"),
        held_case("E8", {"image": f"https://ada:{CANARY}@a", "port": 80}, row="URL"),
        held_case("E8", {"image": PRIVATE_KEY, "port": 80}, row="private key"),
    ],
)
def test_no_component_shows_a_misplaced_secret(args: Any) -> None:
    message = raised_by(lambda: WebService("web", args))
    if not message:
        raise UnexpectedProblem("accepted")
    assert CANARY not in message
    problems = Problems("web", style=KeyStyle.CAMEL)
    parse_web_service("web", args, problems)
    assert CANARY not in str(RejectedArguments(problems.found))


def test_an_explanation_shows_no_variable_of_extra(tmp_path: Path) -> None:
    variable = {"name": "DB", "value": CANARY}
    values = service(extra={"spec": {"containers": [{"name": "web", "env": [variable]}]}})
    folder = write_project(tmp_path / "a", values)
    for line in ("explain", "explain --json", "check --json"):
        result = run_portico(folder, *line.split())
        assert result.exit_code == 0
        assert CANARY not in result.output


@pytest.mark.parametrize(
    "values",
    [
        held_case("E8", values, row=row)
        for row, values in {
            "unknown key": service(**{"a" * 140_000: 1}),
            "name": stack(services={"a" * 140_000: WEB}),
            "variable": service(env={"a " * 70_000: "x"}),
            "image": service(image="a " * 70_000),
        }.items()
    ],
)
def test_a_message_cuts_what_is_long(values: Any, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "a", values)
    for line in ("check", "check --json", "explain"):
        result = run_portico(folder, *line.split())
        assert result.exit_code == 1
        assert max(map(len, result.output.splitlines())) < 2_000


# E9: Pod Security "restricted", as upstream's fixtures have it: all of them are in tests/cluster.

ADMITTED, REJECTED = "admitted", "rejected"
APP: Mapping[str, Any] = {
    "name": "app",
    "image": "registry.example.com/app:1",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
CONTEXT: Mapping[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
UNCONFINED = {"annotations": {"container.apparmor.security.beta.kubernetes.io/app": "unconfined"}}
WINDOWS = {
    "os": {"name": "windows"},
    "securityContext": {"runAsNonRoot": True},
    "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
}
PROBE = {"httpGet": {"port": 8080, "host": "10.0.0.1"}}


def pod(metadata: Any = None, context: Any = None, **container: Any) -> dict[str, Any]:
    spec = {"securityContext": {**CONTEXT, **(context or {})}, "containers": [{**APP, **container}]}
    return {"metadata": metadata or {}, "spec": spec}


@pytest.mark.parametrize(
    ("manifest", "verdict"),
    [
        held_case("E9", pod(), ADMITTED, row="the pod that the others change"),
        held_case("E9", pod(UNCONFINED), REJECTED, row="AppArmor annotation"),
        held_case("E9", pod(livenessProbe=PROBE), REJECTED, row="host of a probe"),
        held_case("E9", pod(lifecycle={"preStop": PROBE}), REJECTED, row="host of a lifecycle hook"),
        held_case("E9", {"metadata": {}, "spec": WINDOWS}, ADMITTED, row="Windows"),
        held_case(
            "E9",
            pod(context={"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "4096 87380 6291456"}]}),
            ADMITTED,
            row="newer sysctl",
        ),
    ],
)
def test_pod_security_agrees_with_upstream(manifest: Any, verdict: str) -> None:
    assert (REJECTED if pod_security(manifest) else ADMITTED) == verdict


# E9: pods that the stack's namespace rejects, wherever they have it from.

WEB_AT = ("services", "web")
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"


def _extra(**spec: Any) -> dict[str, Any]:
    return service(extra={"spec": spec})


def _in_namespace(annotations: Any, **fields: Any) -> dict[str, Any]:
    return gateway({"host": SHOP}, installation={"podAnnotations": annotations}, **fields)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        held_case("E9", _extra(hostPID=True), (*WEB_AT, "extra"), row="extra"),
        held_case(
            "E9",
            _extra(containers=[{"name": "web", "securityContext": {"allowPrivilegeEscalation": None}}]),
            (*WEB_AT, "extra"),
            row="extra of the application's container",
        ),
        held_case(
            "E9",
            _extra(initContainers=[{"name": "init", "image": "init:1"}]),
            (*WEB_AT, "extra"),
            row="an init container in extra",
        ),
        held_case(
            "E9",
            # A probe has one way.
            _extra(containers=[{"name": "web", "livenessProbe": {**PROBE, "tcpSocket": None}}]),
            (*WEB_AT, "extra"),
            row="host of a probe",
        ),
        held_case(
            "E9",
            _extra(volumes=[{"name": "data", "nfs": {"server": "a", "path": "/"}}]),
            (*WEB_AT, "extra"),
            row="a volume in extra",
        ),
        held_case(
            "E9",
            _extra(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
            (*WEB_AT, "extra"),
            row="a sysctl in extra",
        ),
        held_case(
            "E9",
            service(podAnnotations={f"{APP_ARMOR}web": "unconfined"}),
            (*WEB_AT, "podAnnotations"),
            row="AppArmor annotation of a service",
        ),
        held_case(
            "E9",
            _in_namespace({f"{APP_ARMOR}controller": "unconfined"}),
            (*EDGE, "installation", "podAnnotations"),
            row="AppArmor annotation of a controller",
        ),
        held_case(
            "E9",
            _in_namespace({f"{APP_ARMOR}controller": "unconfined"}, namespace="shop"),
            (*EDGE, "installation", "podAnnotations"),
            row="AppArmor annotation of a controller in the stack's namespace",
        ),
    ],
)
def test_pods_that_the_namespace_rejects_are_rejected(values: Any, where: Any) -> None:
    unlike = gateway({"host": SHOP}) if where[0] == "gateways" else service()
    assert_rejected(values, *where, unlike=unlike)
    # A namespace that admits them, or that the stack doesn't create, is the user's decision.
    if where[0] == "services":
        assert not is_rejected({**values, "podSecurity": "privileged"})
        assert not is_rejected(stack(services={"web": {**values["services"]["web"], "namespace": "other"}}))


def test_a_service_for_a_windows_node_needs_no_linux_fields() -> None:
    windows = {
        "os": {"name": "windows"},
        "securityContext": {"seccompProfile": None, "runAsUser": None, "runAsGroup": None},
        "containers": [{"name": "web", "securityContext": None}],
    }
    assert not is_rejected(_extra(**windows))


# E9: what lowers the level of a namespace, or gives pods a group or a token, is reported.

VERSION = "pod-security.kubernetes.io/enforce-version"
SERVICE_ACCOUNT_TOKEN = {"serviceAccountToken": {"path": "token"}}
PRIVILEGED: Any = {"securityContext": {"privileged": True, "allowPrivilegeEscalation": True}}


@pytest.mark.parametrize(
    ("values", "where"),
    [
        held_case(
            "E9", {**service(), "podSecurity": "baseline"}, ("podSecurity",), row="the level of the stack's namespace"
        ),
        held_case("E9", service(security={"group": 0}), (*WEB_AT, "security", "group"), row="group"),
        held_case("E9", service(security={"fsGroup": 0}), (*WEB_AT, "security", "fsGroup"), row="fsGroup"),
        *(
            held_case(
                "E9",
                _extra(securityContext={field: value}),
                (*WEB_AT, "extra", "spec", "securityContext", field),
                row=f"{field} in extra",
            )
            for field, value in {"supplementalGroups": [5, 0]}.items()
        ),
        held_case(
            "E9",
            _extra(containers=[{"name": "web", "securityContext": {"runAsGroup": 0}}]),
            (*WEB_AT, "extra", "spec", "containers"),
            row="a container's runAsGroup in extra",
        ),
        held_case(
            "E9",
            service(volumes={"token": {"path": "/token", "projected": [{"tokenAudience": "vault"}]}}),
            (*WEB_AT, "volumes", "token", "projected"),
            row="a projected token",
        ),
        held_case(
            "E9",
            _extra(volumes=[{"name": "token", "projected": {"sources": [SERVICE_ACCOUNT_TOKEN]}}]),
            (*WEB_AT, "extra", "spec", "volumes"),
            row="a projected token in extra",
        ),
        held_case(
            "E9",
            {**_extra(hostIPC=True), "podSecurity": "privileged"},
            (*WEB_AT, "extra", "spec", "hostIPC"),
            row="what restricted rejects in extra",
        ),
        *(
            held_case(
                "E9",
                {**_extra(**{group: [{"name": name, "image": "other:1", **PRIVILEGED}]}), "podSecurity": "privileged"},
                (*WEB_AT, "extra", "spec", group, 0, "securityContext", "privileged"),
                row=f"a privileged container in {group} of extra, called {name}",
            )
            for group, name in (("containers", "other"), ("containers", "web"), ("initContainers", "other"))
        ),
        *(
            held_case(
                "E9",
                _extra(containers=[{"name": "web", **changed}]),
                (*WEB_AT, "extra", "spec", "containers", 0, *path),
                row=f"{path[-1]} of a container in extra",
            )
            for changed, path in (
                ({"securityContext": {"readOnlyRootFilesystem": False}}, ("securityContext", "readOnlyRootFilesystem")),
                ({"securityContext": {"runAsUser": 1000}}, ("securityContext", "runAsUser")),
                ({"image": "web:latest"}, ("image",)),
                ({"resources": {"limits": None}}, ("resources", "limits")),
            )
        ),
        held_case(
            "E9",
            {**service(podAnnotations={f"{APP_ARMOR}web": "unconfined"}), "podSecurity": "privileged"},
            (*WEB_AT, "podAnnotations"),
            row="no AppArmor profile",
        ),
        held_case(
            "E9",
            _in_namespace({f"{APP_ARMOR}controller": "unconfined"}, namespace="ingress"),
            (*EDGE, "installation", "podAnnotations"),
            row="no AppArmor profile of a controller",
        ),
        held_case(
            "E9",
            _extra(securityContext={"sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "4096 87380 6291456"}]}),
            (*WEB_AT, "extra", "spec", "securityContext", "sysctls"),
            row="a sysctl that only newer versions allow",
        ),
    ],
)
def test_what_is_less_strict_is_reported(values: Any, where: Any) -> None:
    assert not is_rejected(values)
    assert is_reported(values, *where)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        *(
            held_case("E9", _extra(securityContext={field: 0}), ("securityContext", field), row=f"{field} in extra")
            for field in ("runAsGroup", "fsGroup")
        ),
        held_case(
            "E9",
            _extra(automountServiceAccountToken=True),
            ("automountServiceAccountToken",),
            row="automountServiceAccountToken in extra",
        ),
        held_case(
            "E9",
            _extra(automountServiceAccountToken=None, serviceAccountName="admin"),
            ("serviceAccountName",),
            row="another account's token in extra",
        ),
    ],
)
def test_what_an_argument_reports_cannot_be_in_extra(values: Any, where: Any) -> None:
    assert is_rejected(values, *WEB_AT, "extra", "spec", *where)


def test_extra_that_changes_no_group_and_no_token_reports_only_itself() -> None:
    values = service(
        extra={"spec": {"schedulerName": "own", "automountServiceAccountToken": None}},
        security={"group": 0, "fsGroup": 0},
    )
    assert is_reported(values, *WEB_AT, "extra")
    assert not is_reported(values, *WEB_AT, "extra", "spec")


# E10: what the API server rejects.

HUGE = 10**15
PROJECTED = {"path": "/p"}
METRIC = {"source": "External", "total": 5}


def _volume(**part: Any) -> dict[str, Any]:
    return service(volumes={"p": {"path": "/p", "projected": [part]}})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        held_case("E10", service(replicas=HUGE), "replicas", row="replicas"),
        held_case("E10", service(autoscaling={"maxReplicas": HUGE}), "autoscaling", row="maxReplicas"),
        held_case("E10", service(health={"readiness": {"period": HUGE}}), "health", row="probe period"),
        held_case("E10", service(health={"liveness": {"failures": HUGE}}), "health", row="probe failures"),
        held_case("E10", service(rollout={"revisionHistoryLimit": HUGE}), "rollout", row="revision history"),
        held_case(
            "E10",
            service(rollout={"minReadySeconds": HUGE, "progressDeadlineSeconds": HUGE + 1}),
            "rollout",
            row="deadline",
        ),
        held_case(
            "E10", service(disruptionBudget={"maxUnavailable": HUGE}), "disruptionBudget", row="disruption budget"
        ),
        held_case(
            "E10",
            service(configFiles={"/etc/a/one": "x" * 600_000, "/etc/a/two": "x" * 600_000}),
            "configFiles",
            row="ConfigMap over 1 MiB",
        ),
        held_case(
            "E10", service(podAnnotations={"a": "x" * 300_000}), "podAnnotations", row="annotations over 256 KiB"
        ),
        held_case(
            "E10",
            service(allowTo=[{"cidr": "10.0.0.0/8", "cidrExcept": ["10.0.0.0/8"]}]),
            "allowTo",
            row="cidrExcept equal to cidr",
        ),
        held_case(
            "E10",
            service(allowTo=[{"cidr": "10.0.0.0/8", "cidrExcept": ["192.168.0.0/16"]}]),
            "allowTo",
            row="cidrExcept outside cidr",
        ),
        held_case("E10", _volume(fields={"ip": "status.podIP"}), "volumes", row="projected field"),
        held_case("E10", _volume(secret="a", items={"": "x"}), "volumes", row="projected item"),
        held_case(
            "E10",
            service(autoscaling={"maxReplicas": 5, "metrics": [{**METRIC, "name": "a/b"}]}),
            "autoscaling",
            row="metric name",
        ),
        held_case(
            "E10",
            service(sidecars=[{"name": "log", "image": "log:1", "port": 8080}]),
            "sidecars",
            row="a sidecar on the application's port",
        ),
        held_case("E10", service(resources={"memory": 2**43}), "resources", row="more than 2^63 bytes"),
        held_case("E10", service(secretEnv={"A": "x" * 2_000_000}), "secretEnv", row="Secret over 1 MiB"),
        held_case("E10", service(args=["x" * 2_000_000]), "args", row="object over 1.5 MiB"),
        held_case("E10", service(configFiles={"/a": "<" * 1_000_000}), "configFiles", row="request over 3 MiB"),
        held_case("E10", service(fieldEnv={"A": "metadata.labels['a b']"}), "fieldEnv", row="a label's key"),
        held_case(
            "E10",
            service(placement={"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}}}),
            "placement",
            row="affinity without a topology key",
        ),
        held_case(
            "E10",
            service(podAnnotations={"controller.kubernetes.io/pod-deletion-cost": "high"}),
            "podAnnotations",
            row="deletion cost",
        ),
        held_case("E10", service(selector={"pod-template-hash": "a"}), "selector", row="a label of Kubernetes"),
    ],
)
def test_what_the_api_server_rejects_is_rejected(values: Any, field: str) -> None:
    assert_rejected(values, "services", "web", field, unlike=service())


def test_two_default_classes_are_rejected() -> None:
    def gateways(*defaults: str) -> dict[str, Any]:
        named = {name: {"installation": {"defaultClass": name in defaults}} for name in ("one", "two")}
        return stack(gateways={name: {"exposure": PRESERVED, **it} for name, it in named.items()})

    assert_rejected(gateways("one", "two"), "gateways", unlike=gateways("one"))


# E11: no traceback, and exit codes that mean something.

EXIT_CODES = (1, 2)
PLAIN = "config:\n  portico:namespace: shop\n  portico:services: {web: {image: 'web:1', port: 8080}}\n"


@pytest.mark.parametrize(
    "fields",
    [
        held_case(
            "E11", {"placement": {"affinity": {"nodeAffinity": [1]}, "architectures": ["arm64"]}}, row="affinity"
        ),
        held_case("E11", {"extra": {"metadata": [1]}}, row="extra.metadata"),
        # Stack files reject these two already.
        held_case("E11", {"resources": {"cpu": float("inf")}}, row="cpu inf"),
        held_case("E11", {"replicas": 10**400}, row="replicas 10**400"),
    ],
)
def test_a_strange_value_is_rejected_with_its_location(fields: Any, tmp_path: Path) -> None:
    outcome = check_project(write_project(tmp_path / "a", service(**fields)))
    assert not outcome.crash
    field = next(iter(fields))
    assert any(it[:3] == ("services", "web", field) for it in outcome.problems)


@pytest.mark.parametrize(
    "fields",
    [
        held_case("E11", {"resources": {"cpu": float("inf")}}, row="cpu inf"),
        held_case("E11", {"replicas": 10**400}, row="replicas 10**400"),
    ],
)
def test_a_strange_value_is_rejected_in_python(fields: Any) -> None:
    args: Any = {"image": "registry.example.com/web:1.0", "port": 8080, **fields}
    assert raised_by(lambda: WebService("web", args))


def _is_clean(found: subprocess.CompletedProcess[str]) -> bool:
    return found.returncode in EXIT_CODES and "Traceback" not in found.stderr


def _unreadable(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_bytes(b"name: \xff\xfe\n")


def _nested(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_text("name: " + "[" * 5_000)


def _long_base(folder: Path) -> None:
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(f"config:\n  portico:extends: {'a' * 300}.yaml\n")


def _big_number(folder: Path) -> None:
    file = folder / "stacks" / "Pulumi.dev.yaml"
    file.write_text(PLAIN.replace("port: 8080", f"port: 8080, replicas: {'9' * 5_000}"))


def _brackets(folder: Path) -> None:
    (folder / "crds.yaml").write_text("[" * 50_000)
    text = PLAIN + f"  portico:gateways: {{edge: {{exposure: {PRESERVED}, crds: {{path: crds.yaml}}}}}}\n"
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(text)


@pytest.mark.parametrize(
    "spoil",
    [
        held_case("E11", _unreadable, row="an unreadable Pulumi.yaml"),
        held_case("E11", _nested, row="a deeply nested Pulumi.yaml"),
        held_case("E11", _long_base, row="extends of 300 characters"),
        held_case("E11", _big_number, row="a number of 5,000 digits"),
        held_case("E11", _brackets, row="a crds file of 50,000 brackets"),
    ],
)
def test_a_strange_file_is_reported(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    folder = write_text(tmp_path / "a", PLAIN)
    spoil(folder)
    assert _is_clean(portico(folder, "check"))


def test_text_is_printed_to_an_ascii_locale(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "a", service(env={"GREETING": "grüezi"}))
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    found = portico(folder, "render", env=environment)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    "command",
    [
        held_case("E11", "portico render >&-", row="closed stdout"),
        # Like `head -1`, but sure to be gone before the first line.
        held_case("E11", "portico explain | true", row="a reader that's gone"),
    ],
)
def test_a_closed_stdout_is_no_traceback(command: str, tmp_path: Path) -> None:
    found = portico(write_project(tmp_path / "a", service()), shell=command)
    assert "Traceback" not in found.stderr
    assert "Exception ignored" not in found.stderr
    if "true" in command:
        assert (found.returncode, found.stderr) == (0, "")


def test_an_interrupt_ends_the_command_without_a_traceback(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "a", stack(services={f"web-{at}": WEB for at in range(300)}))
    # While it reads the stack; and while it builds it, unless it's done by then.
    found = [portico(folder, "render", interrupt_after=it) for it in (0.2, 2.5)]
    assert all("Traceback" not in it.stderr for it in found)
    assert {it.returncode for it in found} <= {0, 130, -signal.SIGINT}
    assert any(it.returncode for it in found)


# E12: what AWS rejects, or what makes a load balancer a trap.


def _redirecting(**fields: Any) -> dict[str, Any]:
    return aws_balancer(listeners=[{**LISTENER, "routes": [{"path": "/a", "redirect": fields}]}])


def _headers(policy: str) -> dict[str, Any]:
    listener = {**LISTENER, "port": 443, "protocol": "https", "headers": {"contentSecurityPolicy": policy}}
    return aws_balancer(listeners=[listener], hosts={SHOP: {"certificate": CERTIFICATE}})


@pytest.mark.parametrize(
    ("values", "field", "unlike"),
    [
        held_case(
            "E12",
            _redirecting(host="n.example.com", path=".evil.com/"),
            "listeners",
            _redirecting(host="n.example.com", path="/x"),
            row="a redirect path without a slash",
        ),
        held_case("E12", _redirecting(path="/a"), "listeners", _redirecting(path="/b"), row="a redirect to itself"),
        held_case(
            "E12",
            _headers("default-src 'self'\nX-Evil: b"),
            "listeners",
            _headers("default-src 'self'"),
            row="a newline in a policy",
        ),
        *(
            held_case(
                "E12",
                aws_balancer(listeners=[LISTENER], tags=tags),
                "tags",
                aws_balancer(listeners=[LISTENER], tags={"team": "shop"}),
                row=row,
            )
            for row, tags in {
                "51 tags": {f"tag-{at}": "a" for at in range(51)},
                "a tag's key of 129 characters": {"a" * 129: "b"},
                "a tag's value of 257 characters": {"a": "b" * 257},
                "a reserved tag": {"aws:cloudformation:stack-name": "b"},
            }.items()
        ),
    ],
)
def test_what_aws_rejects_is_rejected(values: Any, field: str, unlike: Any) -> None:
    assert_rejected(values, *AWS_FRONT, field, unlike=unlike)


HOSTILE = {
    "newline": "a\nb",
    "escape": "a\x1b[2Jb",
    "NUL": "a\0b",
    "long": "a" * 70_000,
}


@pytest.mark.parametrize(
    ("build", "where", "value"),
    [
        held_case("E12", build, where, prefix + value, row=f"{field} {row}")
        for field, (build, where, prefix) in {
            "logs.bucket": (
                lambda value: aws_balancer(listeners=[LISTENER], logs={"bucket": value}),
                (*AWS_FRONT, "logs"),
                "",
            ),
            "tls.policy": (
                lambda value: balancer(
                    {
                        **PRESERVED,
                        "platform": "aws-controller",
                        "tls": {"certificates": [CERTIFICATE], "policy": value},
                    }
                ),
                (*FRONT, "exposure", "tls"),
                "",
            ),
            "accessLogs.bucket": (
                lambda value: balancer(
                    {
                        **PRESERVED,
                        "platform": "aws-controller",
                        "tls": {"certificates": [CERTIFICATE]},
                        "accessLogs": {"bucket": value},
                    }
                ),
                (*FRONT, "exposure", "accessLogs"),
                "",
            ),
            "aws.prefixLists": (
                lambda value: balancer({**PRESERVED, "platform": "aws-controller", "aws": {"prefixLists": [value]}}),
                (*FRONT, "exposure", "aws"),
                "pl-",
            ),
            "sources.prefixList": (
                lambda value: aws_balancer(
                    listeners=[LISTENER], allowedSources=None, sources={"office": {"prefixList": value}}
                ),
                (*AWS_FRONT, "sources"),
                "pl-",
            ),
        }.items()
        for row, value in HOSTILE.items()
    ],
)
def test_aws_names_have_no_control_characters_and_a_length(
    build: Callable[[str], Any], where: tuple[Any, ...], value: str
) -> None:
    prefix = "pl-" if value.startswith("pl-") else ""
    assert_rejected(build(value), *where, unlike=build(f"{prefix}abc-1"))


@pytest.mark.parametrize(
    ("values", "where"),
    [
        held_case(
            "E12",
            service(podAnnotations={"portico.dev/stack": "other"}),
            ("services", "web", "podAnnotations"),
            row="podAnnotations",
        ),
        held_case(
            "E12",
            balancer({**INTERNET, "annotations": {"portico.dev/stack": "other"}}),
            (*FRONT, "exposure", "annotations"),
            row="exposure",
        ),
        held_case(
            "E12",
            gateway({"host": SHOP, "annotations": {"portico.dev/stack": "other"}}),
            (*EDGE, "routes"),
            row="route",
        ),
    ],
)
def test_porticos_own_annotations_are_reserved(values: Any, where: tuple[Any, ...]) -> None:
    assert_rejected(values, *where)


# E13: rejected, but valid.

GENERIC: dict[str, Any] = {
    "controller": "generic",
    "install": False,
    "className": "alb",
    "namespace": "shop",
    "controllerPeers": [],
}


def _with_header(name: str, value: str, controller: str = "f5-nginx") -> dict[str, Any]:
    return gateway({"host": SHOP, "responseHeaders": {name: value}}, tls=TLS, controller=controller)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        held_case(
            "E13",
            service(identity={"gcpServiceAccount": "123456789012-compute@developer.gserviceaccount.com"}),
            ("services", "web", "identity"),
            row="Google's default service account",
        ),
        held_case(
            "E13",
            _with_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
            (*EDGE, "routes"),
            row="Content-Security-Policy",
        ),
        held_case(
            "E13",
            _with_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            (*EDGE, "routes"),
            row="Strict-Transport-Security",
        ),
        held_case("E13", _with_header("Cache-Control", "no-store, max-age=0"), (*EDGE, "routes"), row="Cache-Control"),
        held_case(
            "E13",
            _with_header("Cache-Control", "no-store, max-age=0", "ingress-nginx"),
            (*EDGE, "routes"),
            row="Cache-Control on ingress-nginx",
        ),
        *(
            held_case("E13", gateway({"host": SHOP, "path": f"/a{it}b"}), (*EDGE, "routes"), row=f"path with {it}")
            for it in "+,=!()"
        ),
        held_case("E13", gateway({"host": SHOP, "path": "/variants"}, **GENERIC), (*EDGE, "routes"), row="/variants"),
    ],
)
def test_what_is_valid_is_accepted(values: Any, where: tuple[Any, ...]) -> None:
    assert_accepted(values, *where)


# Raw annotations that undo what a field sets, and values that contain configuration.

ANNOTATIONS = "nginx.ingress.kubernetes.io/"
NARROW_ROUTE = {
    "host": SHOP,
    "path": "/admin",
    "allowedSources": ["203.0.113.0/24"],
    "basicAuth": {"secret": "users"},
}
LIMITED_ROUTE = {"host": SHOP, "rateLimit": {"requests": 5}}
DIRECTIVE = "any'; } location /zz { return 200; } # \n x"


@pytest.mark.parametrize(
    ("controller", "route", "key", "value"),
    [
        held_case("E2", "ingress-nginx", NARROW_ROUTE, f"{ANNOTATIONS}satisfy", "any", row="password or address"),
        held_case("E2", "ingress-nginx", NARROW_ROUTE, f"{ANNOTATIONS}canary", "true", row="a canary"),
        held_case("E2", "f5-nginx", LIMITED_ROUTE, "nginx.org/limit-req-dry-run", "true", row="a limit's dry run"),
        held_case(
            "E2",
            "ingress-nginx",
            LIMITED_ROUTE,
            f"{ANNOTATIONS}limit-allowlist",
            "0.0.0.0/1,128.0.0.0/1",
            row="exempt from a limit",
        ),
        held_case("E2", "ingress-nginx", {"host": SHOP}, f"{ANNOTATIONS}server-alias", "b.example.com", row="an alias"),
        held_case("E1", "f5-nginx", {"host": SHOP}, "nginx.org/proxy-redirect-from", DIRECTIVE, row="F5's annotation"),
        held_case(
            "E1", "ingress-nginx", {"host": SHOP}, f"{ANNOTATIONS}proxy-cookie-path", DIRECTIVE, row="the other's"
        ),
        held_case("E1", "f5-nginx", {"host": SHOP}, "example.com/team", DIRECTIVE, row="an unknown annotation"),
    ],
)
def test_a_raw_annotation_undoes_no_field(controller: str, route: Any, key: str, value: str) -> None:
    fields: dict[str, Any] = {"controller": controller, "tls": TLS}
    values = gateway({**route, "annotations": {key: value}}, **fields)
    assert_rejected(values, *EDGE, "routes", 0, "annotations", unlike=gateway(route, **fields))


def test_an_annotation_that_switches_the_access_log_off_is_reported() -> None:
    route = {"host": SHOP, "annotations": {f"{ANNOTATIONS}enable-access-log": "false"}}
    values = gateway(route, controller="ingress-nginx", tls=TLS)
    assert is_reported(values, *EDGE, "routes", 0, "annotations", f"{ANNOTATIONS}enable-access-log")


# E5: one object of two components.


@pytest.mark.parametrize(
    "name", [held_case("E5", name, row=f"objects of a gateway, {name}") for name in ("edge", "edge-metrics")]
)
def test_a_service_has_no_object_of_a_gateway(name: str) -> None:
    services = {"web": WEB, name: WEB}
    values = gateway({"host": SHOP}, services=services, namespace="shop")
    assert_rejected(values, *EDGE, unlike=gateway({"host": SHOP}, services={"web": WEB, "other": WEB}))


def in_teams(create: Callable[[pulumi.ResourceOptions], Any]) -> Callable[[], None]:
    """A program that creates a component twice, in components of different types: the engine accepts that."""

    def program() -> None:
        for team in ("Basket", "Prices"):
            create(pulumi.ResourceOptions(parent=pulumi.ComponentResource(f"test:index:{team}", "team", {})))

    return program


WEB_ARGS: Any = {"image": WEB["image"], "port": 8080, "namespace": "shop"}
EDGE_ARGS: Any = {"exposure": {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"]}}
TWICE: Mapping[str, Callable[[pulumi.ResourceOptions], Any]] = {
    "WebService": lambda options: WebService("web", WEB_ARGS, options),
    "IngressGateway": lambda options: IngressGateway("edge", EDGE_ARGS, options),
}


@pytest.mark.parametrize(
    "create", [held_case("E5", create, row=f"one name twice, {name}") for name, create in TWICE.items()]
)
def test_no_two_components_create_one_object(create: Callable[[pulumi.ResourceOptions], Any]) -> None:
    message = raised_by(in_teams(create))
    assert 'in Basket "team"' in message
    assert 'in Prices "team"' in message


# E12: paths that clients, load balancers, and controllers resolve, each in its own way.

HEALTH_AT = ("services", "web", "health", "path")
ALB_AT = (*AWS_FRONT, "listeners", 0)


def alb(**listener: Any) -> dict[str, Any]:
    return aws_balancer(listeners=[{"port": 80, "protocol": "http", **listener}])


PATH_FIELDS: Mapping[str, Ranged] = {
    "ALB route": (lambda path: alb(target="web", routes=[{"target": "web", "path": path}]), (*ALB_AT, "routes")),
    "ALB redirect": (
        lambda path: alb(redirect={"host": "b.example.com", "path": path}),
        (*ALB_AT, "redirect", "path"),
    ),
    "health": (lambda path: service(health={"path": path}), HEALTH_AT),
    "route": (lambda path: gateway({"host": SHOP, "path": path}), (*EDGE, "routes")),
}


@pytest.mark.parametrize(
    ("field", "path"),
    [
        held_case("E12", field, path, row=f"{field} {path}")
        for field in PATH_FIELDS
        for path in ("/x/../y", "/x//y", "/x/./y", "/x/%2e%2e/y", "/x%0ay", "/%00")
    ],
)
def test_a_path_is_normal(field: str, path: str) -> None:
    build, where = PATH_FIELDS[field]
    assert_rejected(build(path), *where, unlike=build("/x/y"))


# E8: what other programs read as a secret is never stored in plain text.

MARKS: Mapping[str, Any] = {
    "fn::secret": {"fn::secret": CANARY},
    "Fn::Secret": {"Fn::Secret": CANARY},
    "the engine's": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": CANARY},
    "secure": {"secure": CANARY},
}
MARKED: Mapping[str, Callable[[Any], Any]] = {
    "annotations": lambda it: {"metadata": {"annotations": it}},
    "labels": lambda it: {"metadata": {"labels": it}},
    "nodeSelector": lambda it: {"spec": {"nodeSelector": it}},
    "volumeAttributes": lambda it: {
        "spec": {"volumes": [{"name": "a", "csi": {"driver": "a.example.com", "volumeAttributes": it}}]}
    },
    "limits": lambda it: {"spec": {"containers": [{"name": "web", "resources": {"limits": it}}]}},
    "a variable": lambda it: {"spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": it}]}]}},
}


@pytest.mark.parametrize(
    ("mark", "place"),
    [held_case("E8", mark, place, row=f"{mark} in {place}") for mark in MARKS for place in MARKED],
)
def test_a_mark_of_a_secret_in_extra_stores_no_plain_text(mark: str, place: str) -> None:
    extra: Any = MARKED[place](MARKS[mark])
    args: Any = {**WEB_ARGS, "extra": extra}
    message = raised_by(lambda: WebService("web", args))
    assert "extra" in message
    assert CANARY not in message
    values = service(extra=extra)
    manifests = rendered_unless_rejected(values, "services", "web", "extra")
    assert CANARY not in repr(manifests)


@pytest.mark.parametrize("place", [held_case("E8", "annotations", row="an encrypted value in extra")])
def test_an_encrypted_value_in_extra_is_a_secret(place: str) -> None:
    values = service(extra=MARKED[place]({"example.com/a": {"secure": "v1:abc"}}))
    manifests = rendered_unless_rejected(values)
    assert "'example.com/a': '[secret]'" in repr(manifests)


@pytest.mark.parametrize("place", [held_case("E8", "nodeSelector", row="an encrypted mapping in extra")])
def test_an_encrypted_text_in_place_of_a_mapping_is_rejected(place: str) -> None:
    node = {"example.com/a": {"secure": "v1:abc"}}
    assert_rejected(
        service(extra=MARKED[place]({"secure": "v1:abc"})),
        *("services", "web", "extra", "spec", place),
        unlike=service(extra=MARKED[place](node)),
    )
