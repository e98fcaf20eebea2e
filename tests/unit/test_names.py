"""Names, labels and numbers: what Kubernetes takes, and the fix where it does not."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_portico import names, values
from pulumi_portico.args.values import Rule

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (names.dns_label, "a"),
        (names.dns_label, "0-a"),
        (names.dns_label, "a" * 63),
        (names.service_name, "api-v1"),
        (names.dns_subdomain, "a.b-c.0"),
        (names.label_key, "app"),
        (names.label_key, "app.kubernetes.io/name"),
        (names.label_key, "A_b.c-D"),
        (names.label_value, ""),
        (names.label_value, "V1.2_3"),
        (names.port_name, "http2"),
        (names.port_name, "a" * 15),
        (values.whole_number(1, 65535), 1),
        (values.whole_number(1, 65535), 65535),
        (values.whole_number(0), 10**6),
        (values.image_reference, "nginx:1.29"),
        (values.image_reference, f"nginx@{DIGEST}"),
        (values.image_reference, f"nginx:latest@{DIGEST}"),
        (values.image_reference, "registry.example.com:5000/team/api_v2/web--x:v1.2-rc.1"),
        (values.image_reference, "localhost:5000/api:1"),
        (names.workload_name("StatefulSet"), "a" * 52),
        (names.workload_name("Deployment"), "a" * 63),
    ],
)
def test_taken(rule: Rule, value: Any) -> None:
    assert rule(value) is None


@pytest.mark.parametrize(
    ("rule", "value", "wrong", "fix"),
    [
        (names.dns_label, "", "does not fit", ""),
        (names.dns_label, "MyApi", "does not fit", 'write "my-api"'),
        (names.dns_label, "api_v1", "does not fit", 'write "api-v1"'),
        (names.dns_label, "api-", "does not fit", 'write "api"'),
        (names.dns_label, "a" * 64, "64 characters", f'write "{"a" * 63}"'),
        (names.dns_label, "api\n", "does not fit", 'write "api"'),
        (names.service_name, "1api", "does not fit", 'write "api"'),
        (names.dns_subdomain, "a..b", "does not fit", 'write "a-b"'),
        (names.label_key, "a b", "does not fit", ""),
        (names.label_key, "/name", "does not fit", ""),
        (names.label_key, "EXAMPLE.com/name", "does not fit", ""),
        (names.label_value, "a b", "does not fit", "annotation"),
        (names.label_value, "a" * 64, "does not fit", "annotation"),
        (names.port_name, "HTTP", "does not fit", 'write "http"'),
        (names.port_name, "a--b", "does not fit", 'write "a-b"'),
        (names.port_name, "8080", "does not fit", ""),
        (names.port_name, "a" * 16, "does not fit", f'write "{"a" * 15}"'),
        (values.whole_number(1, 65535, "a port number"), 0, "is not a port number", ""),
        (values.whole_number(1, 65535, "a port number"), 65536, "is not a port number", ""),
        (values.whole_number(0), -1, "not in range", ""),
        (values.image_reference, "nginx", "names no version", '"nginx:1.2.3"'),
        (values.image_reference, "nginx:latest", 'the tag "latest"', '"nginx:1.2.3"'),
        (values.image_reference, "localhost:5000/api", "names no version", '"localhost:5000/api:1.2.3"'),
        (values.image_reference, "Nginx:1", "is not an image reference", ""),
        (values.image_reference, "nginx:1 ", "is not an image reference", ""),
        (values.image_reference, "nginx@sha256:abc", "is not an image reference", ""),
        (names.workload_name("StatefulSet"), "a" * 53, "53 characters", "write"),
        (names.workload_name("Deployment"), "a" * 64, "64 characters", "write"),
    ],
)
def test_refused_with_reason_and_fix(rule: Rule, value: Any, wrong: str, fix: str) -> None:
    refusal = rule(value)
    assert refusal is not None
    assert wrong in refusal.wrong
    assert refusal.allowed
    assert fix in refusal.fix
    assert bool(fix) == bool(refusal.fix)


RULES_WITH_FIX = [names.dns_label, names.service_name, names.dns_subdomain, names.port_name]


@pytest.mark.parametrize("rule", RULES_WITH_FIX)
@given(value=st.text(max_size=80))
def test_a_suggested_name_is_one_that_is_taken(rule: Rule, value: str) -> None:
    refusal = rule(value)
    if refusal is not None and refusal.fix:
        suggested = re.fullmatch(r'write "(.*)"', refusal.fix)
        assert suggested is not None
        assert rule(suggested[1]) is None
