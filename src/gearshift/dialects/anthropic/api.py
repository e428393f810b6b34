"""Anthropic's API as the data plane has it."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.anthropic.schemas import SCHEMAS
from gearshift.dialects.client_api import ClientApi, ClientRoute, Entry, model_answer
from gearshift.dialects.errors import OVERLOADED
from gearshift.dialects.schema import ref
from gearshift.types import Operation

_JSON: Final = "application/json"
_EVENTS: Final = ("text/event-stream", ref("MessageEvent"))

API: Final = ClientApi(
    routes=(
        ClientRoute(
            "POST",
            "/v1/messages",
            Operation.CHAT,
            model_answer("Answer messages", "MessagesRequest", ref("MessageAnswer"), _EVENTS),
        ),
        ClientRoute(
            "POST",
            "/v1/messages/count_tokens",
            "gearshift.gateway.endpoints.count_tokens:of_messages",
            Entry(
                "Estimate the tokens of a request",
                {_JSON: ref("TokenCount")},
                "TokenCountRequest",
            ),
        ),
    ),
    error_schema="AnthropicError",
    statuses={OVERLOADED: "Every deployment is busy or loading: Anthropic's own word for a 503."},
    schemas=SCHEMAS,
    prefixes=("/v1/messages/",),
    header="anthropic-version",
    unavailable={
        "/v1/complete": "send the conversation to /v1/messages",
        "/v1/messages/batches": "send each request to /v1/messages",
    },
)
