"""The settings of a gateway: what each tells each controller, and that all of them are told."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_portico import GatewaySettings, IngressGateway
from pulumi_portico.args.shapes import is_args, shapes_of
from pulumi_portico.testing import record

from tests.examples import examples
from tests.unit.gateways import CONTROLLERS, EXPOSED
from tests.unit.real_nginx import program, why_not
from tools.settings_table import FILE, HSTS, SAMPLES, changed, data

CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)
ONE = "ECDHE-RSA-AES128-GCM-SHA256"
COMMON = {
    "http-redirect-code": "308",
    "proxy-body-size": "1m",
    "proxy-max-temp-file-size": "0",
    "server-tokens": "false",
    "ssl-ciphers": CIPHERS,
    "ssl-protocols": "TLSv1.2 TLSv1.3",
    "worker-processes": "4",
    "worker-shutdown-timeout": "240s",
    "hsts": "false",
}
DEFAULTS: dict[str, dict[str, str]] = {
    "f5-nginx": {
        **{key: value for key, value in COMMON.items() if key != "proxy-body-size"},
        "client-max-body-size": "1m",
        "http2": "true",
        "keepalive-requests": "1000",
        "keepalive-timeout": "75s",
        "log-format-escaping": "json",
        "proxy-connect-timeout": "5s",
        "proxy-read-timeout": "60s",
        "proxy-send-timeout": "60s",
        "ssl-prefer-server-ciphers": "true",
        "worker-connections": "16384",
        "worker-rlimit-nofile": "32768",
    },
    "ingress-nginx": {
        **COMMON,
        "allow-cross-namespace-resources": "false",
        "allow-snippet-annotations": "false",
        "annotations-risk-level": "Medium",
        "keep-alive": "75",
        "keep-alive-requests": "1000",
        "limit-conn-status-code": "429",
        "limit-req-status-code": "429",
        "log-format-escape-json": "true",
        "max-worker-connections": "16384",
        "proxy-connect-timeout": "5",
        "proxy-read-timeout": "60",
        "proxy-send-timeout": "60",
        "proxy-ssl-location-only": "true",
        "strict-validate-path-type": "true",
        "use-http2": "true",
    },
}
LOG = {"f5-nginx": "log-format", "ingress-nginx": "log-format-upstream"}
# What each setting's sample puts there, by controller; None where it takes a key away.
Told = dict[str, str | None]
TOLD: dict[str, tuple[Told, Told]] = {
    "tls_versions": ({"ssl-protocols": "TLSv1.3"}, {"ssl-protocols": "TLSv1.3"}),
    "ciphers": ({"ssl-ciphers": ONE}, {"ssl-ciphers": ONE}),
    "hsts": (
        {"hsts": "true", "hsts-include-subdomains": "false", "hsts-max-age": "31536000"},
        {"hsts": "true", "hsts-include-subdomains": "false", "hsts-max-age": "31536000", "hsts-preload": "true"},
    ),
    "hsts.max_age": ({"hsts-max-age": "300"}, {"hsts-max-age": "300"}),
    "hsts.include_subdomains": ({"hsts-include-subdomains": "true"}, {"hsts-include-subdomains": "true"}),
    "hsts.preload": ({}, {"hsts-preload": "true"}),
    "http2": ({"http2": "false"}, {"use-http2": "false"}),
    "forwarded_from": (
        {"real-ip-header": "X-Forwarded-For", "real-ip-recursive": "true", "set-real-ip-from": "10.0.0.0/16"},
        {
            "compute-full-forwarded-for": "true",
            "enable-real-ip": "true",
            "proxy-real-ip-cidr": "10.0.0.0/16",
            "use-forwarded-headers": "true",
        },
    ),
    "forwarded_for": ({}, {}),
    "access_log": (
        {"access-log-off": "true", "log-format": None, "log-format-escaping": None},
        {"disable-access-log": "true", "log-format-upstream": None, "log-format-escape-json": None},
    ),
    "body_size": ({"client-max-body-size": "8m"}, {"proxy-body-size": "8m"}),
    "timeouts.connect": ({"proxy-connect-timeout": "3s"}, {"proxy-connect-timeout": "3"}),
    "timeouts.read": ({"proxy-read-timeout": "30s"}, {"proxy-read-timeout": "30"}),
    "timeouts.send": ({"proxy-send-timeout": "30s"}, {"proxy-send-timeout": "30"}),
    "keep_alive.timeout": ({"keepalive-timeout": "30s"}, {"keep-alive": "30"}),
    "keep_alive.requests": ({"keepalive-requests": "10"}, {"keep-alive-requests": "10"}),
    "header_buffers.size": (
        {"http-snippets": "large_client_header_buffers 4 16k;"},
        {"large-client-header-buffers": "4 16k"},
    ),
    "header_buffers.number": (
        {"http-snippets": "large_client_header_buffers 8 16k;"},
        {"large-client-header-buffers": "8 16k"},
    ),
    "response_buffers.size": (
        {"proxy-buffer-size": "16k", "proxy-buffers": "8 16k"},
        {"proxy-buffer-size": "16k", "proxy-buffers-number": "8"},
    ),
    "response_buffers.number": ({"proxy-buffers": "4 16k"}, {"proxy-buffers-number": "4"}),
    "upstream_keep_alive": ({"keepalive": "64"}, {"upstream-keepalive-connections": "64"}),
    "underscores_in_headers": (
        {"http-snippets": "underscores_in_headers on;"},
        {"enable-underscores-in-headers": "true"},
    ),
    "workers.processes": ({"worker-processes": "2"}, {"worker-processes": "2"}),
    "workers.connections": (
        {"worker-connections": "1024", "worker-rlimit-nofile": "2048"},
        {"max-worker-connections": "1024"},
    ),
}


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_defaults_are_written_out(controller: str) -> None:
    told = data(controller, {})
    log = told.pop(LOG[controller])
    assert told == DEFAULTS[controller]
    assert log.startswith('{"time":"$time_iso8601","client":"$remote_addr"')


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_the_log_is_json_once_nginx_has_filled_it_in(controller: str) -> None:
    log = data(controller, {})[LOG[controller]]
    # nginx puts it between single quotes, one line.
    assert not set("'\n\\") & set(log)
    assert json.loads(re.sub(r"\$\w+", "x", log)).keys() >= {"time", "client", "status", "uri", "request"}


@pytest.mark.parametrize(("at", "controller"), list(enumerate(CONTROLLERS)))
@pytest.mark.parametrize("setting", TOLD)
def test_a_setting_tells_the_controller_this_and_nothing_else(setting: str, at: int, controller: str) -> None:
    told = {key: after for key, (_, after) in changed(controller, setting).items()}
    assert told == TOLD[setting][at]


def test_every_setting_is_in_the_table() -> None:
    leaves = {
        f"{name}.{leaf}" if leaf else name
        for name, shape in shapes_of(GatewaySettings).items()
        for leaf in (shapes_of(shape.type) if is_args(shape.type) else [""])
    }
    assert TOLD.keys() == SAMPLES.keys() == leaves | {"hsts"}


def test_the_table_in_the_docs_has_what_configures_each_controller() -> None:
    page = FILE.read_text()
    assert "| `workers.connections` | `worker-connections`: 16384" in page


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_setting_may_be_known_later(controller: str) -> None:
    later: Any = pulumi.Output.from_input
    some: dict[str, Any] = {
        "hsts": {**HSTS["hsts"], "max_age": later(300)},
        "body_size": later(8),
        "timeouts": {"read": later(30)},
        "keep_alive": {"timeout": later(30), "requests": later(10)},
        "workers": {"processes": later(2), "connections": later(1024)},
        "header_buffers": {"size": later(16), "number": later(8)},
        "response_buffers": {"size": later(16), "number": later(4)},
        "upstream_keep_alive": later(64),
        "forwarded_from": [later("10.0.0.0/16")],
    }
    exposure = {**EXPOSED, "allowed_sources": ["10.0.0.0/16"]}
    args: Any = {"controller": controller, "exposure": exposure, "settings": some}
    told = record(lambda: IngressGateway("edge", args)).manifest("ConfigMapPatch")["data"]
    known: dict[str, Any] = {
        "hsts": {**HSTS["hsts"], "max_age": 300},
        "body_size": 8,
        "timeouts": {"read": 30},
        "keep_alive": {"timeout": 30, "requests": 10},
        "workers": {"processes": 2, "connections": 1024},
        "header_buffers": {"size": 16, "number": 8},
        "response_buffers": {"size": 16, "number": 4},
        "upstream_keep_alive": 64,
        "forwarded_from": ["10.0.0.0/16"],
    }
    assert told == data(controller, known)
    assert told["client-max-body-size" if controller == "f5-nginx" else "proxy-body-size"] == "8m"


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("front", ["exposure", "upstream"])
def test_the_proxy_protocol_is_read_where_it_is_spoken_and_believed_of_those_alone(controller: str, front: str) -> None:
    sources = ["10.0.0.0/16", "10.1.0.0/16"]
    spoken: Any = {
        "exposure": {
            **EXPOSED,
            "platform": "aws-controller",
            "client_ip": "proxy-protocol",
            "platform_sources": sources,
        },
        "upstream": {"proxy_protocol": True, "sources": sources},
    }
    args: Any = {"controller": controller, front: spoken[front]}
    told = record(lambda: IngressGateway("edge", args)).manifest("ConfigMapPatch")["data"]
    f5 = {"proxy-protocol": "true", "real-ip-header": "proxy_protocol", "set-real-ip-from": ",".join(sources)}
    community = {"use-proxy-protocol": "true", "proxy-real-ip-cidr": ",".join(sources)}
    wanted = f5 if controller == "f5-nginx" else community
    assert {key: value for key, value in told.items() if key not in data(controller, {})} == wanted


@pytest.mark.parametrize("controller", CONTROLLERS)
@pytest.mark.parametrize("client_ip", ["preserve", "hide"])
def test_no_address_is_believed_where_nobody_was_named(controller: str, client_ip: str) -> None:
    exposure = {**EXPOSED, "platform": "aws-controller", "client_ip": client_ip}
    args: Any = {"controller": controller, "exposure": exposure}
    told = record(lambda: IngressGateway("edge", args)).manifest("ConfigMapPatch")["data"]
    assert not [key for key in told if "real-ip" in key or "forwarded" in key or key.endswith("proxy-protocol")]


YES = st.sampled_from([True])
CIPHER = st.from_regex(r"[A-Z0-9]{1,8}(-[A-Z0-9]{1,8}){1,4}", fullmatch=True)
CIDR = st.sampled_from(["10.0.0.0/16", "192.0.2.0/24", "2001:db8::/32"])
SECONDS = st.integers(1, 86400)
KIB = st.integers(1, 1024)
DIRECTIVES = re.compile(r"(large_client_header_buffers \d+ \d+k;)?\n?(underscores_in_headers on;)?")
"""What Portico writes of what F5 NGINX Ingress Controller has no key for."""
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "tls_versions": st.lists(st.sampled_from(["TLSv1.2", "TLSv1.3"]), min_size=1, unique=True),
        "ciphers": st.lists(CIPHER, min_size=1, max_size=4),
        "hsts": st.fixed_dictionaries({"preload": YES}, optional={"max_age": SECONDS}),
        "http2": st.booleans(),
        "forwarded_from": st.lists(CIDR, min_size=1, unique=True),
        "access_log": st.sampled_from(["json", "plain", "off"]),
        "body_size": st.integers(0, 10**6),
        "timeouts": st.fixed_dictionaries({}, optional=dict.fromkeys(["connect", "read", "send"], SECONDS)),
        "keep_alive": st.fixed_dictionaries({}, optional={"timeout": SECONDS, "requests": st.integers(1, 10**6)}),
        "header_buffers": st.fixed_dictionaries({"size": KIB}, optional={"number": st.integers(1, 64)}),
        "response_buffers": st.fixed_dictionaries({"size": KIB}, optional={"number": st.integers(3, 256)}),
        "upstream_keep_alive": st.integers(0, 100000),
        "underscores_in_headers": st.booleans(),
        "workers": st.fixed_dictionaries(
            {}, optional={"processes": st.integers(1, 1024), "connections": st.integers(1, 10**6)}
        ),
    },
)


@settings(max_examples=examples(100))
@given(some=SETTINGS, proxy=st.lists(CIDR, unique=True))
@pytest.mark.parametrize("controller", CONTROLLERS)
def test_no_setting_can_write_nginxs_configuration(controller: str, some: dict[str, Any], proxy: list[str]) -> None:
    for key, value in data(controller, some, proxy_sources=proxy).items():
        # The texts of our own that need more.
        if key == "http-snippets":
            assert DIRECTIVES.fullmatch(value), value
        elif key != LOG[controller]:
            assert not set(value) & set("\"'`{};$\\#\n\r\t\0"), (key, value)
        assert value, key
    if controller == "ingress-nginx":
        told = data(controller, some, proxy_sources=proxy)
        secure = ("allow-snippet-annotations", "annotations-risk-level", "allow-cross-namespace-resources")
        assert [told[it] for it in secure] == ["false", "Medium", "false"]


CONFIGURATION = """daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}
http {{ client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; access_log off;
{http}
server {{ listen unix:{folder}/http.sock; location / {{ proxy_pass http://127.0.0.1:9; {location} }} }} }}
"""


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
@pytest.mark.parametrize("number", [3, 8, 256])
@pytest.mark.parametrize("size", [1, 16, 1024])
def test_nginx_starts_with_every_size_of_its_buffers(tmp_path: Path, size: int, number: int) -> None:
    buffers_ = {"size": size, "number": number}
    given = {"response_buffers": buffers_, "header_buffers": {"size": size, "number": min(number, 64)}}
    told = data("f5-nginx", {**given, "underscores_in_headers": True})
    location = f"proxy_buffer_size {told['proxy-buffer-size']}; proxy_buffers {told['proxy-buffers']};"
    assert _starts(tmp_path, told["http-snippets"], location) == ""
    # ingress-nginx writes the same directives of other keys.
    other = data("ingress-nginx", given)
    both = f"proxy_buffer_size {other['proxy-buffer-size']}; proxy_buffers {other['proxy-buffers-number']} {size}k;"
    assert both == location
    # The size of one buffer alone is what the field prevents.
    assert "proxy_busy_buffers_size" in _starts(tmp_path, "", "proxy_buffer_size 64k;")


def _starts(folder: Path, http: str, location: str) -> str:
    """What nginx finds wrong with a configuration; empty if nothing is."""
    path = folder / "nginx.conf"
    path.write_text(CONFIGURATION.format(folder=folder, http=http, location=location))
    command = [program(), "-t", "-q", "-c", str(path), "-p", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stderr
