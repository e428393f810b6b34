"""Requests as the bodies of clients say them, and as upstreams are asked for them."""

from __future__ import annotations

from typing import Any

import orjson

from gearshift.dialects.base import ClientDialect, UpstreamDialect
from gearshift.types import ChatRequest, Operation

USER = {"role": "user", "content": "hi"}


def parsed_by(
    dialect: ClientDialect, operation: Operation = Operation.CHAT, **body: Any
) -> ChatRequest:
    """The request of a body; a chat of one turn unless it has other messages."""
    if operation is Operation.CHAT:
        body = {"messages": [USER], **body}
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
