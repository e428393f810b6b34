"""Anthropic's API as the data plane has it."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.anthropic.schemas import SCHEMAS
from gearshift.dialects.client_api import ClientApi, ClientRoute, Entry, model_answer
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
            "gearshift.gateway.endpoints.count_tokens:count",
            Entry(
                "Estimate the tokens of a request",
                {_JSON: ref("TokenCount")},
                "TokenCountRequest",
            ),
        ),
    ),
    error_schema="AnthropicError",
    schemas=SCHEMAS,
    prefixes=("/v1/messages/",),
    unavailable=frozenset({"/v1/complete", "/v1/messages/batches"}),
)
