"""Credentials whose form is known are never shown, and a stack's secrets in plain text are reported."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi_portico.args.codes import Code
from pulumi_portico.args.concealment import has_credential, is_plain_secret, names_secret, shown_text
from pulumi_portico.args.location import Key, KeyStyle, Location
from pulumi_portico.args.problems import Problem
from pulumi_portico.args.secret_formats import FORMATS, format_of
from pulumi_portico.args.secrets import Secret
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.views import view_of

from tests.unit.gateways import CERTIFICATE, HOST, KEY

A, D, X = "a1B2c3D4e5" * 30, "1234567890" * 30, "0a1b2c3d4e5f6789" * 20

# None of these is a real credential. They are put together here, so that no scanner finds one in this file.
SAMPLES = {
    "AWS access key": "AKIA" + "QYLPMN5HFIQR7XYZ",
    "GitHub token": "ghp" + "_" + A[:36],
    "GitLab token": "glpat" + "-" + A[:20],
    "Slack token": "xoxb" + "-" + D[:12] + "-" + D[:12] + "-" + A[:24],
    "Slack webhook": "https://hooks.slack.com/services/" + "T00000000/B00000000/" + A[:24],
    "Stripe key": "sk_live" + "_" + A[:24],
    "Google API key": "AIza" + A[:35],
    "JSON Web Token": "eyJ" + A[:30] + ".eyJ" + A[:40] + "." + A[:43],
    "npm token": "npm" + "_" + A[:36],
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmc" + A[:80],
    "SendGrid key": "SG" + "." + A[:22] + "." + A[:43],
    "DigitalOcean token": "dop_v1" + "_" + X[:64],
    "OpenAI key": "sk-proj" + "-" + A[:60],
    "Anthropic key": "sk-ant" + "-api03-" + A[:93] + "AA",
    "Hugging Face token": "hf_" + "abcdefghijklmnopqrstuvwxyzabcdefgh",
    "HashiCorp Vault token": "hvs" + "." + A[:95],
    "Pulumi token": "pul" + "-" + X[:40],
    "HCP Terraform token": A[:14] + ".atlasv1." + A[:64],
    "Databricks token": "dapi" + X[:32],
    "Docker Hub token": "dckr_pat" + "_" + A[:27],
    "Grafana token": "glsa" + "_" + A[:32] + "_" + X[:8],
    "Telegram token": D[:10] + ":AA" + A[:33],
    "Twilio key": "SK" + X[:32],
    "age secret key": "AGE-SECRET-KEY-1" + "QPZRY9X8GF" * 5 + "QPZRY9X8",
    "password hash": "$2b$12$" + A[:53],
    "Shopify token": "shpat" + "_" + X[:32],
    "Tailscale key": "tskey-auth" + "-" + A[:30],
    "Azure client secret": "abc" + "8Q~" + A[:34],
    "AWS Bedrock API key": "bedrock-api-key-" + "YmVkcm9jay5hbWF6b25hd3MuY29t" + A[:40],
    "OpenShift token": "sha256" + "~" + A[:43],
    "1Password secret key": "A3" + "-ABCDEF-GHIJKLMNOPQ-RSTUV-WXYZ2-34567",
    "SonarQube token": "squ" + "_" + X[:40],
    "Harness key": "pat" + "." + A[:22] + "." + A[:24] + "." + A[:20],
    "Octopus Deploy key": "API" + "-" + "QYLPMN5HFIQR7XYZQYLPMN5HFI",
    "Grafana key": "eyJrIjoi" + A[:90],
    "Plaid token": "access-sandbox" + "-01234567-89ab-cdef-0123-456789abcdef",
    "Sourcegraph token": "sgp" + "_" + X[:40],
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_credential_of_a_known_form_is_hidden_wherever_it_is(kind: str) -> None:
    sample = SAMPLES[kind]
    assert format_of(sample) == kind
    core = sample[-16:]
    for text in (sample, f"--x {sample} --y", f"a={sample}&b", json.dumps({"a": sample}), f"//host/{sample}/x"):
        assert core not in shown_text(text)
    for value in (sample, [sample], {"a": {"b": sample}}):
        problem = Problem(Code("x", "{value} and {other}."), Location(("env", Key("A"))), {"other": sample}, value)
        assert core not in str(problem)
        assert core not in json.dumps(problem.as_data())
    assert core not in str(Problem(Code("x", "x"), Location(("labels", Key(sample)))))


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_known_form_is_hidden(kind: str, data: Any) -> None:
    sample: str = data.draw(st.from_regex(re.compile(FORMATS[kind], re.ASCII), fullmatch=True))
    assert sample not in shown_text(f"see {sample} here")


@pytest.mark.parametrize(
    "text",
    [
        "registry.example.com/team/api:1.4.2",
        "registry.example.com/api@sha256:" + X[:64],
        "sha256:4b1d" + X[:60],
        "api-gateway",
        "ico-header.svg",
        "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef",
        "https://shop.example.com/a/b?c=d",
        "sk-8-learn",
        "key-value",
        "a-us2",
        "/usr/share/nginx/html",
        "2001:db8::/32",
        "shop.example.com",
        "app.kubernetes.io/name",
        "$(PASSWORD)",
        "1m30s",
    ],
)
def test_ordinary_text_is_shown(text: str) -> None:
    assert shown_text(text) == text
    assert not has_credential(text)


@pytest.mark.parametrize(
    "text",
    [
        "--password hunter22",
        "--db-password=hunter22",
        "-token hunter22",
        '{"password": "hunter22"}',
        "user: a\n  password: hunter22",
        "Authorization: Basic hunter22",
        "Authorization: token hunter22",
        "AccountName=a;AccountKey=hunter22;EndpointSuffix=b",
        "https://a.example.com/b?sv=1&sig=hunter22",
        "Server=db;User=a;Pwd=hunter22",
        "X-Amz-Signature=hunter22",
        "PuTTY-User-Key-File-3: hunter22",
    ],
)
def test_a_credential_by_the_name_before_it_is_hidden(text: str) -> None:
    assert "hunter22" not in shown_text(text)


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "pass-phrase",
        "encryptionKey",
        "MASTER_KEY",
        "SIGNING_KEY",
        "AWS_CREDS",
        "SLACK_WEBHOOK_URL",
        "GITHUB_PAT",
        "LOGIN_PIN",
        "HASH_SALT",
        "SENTRY_DSN",
        "X-Auth-Key",
        "KUBECONFIG",
        "WALLET_MNEMONIC",
    ],
)
def test_a_name_of_a_credential_is_known(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize("name", ["HOST", "PATH", "PASSENGERS", "KEYS_PATH", "MONKEY", "SPIN", "PATTERN", "SASS"])
def test_an_ordinary_name_is_not_one(name: str) -> None:
    assert not names_secret(name)


# Exceptions -----------------------------------------------------------------------------------------------------------

TOKEN = SAMPLES["GitHub token"]
PLAIN_FIELDS: Any = {
    "env": {"GITHUB": TOKEN},
    "args": ["--a", TOKEN],
    "command": ["sh", "-c", f"run {TOKEN}"],
    "podAnnotations": {"example.com/a": TOKEN},
    "workloadAnnotations": {"example.com/a": TOKEN},
    "configFiles": {"/etc/a": f"token: {TOKEN}"},
    "extra": {"spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": TOKEN}]}]}},
    "sidecars": [{"name": "side", "image": "registry.example.com/a:1", "env": {"A": TOKEN}}],
    "initContainers": [{"name": "first", "image": "registry.example.com/a:1", "args": [TOKEN]}],
}


def explained(**parts: Any) -> dict[tuple[Any, ...], tuple[str, Any]]:
    view = view_of(check_stack("dev", {"namespace": "shop", **parts}))
    return {
        tuple(found.exception.location): (found.exception.kind.name, found.value)
        for found in view.exceptions
        if found.exception.kind.name in ("plain-text-secret", "secret-in-plain-field")
    }


def service(**fields: Any) -> dict[str, Any]:
    return {"web": {"image": "registry.example.com/web:1.0", "port": 8080, **fields}}


def gateway(**fields: Any) -> dict[str, Any]:
    route = {"host": HOST, "target": {"service": "web"}, **fields.pop("route", {})}
    return {"edge": {"upstream": {}, "controller": "ingress-nginx", "routes": [route], **fields}}


@pytest.mark.parametrize("field", PLAIN_FIELDS)
def test_a_secret_in_an_ordinary_field_is_an_exception(field: str) -> None:
    found = explained(services=service(**{field: PLAIN_FIELDS[field]}))
    assert [kind for kind, _ in found.values()] == ["secret-in-plain-field"]
    assert TOKEN not in json.dumps([str(value) for _, value in found.values()])


@pytest.mark.parametrize("field", ["responseHeaders", "annotations"])
def test_a_secret_in_a_route_is_an_exception(field: str) -> None:
    key = "X-Team" if field == "responseHeaders" else "example.com/a"
    found = explained(services=service(), gateways=gateway(route={field: {key: TOKEN}}))
    assert [kind for kind, _ in found.values()] == ["secret-in-plain-field"]


def test_a_url_with_a_password_is_an_exception_and_a_reference_is_none() -> None:
    env = {"A": "postgres://user:hunter22@db/app", "B": "postgres://user:$(DB_PASSWORD)@db/app"}
    found = explained(services=service(env=env, secretEnv={"DB_PASSWORD": Secret("x")}))
    assert list(found) == [("services", "web", "env", "A")]


def test_a_secret_in_plain_text_is_an_exception_and_an_encrypted_one_is_none() -> None:
    side = {"name": "side", "image": "registry.example.com/a:1", "secretEnv": {"C": "hunter22"}}
    found = explained(services=service(secretEnv={"A": "hunter22", "B": Secret("hunter22")}, sidecars=[side]))
    assert found == {
        ("services", "web", "secret_env", "A"): ("plain-text-secret", "[secret]"),
        ("services", "web", "sidecars", 0, "secret_env", "C"): ("plain-text-secret", "[secret]"),
    }


def test_a_private_key_in_plain_text_is_an_exception() -> None:
    found = explained(services=service(), gateways=gateway(tls={HOST: {"certificate": CERTIFICATE, "key": KEY}}))
    assert [(location[-1], kind) for location, (kind, _) in found.items()] == [("key", "plain-text-secret")]


def test_hashes_of_passwords_are_where_they_belong() -> None:
    users = {"a": "$6$salt$" + A[:86]}
    assert has_credential(users["a"])
    edge = gateway(route={"basicAuth": {"users": users}}, tls={HOST: {"secret": "shop-tls"}})
    assert explained(services=service(), gateways=edge) == {}


def test_the_key_style_of_messages_names_the_field_for_secrets() -> None:
    view = view_of(check_stack("dev", {"namespace": "shop", "services": service(env={"A": TOKEN})}))
    (found,) = (one for one in view.exceptions if one.exception.kind.name == "secret-in-plain-field")
    assert "`env`" in found.exception.meaning(KeyStyle.STACK)


VARIABLES = [
    ("DB_PASSWORD", "hunter2", True),
    ("API_KEY", "abc", True),
    ("jwt-secret", "abc", True),
    ("AWS_SECRET_ACCESS_KEY", "abc", True),
    ("smtp.password", "abc", True),
    ("DB_PASSWORD", "", False),
    ("DB_PASSWORD", "{{ .password }}", False),
    ("DB_PASSWORD_FILE", "/run/secrets/db", False),
    ("SECRET", "/run/secrets/db", False),
    ("CSRF_TOKEN", "true", False),
    ("TOKEN", "3600", False),
    ("TOKEN_URL", "https://login.example.com", False),
    ("PUBLIC_KEY", "abc", False),
    ("KEY", "abc", False),
]


@pytest.mark.parametrize(("name", "value", "expected"), VARIABLES)
def test_a_variable_that_is_named_like_a_secret_is_an_exception(name: str, value: str, expected: bool) -> None:
    container = {"image": "registry.example.com/a:1", "env": {name: value}}
    parts: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
        ({"services": {"web": {**container, "port": 80}}}, ("services", "web", "env", name)),
        ({"jobs": {"job": container}}, ("jobs", "job", "env", name)),
        (
            {"jobs": {"job": {"image": "registry.example.com/a:1", "initContainers": [{"name": "a", **container}]}}},
            ("jobs", "job", "init_containers", 0, "env", name),
        ),
        ({"configMaps": {"web": {"data": {name: value}}}}, ("config_maps", "web", "data", name)),
    ]
    for part, at in parts:
        services = {"web": {"image": "registry.example.com/a:1", "port": 8080}}
        view = view_of(check_stack("dev", {"namespace": "shop", "services": services, **part}))
        found = [exception.exception for exception in view.exceptions]
        assert [tuple(one.location) for one in found if one.kind.name == "secret-in-plain-field"] == [at] * expected
        assert "hunter2" not in json.dumps(view, default=str)


@pytest.mark.parametrize("value", ["$(OTHER)", "${OTHER}", "{{ .Values.password }}", "", "60", "null"])
def test_a_reference_and_a_switch_are_no_secrets(value: str) -> None:
    assert not is_plain_secret("DB_PASSWORD", value)
