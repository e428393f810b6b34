"""The Responses API as the data plane has it."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.client_api import ClientApi, ClientRoute, Entry, model_answer
from gearshift.dialects.responses.schemas import SCHEMAS
from gearshift.dialects.schema import ref
from gearshift.types import Operation

_BASES: Final = ("/v1", "")
_EVENTS: Final = ("text/event-stream", ref("ResponseEvent"))
_ANSWER: Final = model_answer("Answer items", "ResponseRequest", ref("Response"), _EVENTS)
_COUNT: Final = Entry(
    "Estimate the tokens of a request",
    {"application/json": ref("InputTokenCount")},
    "InputTokenCountRequest",
)
_ROUTES: Final = (
    ("/responses", Operation.CHAT, _ANSWER),
    (
        "/responses/input_tokens",
        "gearshift.gateway.endpoints.count_tokens:of_items",
        _COUNT,
    ),
)
_NO_MEMORY: Final = (
    "it keeps no answers: send the whole conversation in 'input' of POST /v1/responses"
)
_NO_SUMMARY: Final = "for a summary of a conversation, ask a model for one at POST /v1/responses"

API: Final = ClientApi(
    routes=tuple(
        ClientRoute("POST", base + path, answers, entry)
        for path, answers, entry in _ROUTES
        for base in _BASES
    ),
    error_schema="OpenAIError",
    rejection_schemas=("UpstreamRefusal",),
    schemas=SCHEMAS,
    prefixes=tuple(f"{base}/responses/" for base in _BASES),
    unavailable={
        "/v1/responses/compact": _NO_SUMMARY,
        "/responses/compact": _NO_SUMMARY,
        **dict.fromkeys((f"{base}/responses/*" for base in _BASES), _NO_MEMORY),
    },
)
