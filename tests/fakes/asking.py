"""Requests as the bodies of clients say them, and as upstreams are asked for them."""

from __future__ import annotations

from typing import Any

import orjson

from gearshift.dialects.base import ClientDialect, UpstreamDialect
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
