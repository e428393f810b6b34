"""Requests as the bodies of clients say them, and as upstreams are asked for them."""

from __future__ import annotations

from typing import Any

import orjson

from gearshift.dialects.base import ClientDialect, UpstreamDialect
from gearshift.gateway.app import Gateway
from gearshift.http.values import HttpRequest
from gearshift.types import ChatRequest, Operation

USER = {"role": "user", "content": "hi"}
_REQUIRED: dict[str, dict[str, Any]] = {"anthropic": {"max_tokens": 9}}


def parsed_by(
    dialect: ClientDialect, operation: Operation = Operation.CHAT, **body: Any
) -> ChatRequest:
    """The request of a body; a chat of one turn unless it has other messages.

    What its dialect requires is there, too.
    """
    required = _REQUIRED.get(dialect.name, {})
    if operation is Operation.CHAT or required:
        body = {"messages": [USER], **required, **body}
    return dialect.parse(operation, orjson.dumps(body))


def sent_by(
    upstream: UpstreamDialect,
    client: ClientDialect,
    operation: Operation = Operation.CHAT,
    **body: Any,
) -> dict[str, Any]:
    """What an upstream is asked for such a request."""
    request = parsed_by(client, operation, **body)
    sent: dict[str, Any] = orjson.loads(upstream.upstream_body(request, "m"))
    return sent


async def answered_by(gateway: Gateway, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Status and all of the body with which a gateway answers."""
    sent = orjson.dumps(body)
    response = await gateway.handle(HttpRequest("POST", path, {"host": "localhost"}, sent))
    if isinstance(response.body, bytes):
        return response.status, response.body
    pieces = []
    while (piece := await response.body.read()) is not None:
        pieces.append(piece)
    await response.body.aclose()
    return response.status, b"".join(pieces)
