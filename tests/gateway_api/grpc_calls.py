"""Unary gRPC calls of any method, with bytes as messages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc

from tests.gateway_api.messages import Backend, Request, Response, Seen


def serve(backend: Backend, record: Callable[[Seen], None], pair: tuple[str, str] | None) -> None:
    """Start a server that answers each call with its message, and its own name in the headers."""

    class AnyMethod(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            headers: dict[str, list[str]] = {}
            for name, value in handler_call_details.invocation_metadata:
                headers.setdefault(name, []).append(value if isinstance(value, str) else value.decode("latin-1"))

            def answer(message: bytes, context: Any) -> bytes:
                seen = Seen(backend.service, "POST", handler_call_details.method, headers=headers, body=message)
                record(seen)
                context.send_initial_metadata((("x-served-by", backend.service),))
                return message

            return grpc.unary_unary_rpc_method_handler(answer)

    server: Any = grpc.server(futures.ThreadPoolExecutor(4), handlers=[AnyMethod()])
    address = f"{backend.address}:{backend.address_port}"
    if pair is None:
        server.add_insecure_port(address)
    else:
        certificate, key = (text.encode() for text in pair)
        server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))
    server.start()
    _SERVERS.append(server)


# A server ends when nothing refers to it.
_SERVERS: list[Any] = []


def call(request: Request, address: str) -> Response:
    """Call the method that the request's target names."""
    options = [("grpc.default_authority", request.host), ("grpc.enable_retries", 0)]
    if request.scheme == "grpcs":
        options.append(("grpc.ssl_target_name_override", request.server_name or request.host))
        pair = [text.encode() for text in request.client_certificate] if request.client_certificate else [None, None]
        credentials = grpc.ssl_channel_credentials(request.ca.encode() or None, pair[1], pair[0])
        channel: Any = grpc.secure_channel(address, credentials, options)
    else:
        channel = grpc.insecure_channel(address, options)
    metadata = [(name.lower(), value) for name, value in request.headers]
    with channel:
        method = channel.unary_unary(request.target)
        try:
            body, finished = method.with_call(request.body, timeout=request.timeout, metadata=metadata)
        except grpc.RpcError as error:
            failed: Any = error
            headers = _headers(failed.initial_metadata())
            return Response(headers=headers, code=failed.code().name, error=failed.details() or "")
        headers = _headers(finished.initial_metadata())
        return Response(200, headers, body, headers.get("x-served-by", [""])[0], code=finished.code().name)


def _headers(metadata: Any) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in metadata or ():
        headers.setdefault(name, []).append(value if isinstance(value, str) else value.decode("latin-1"))
    return headers
