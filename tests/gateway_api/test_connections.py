"""TLS, TCP, UDP, and gRPC through the real Envoy Gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from cryptography import x509

from tests.gateway_api.conftest import Serve
from tests.gateway_api.manifests import (
    HTTP_LISTENER,
    gateway,
    https_listener,
    manifest,
    route,
    rule,
    service,
    to,
)
from tests.gateway_api.serving import Certificates, ServedGateway

REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}


def config_map(name: str, text: str) -> Any:
    made = manifest("v1", "ConfigMap", name, {})
    del made["spec"]
    return {**made, "data": {"ca.crt": text}}


def tls_listener(name: str, port: int, mode: str, **more: Any) -> Mapping[str, Any]:
    tls = {"mode": mode, **({"certificateRefs": [{"name": "wild"}]} if mode == "Terminate" else {})}
    return {"name": name, "port": port, "protocol": "TLS", "tls": tls, **more}


def backend_tls(service_name: str) -> Any:
    spec = {
        "targetRefs": [{"group": "", "kind": "Service", "name": service_name, "sectionName": "port-443"}],
        "validation": {
            "hostname": f"{service_name}.internal",
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "authority"}],
        },
    }
    return manifest("gateway.networking.k8s.io/v1", "BackendTLSPolicy", service_name, spec)


def manifests(certificates: Certificates) -> list[Any]:
    call = {"method": {"service": "shop.Orders", "method": "Get"}}
    canary = {"method": {"service": "shop.Orders"}, "headers": [{"name": "x-canary", "value": "1"}]}
    return [
        gateway(
            HTTP_LISTENER,
            https_listener("wild", hostname="*.example.com"),
            https_listener("other", name="other", hostname="other.test"),
            tls_listener("passthrough", 8443, "Passthrough"),
            tls_listener("terminated", 9443, "Terminate", hostname="database.example.com"),
            {"name": "tcp", "port": 5432, "protocol": "TCP"},
            {"name": "udp", "port": 53, "protocol": "UDP"},
        ),
        certificates.secret("shop", "wild", ["*.example.com"]),
        certificates.secret("shop", "other", ["other.test"]),
        config_map("authority", "replaced by the harness"),
        *(service(name) for name in ("web", "other", "plain")),
        *(service(name, 443) for name in ("vault", "tenants", "secure", "secure-calls")),
        *(service("database", 5432), service("dns", 53, protocol="UDP")),
        *(service("orders", 50051), service("canary", 50051)),
        route("redirect", [], rule(filters=[REDIRECT])),
        route("web", ["web.example.com"], rule("web"), section="https"),
        route("other", ["other.test"], rule("other"), section="other"),
        route("secure", ["secure.example.com"], rule(to("secure", 443)), section="https"),
        route("vault", ["vault.example.com"], rule(to("vault", 443)), kind="TLSRoute", section="passthrough"),
        route("tenants", ["*.tenants.example.com"], rule(to("tenants", 443)), kind="TLSRoute", section="passthrough"),
        route("terminated", ["database.example.com"], rule("plain"), kind="TLSRoute", section="terminated"),
        route("database", [], rule(to("database", 5432)), kind="TCPRoute", section="tcp"),
        route("dns", [], rule(to("dns", 53)), kind="UDPRoute", section="udp"),
        route(
            "orders",
            ["calls.example.com"],
            rule(to("orders", 50051), matches=[call]),
            rule(to("canary", 50051), matches=[canary]),
            kind="GRPCRoute",
        ),
        route("calls", ["calls.example.com"], rule(to("orders", 50051)), kind="GRPCRoute", section="https"),
        route("safe", ["safe.example.com"], rule(to("secure-calls", 443)), kind="GRPCRoute", section="https"),
        *(backend_tls("secure"), backend_tls("secure-calls")),
    ]


@pytest.fixture(scope="module")
def served(start: Serve, certificates: Certificates) -> ServedGateway:
    return start(manifests(certificates))


def names(pem: str) -> Sequence[str]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return alternatives.value.get_values_for_type(x509.DNSName)


def test_http_redirects_to_https(served: ServedGateway) -> None:
    response = served.request("web.example.com", "/a?b")
    assert (response.status, response.header("location")) == (301, "https://web.example.com/a?b")


@pytest.mark.parametrize(
    ("host", "name", "status", "certificate"),
    [
        ("web.example.com", "web.example.com", 200, "*.example.com"),
        ("other.test", "other.test", 200, "other.test"),
        ("unknown.example.com", "unknown.example.com", 404, "*.example.com"),
        # The wildcard of a listener has any number of labels, and the certificate's doesn't.
        ("a.b.example.com", "a.b.example.com", 404, "*.example.com"),
        # The host needn't be the server name of the handshake, within a listener.
        ("web.example.com", "other.example.com", 200, "*.example.com"),
        # Across listeners, it gets 404 instead of 421.
        ("other.test", "web.example.com", 404, "*.example.com"),
    ],
)
def test_https(served: ServedGateway, host: str, name: str, status: int, certificate: str) -> None:
    response = served.request(host, scheme="https", server_name=name)
    assert (response.status, names(response.certificate)) == (status, [certificate])
    if status == 200:
        assert response.backend.header("x-forwarded-proto") == "https"
        assert "strict-transport-security" not in response.headers


@pytest.mark.parametrize("name", ["", "unknown.test"])
def test_a_handshake_without_a_known_server_name_is_reset(served: ServedGateway, name: str) -> None:
    assert served.request("web.example.com", scheme="https", server_name=name).closed


def test_backends_with_tls(served: ServedGateway) -> None:
    response = served.request("secure.example.com", scheme="https")
    assert (response.status, response.service) == (200, "shop/secure:443")
    assert (response.backend.server_name, response.backend.host) == ("secure.internal", "secure.example.com")


@pytest.mark.parametrize(
    ("host", "service_name"),
    {"vault.example.com": "vault", "a.tenants.example.com": "tenants", "b.a.tenants.example.com": "tenants"}.items(),
)
def test_passthrough(served: ServedGateway, host: str, service_name: str) -> None:
    response = served.request(host, scheme="tls", port=8443, body=b"hello")
    assert (response.service, response.body) == (f"shop/{service_name}:443", b"hello")
    # It's the backend's own certificate.
    assert names(response.certificate) == [host if service_name == "vault" else "*.tenants.example.com"]
    assert response.backend.server_name == host


def test_passthrough_resets_unknown_names(served: ServedGateway) -> None:
    assert served.request("no.example.com", scheme="tls", port=8443, body=b"hello").closed


def test_streams(served: ServedGateway) -> None:
    terminated = served.request("database.example.com", scheme="tls", port=9443, body=b"hello")
    assert (terminated.service, terminated.body) == ("shop/plain:80", b"hello")
    assert names(terminated.certificate) == ["*.example.com"]
    tcp = served.request("", scheme="tcp", port=5432, body=b"hello")
    assert (tcp.service, tcp.body) == ("shop/database:5432", b"hello")
    udp = served.request("", scheme="udp", port=53, body=b"hello")
    assert (udp.service, udp.body) == ("shop/dns:53", b"hello")


@pytest.mark.parametrize(
    ("method", "headers", "service_name"),
    [
        ("/shop.Orders/Get", {}, "orders"),
        ("/shop.Orders/Get", {"x-canary": "1"}, "orders"),
        ("/shop.Orders/List", {"x-canary": "1"}, "canary"),
        ("/shop.Orders/List", {}, ""),
        ("/shop.Other/Get", {}, ""),
    ],
)
def test_grpc(served: ServedGateway, method: str, headers: Mapping[str, str], service_name: str) -> None:
    response = served.request("calls.example.com", method, scheme="grpc", headers=headers, body=b"message")
    if not service_name:
        assert (response.code, response.seen) == ("UNIMPLEMENTED", ())
        return
    assert (response.code, response.service, response.body) == ("OK", f"shop/{service_name}:50051", b"message")
    assert response.backend.target == method


@pytest.mark.parametrize(("host", "name"), {"calls": "orders:50051", "safe": "secure-calls:443"}.items())
def test_grpc_with_tls(served: ServedGateway, certificates: Certificates, host: str, name: str) -> None:
    response = served.request(f"{host}.example.com", "/a.B/C", scheme="grpcs", body=b"m", ca=certificates.ca)
    assert (response.code, response.service) == ("OK", f"shop/{name}")


def test_listeners_whose_names_overlap_have_no_http2(start: Serve, certificates: Certificates) -> None:
    gateway_with_both = gateway(
        https_listener("wild", hostname="*.example.com"),
        https_listener("one", name="one", hostname="one.example.com"),
    )
    served = start(
        [
            gateway_with_both,
            certificates.secret("shop", "wild", ["*.example.com"]),
            certificates.secret("shop", "one", ["one.example.com"]),
            service("orders", 50051),
            route("calls", ["calls.example.com"], rule(to("orders", 50051)), kind="GRPCRoute", section="https"),
        ]
    )
    call = served.request("calls.example.com", "/a.B/C", scheme="grpcs", ca=certificates.ca)
    assert (call.code, "ALPN" in call.error) == ("UNAVAILABLE", True)
    assert "OverlappingTLSConfig" in str(served.statuses.by_object["Gateway", "shop/edge"])


def test_client_certificates(start: Serve, certificates: Certificates) -> None:
    validation = {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}]}
    served = start(
        [
            gateway(https_listener("wild"), tls={"frontend": {"default": {"validation": validation}}}),
            certificates.secret("shop", "wild", ["*.example.com"]),
            config_map("clients", certificates.ca),
            service("web"),
            route("web", ["web.example.com"], rule("web"), section="https"),
        ]
    )
    rejected = served.request("web.example.com", scheme="https")
    assert rejected.closed
    admitted = served.request("web.example.com", scheme="https", client_certificate=certificates.client)
    assert (admitted.status, admitted.service) == (200, "shop/web:80")
