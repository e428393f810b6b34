"""OpenAI's API as the data plane has it."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.client_api import (
    UPSTREAM_STATUSES,
    ClientApi,
    ClientRoute,
    Entry,
    model_answer,
)
from gearshift.dialects.openai.schemas import SCHEMAS
from gearshift.dialects.schema import ref
from gearshift.types import Operation

_JSON: Final = "application/json"
_EVENTS: Final = ("text/event-stream", ref("StreamEvent"))
_BASES: Final = ("/v1", "")
"""Some clients have `/v1` in their base URL, some in their paths, some in neither."""


def _routes(
    method: str, path: str, answers: Operation | str, entry: Entry
) -> tuple[ClientRoute, ...]:
    return tuple(ClientRoute(method, base + path, answers, entry) for base in _BASES)


API: Final = ClientApi(
    routes=(
        *_routes(
            "POST",
            "/chat/completions",
            Operation.CHAT,
            model_answer("Answer a chat", "ChatCompletionRequest", ref("ChatCompletion"), _EVENTS),
        ),
        *_routes(
            "POST",
            "/completions",
            Operation.COMPLETION,
            model_answer("Continue a text", "CompletionRequest", ref("Completion"), _EVENTS),
        ),
        *_routes(
            "POST",
            "/embeddings",
            Operation.EMBEDDING,
            Entry(
                "Turn texts into vectors",
                {_JSON: ref("EmbeddingList")},
                "EmbeddingRequest",
                UPSTREAM_STATUSES,
                is_routed=True,
            ),
        ),
        *_routes(
            "GET",
            "/models",
            "gearshift.gateway.endpoints.models:listing",
            Entry("List every value that `model` may have", {_JSON: ref("ModelList")}),
        ),
        *_routes(
            "GET",
            "/models/*",
            "gearshift.gateway.endpoints.models:one",
            Entry("Describe one of them", {_JSON: ref("ModelEntry")}, statuses=(404,)),
        ),
    ),
    error_schema="OpenAIError",
    rejection_schemas=("UpstreamRefusal",),
    schemas=SCHEMAS,
    models_path="/v1/models",
)
