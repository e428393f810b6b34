"""JSON Schemas of what Ollama's clients send, and of what they get."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.schema import (
    COUNT,
    MAYBE_FLAG,
    MAYBE_OBJECT,
    MAYBE_OBJECTS,
    MAYBE_TEXT,
    MAYBE_TEXTS,
    MAYBE_WHOLE,
    MESSAGE_FIELDS,
    MODEL,
    NAME,
    NUMBER,
    SAMPLING,
    TEXT,
    TOOL_CALL,
    error_of,
    list_of,
    object_of,
    or_null,
    ref,
)
from gearshift.types import JsonObject

_TURN: Final = {
    **MESSAGE_FIELDS,
    "images": MAYBE_TEXTS,
    "thinking": MAYBE_TEXT,
    "tool_name": MAYBE_TEXT,
}
_CONVERSATION: Final[JsonObject] = {
    **TOOL_CALL,
    "OllamaMessage": object_of(role=MAYBE_TEXT, content=MAYBE_TEXT, **_TURN),
}

_FIELDS: Final[JsonObject] = {
    "model": MODEL,
    "stream": {**MAYBE_FLAG, "description": "`false` for a complete answer; otherwise a stream."},
    "tools": MAYBE_OBJECTS,
    "format": or_null("string", "object"),
    "options": {
        **MAYBE_OBJECT,
        "properties": {**SAMPLING, "num_predict": MAYBE_WHOLE, "num_ctx": MAYBE_WHOLE},
    },
    "keep_alive": or_null("string", "number"),
    "think": or_null("boolean", "string"),
    "logprobs": MAYBE_FLAG,
    "top_logprobs": MAYBE_WHOLE,
}

_REQUESTS: Final[JsonObject] = {
    "OllamaChatRequest": object_of(
        messages=or_null(
            "array",
            items=ref("OllamaMessage"),
            description="If missing or empty, the model is loaded, or unloaded with "
            "`keep_alive: 0`.",
        ),
        **_FIELDS,
    ),
    "OllamaGenerateRequest": object_of(
        prompt={
            **MAYBE_TEXT,
            "description": "If missing or empty, the model is loaded or unloaded, as in /api/chat.",
        },
        system=MAYBE_TEXT,
        suffix=MAYBE_TEXT,
        template=MAYBE_TEXT,
        raw=MAYBE_FLAG,
        images=MAYBE_TEXTS,
        **_FIELDS,
    ),
    "OllamaShowRequest": {
        **object_of(model=MAYBE_TEXT, name=MAYBE_TEXT),
        "anyOf": [
            {"required": ["model"], "properties": {"model": NAME}},
            {"required": ["name"], "properties": {"model": {"enum": ["", None]}, "name": NAME}},
        ],
    },
}

_EMBEDDING_FIELDS: Final[JsonObject] = {
    "model": {
        **MAYBE_TEXT,
        "description": "A model that some upstream has, or `auto` (or nothing) for "
        "`embeddings.model`.",
    },
    "options": MAYBE_OBJECT,
    "keep_alive": or_null("string", "number"),
}
_EMBEDDINGS: Final[JsonObject] = {
    "OllamaEmbedRequest": object_of(
        input=or_null(
            "string",
            "array",
            items=TEXT,
            description="If missing or empty, the model is loaded or unloaded, as in /api/chat.",
        ),
        truncate=MAYBE_FLAG,
        dimensions=MAYBE_WHOLE,
        **_EMBEDDING_FIELDS,
    ),
    "OllamaEmbedAnswer": object_of(
        ("model", "embeddings"),
        model=TEXT,
        embeddings=list_of(list_of(NUMBER)),
        total_duration=COUNT,
        load_duration=COUNT,
        prompt_eval_count=COUNT,
    ),
    "OllamaEmbeddingsRequest": object_of(prompt=MAYBE_TEXT, **_EMBEDDING_FIELDS),
    "OllamaEmbeddingsAnswer": object_of(("embedding",), embedding=list_of(NUMBER)),
}

_TAG: Final = object_of(("name", "model"), name=TEXT, model=TEXT, size=COUNT, digest=TEXT)
_RUNNING: Final = object_of(
    ("name", "model"),
    name=TEXT,
    model=TEXT,
    size=COUNT,
    size_vram=COUNT,
    digest=TEXT,
    expires_at=TEXT,
    context_length=COUNT,
)
_ANSWER: Final[JsonObject] = {
    "model": TEXT,
    "created_at": TEXT,
    "done": {"type": "boolean"},
    "done_reason": TEXT,
    "prompt_eval_count": COUNT,
    "eval_count": COUNT,
}
_ANSWERS: Final[JsonObject] = {
    "OllamaChatAnswer": object_of(("model", "done"), message={"type": "object"}, **_ANSWER),
    "OllamaGenerateAnswer": object_of(("model", "done"), response=TEXT, **_ANSWER),
    "OllamaModel": object_of(
        ("details", "model_info"),
        details={"type": "object"},
        model_info={"type": "object"},
        capabilities=list_of(TEXT),
    ),
    "OllamaModels": object_of(("models",), models=list_of(_TAG)),
    "OllamaRunningModels": object_of(("models",), models=list_of(_RUNNING)),
    "OllamaVersion": object_of(("version",), version=TEXT),
    "OllamaError": error_of(TEXT, "An error on Ollama's paths."),
}

SCHEMAS: Final[JsonObject] = {**_CONVERSATION, **_REQUESTS, **_EMBEDDINGS, **_ANSWERS}
