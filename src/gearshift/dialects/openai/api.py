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
from gearshift.dialects.schema import TEXT, any_of, ref
from gearshift.types import JsonObject, Operation

_JSON: Final = "application/json"
_EVENTS: Final = ("text/event-stream", ref("StreamEvent"))
_BASES: Final = ("/v1", "")
"""Some clients have `/v1` in their base URL, some in their paths, some in neither."""

_ANTHROPIC_VERSION: Final[JsonObject] = {
    "name": "anthropic-version",
    "in": "header",
    "description": "Whoever sends it is answered as by Anthropic's API, which has this path too.",
    "schema": TEXT,
}
_PAGE: Final[tuple[JsonObject, ...]] = tuple(
    {
        "name": name,
        "in": "query",
        "description": f"With `anthropic-version`: {meaning}",
        "schema": TEXT,
    }
    for name, meaning in (
        ("limit", "the most models that are listed, from 1 to 1000; without it 20."),
        ("after_id", "those behind this model."),
        ("before_id", "those in front of this model."),
    )
)


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
            Entry(
                "List every value that `model` may have",
                {_JSON: any_of("ModelList", "AnthropicModelList")},
                parameters=(_ANTHROPIC_VERSION, *_PAGE),
                also_speaks="anthropic",
            ),
        ),
        *_routes(
            "GET",
            "/models/*",
            "gearshift.gateway.endpoints.models:one",
            Entry(
                "Describe one of them",
                {_JSON: any_of("ModelEntry", "AnthropicModel")},
                statuses=(404,),
                parameters=(_ANTHROPIC_VERSION,),
                also_speaks="anthropic",
            ),
        ),
    ),
    error_schema="OpenAIError",
    rejection_schemas=("UpstreamRefusal",),
    schemas=SCHEMAS,
    models_path="/v1/models",
)
