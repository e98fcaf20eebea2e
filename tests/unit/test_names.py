"""Names, labels, and numbers: what Kubernetes accepts, and the value to use instead of a rejected one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_portico.args import names, values
from pulumi_portico.args.parse import Rule
from pulumi_portico.args.problems import ABSENT

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
def test_a_valid_value_is_accepted(rule: Rule, value: Any) -> None:
    assert rule(value) is None


@pytest.mark.parametrize(
    ("rule", "value", "code", "suggestion"),
    [
        (names.dns_label, "", "invalid-name", ABSENT),
        (names.dns_label, "MyApi", "invalid-name", "my-api"),
        (names.dns_label, "api_v1", "invalid-name", "api-v1"),
        (names.dns_label, "api-", "invalid-name", "api"),
        (names.dns_label, "a" * 64, "name-too-long", "a" * 63),
        (names.dns_label, "api\n", "invalid-name", "api"),
        (names.service_name, "1api", "invalid-service-name", "api"),
        (names.dns_subdomain, "a..b", "invalid-object-name", "a-b"),
        (names.label_key, "a b", "invalid-label-key", ABSENT),
        (names.label_key, "/name", "invalid-label-key", ABSENT),
        (names.label_key, "EXAMPLE.com/name", "invalid-label-key", ABSENT),
        (names.label_value, "a b", "invalid-label-value", ABSENT),
        (names.label_value, "a" * 64, "invalid-label-value", ABSENT),
        (names.port_name, "HTTP", "invalid-port-name", "http"),
        (names.port_name, "a--b", "invalid-port-name", "a-b"),
        (names.port_name, "8080", "invalid-port-name", ABSENT),
        (names.port_name, "a" * 16, "invalid-port-name", "a" * 15),
        (values.whole_number(1, 65535, "a port number"), 0, "out-of-range", 1),
        (values.whole_number(1, 65535, "a port number"), 65536, "out-of-range", 65535),
        (values.whole_number(0), -1, "too-small", 0),
        (values.whole_number(0), 2**31, "out-of-range", ABSENT),
        (values.image_reference, "nginx", "image-without-version", ABSENT),
        (values.image_reference, "nginx:latest", "image-tag-latest", ABSENT),
        (values.image_reference, "localhost:5000/api", "image-without-version", ABSENT),
        (values.image_reference, "Nginx:1", "invalid-image", ABSENT),
        (values.image_reference, "nginx:1 ", "invalid-image", ABSENT),
        (values.image_reference, "nginx@sha256:abc", "invalid-image", ABSENT),
        (names.workload_name("StatefulSet"), "a" * 53, "name-too-long", "a" * 52),
        (names.workload_name("Deployment"), "a" * 64, "name-too-long", "a" * 63),
    ],
)
def test_an_invalid_value_is_rejected_with_a_code_and_a_suggestion(
    rule: Rule, value: Any, code: str, suggestion: Any
) -> None:
    reason = rule(value)
    assert reason is not None
    assert reason.code.name == code
    assert reason.code.allowed
    assert reason.suggestion == suggestion


@pytest.mark.parametrize("image", ["nginx", "nginx:latest", "localhost:5000/api"])
def test_an_image_without_a_version_has_an_example_that_has_one(image: str) -> None:
    reason = values.image_reference(image)
    assert reason is not None
    assert values.image_reference(reason.params["example"]) is None


RULES_WITH_SUGGESTIONS = [names.dns_label, names.service_name, names.dns_subdomain, names.port_name]


@pytest.mark.parametrize("rule", RULES_WITH_SUGGESTIONS)
@given(value=st.text(max_size=80))
def test_a_suggestion_is_valid(rule: Rule, value: str) -> None:
    reason = rule(value)
    if reason is not None and reason.suggestion is not ABSENT:
        assert rule(reason.suggestion) is None


@pytest.mark.parametrize("rule", RULES_WITH_SUGGESTIONS)
def test_names_with_letters_have_a_suggestion(rule: Rule) -> None:
    for value in ("My_API", "a b", "-web-", "Grpc_Web"):
        reason = rule(value)
        assert reason is not None
        assert rule(reason.suggestion) is None
