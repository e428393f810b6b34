"""Ollama's API as the data plane has it."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.client_api import (
    UPSTREAM_STATUSES,
    ClientApi,
    ClientRoute,
    Entry,
    model_answer,
)
from gearshift.dialects.ollama.change_routes import CHANGE_ROUTES, CHANGE_SCHEMAS
from gearshift.dialects.ollama.schemas import SCHEMAS
from gearshift.dialects.schema import TEXT, ref
from gearshift.types import Operation

_JSON: Final = "application/json"
_LINES: Final = ("application/x-ndjson", TEXT)
_ENDPOINTS: Final = "gearshift.gateway.endpoints"

API: Final = ClientApi(
    routes=(
        ClientRoute(
            "POST",
            "/api/chat",
            Operation.CHAT,
            model_answer(
                "Answer a chat",
                "OllamaChatRequest",
                ref("OllamaChatAnswer"),
                _LINES,
                takes_load=True,
            ),
        ),
        ClientRoute(
            "POST",
            "/api/generate",
            Operation.COMPLETION,
            model_answer(
                "Answer a prompt",
                "OllamaGenerateRequest",
                ref("OllamaGenerateAnswer"),
                _LINES,
                takes_load=True,
            ),
        ),
        ClientRoute(
            "POST",
            "/api/embed",
            Operation.EMBEDDING,
            Entry(
                "Turn texts into vectors",
                {_JSON: ref("OllamaEmbedAnswer")},
                "OllamaEmbedRequest",
                UPSTREAM_STATUSES,
                is_routed=True,
                takes_load=True,
            ),
        ),
        ClientRoute(
            "POST",
            "/api/embeddings",
            Operation.PROMPT_EMBEDDING,
            Entry(
                "Turn one text into a vector, as older clients ask for it",
                {_JSON: ref("OllamaEmbeddingsAnswer")},
                "OllamaEmbeddingsRequest",
                UPSTREAM_STATUSES,
                is_routed=True,
                takes_load=True,
            ),
        ),
        ClientRoute(
            "POST",
            "/api/show",
            f"{_ENDPOINTS}.show:show",
            Entry(
                "Describe a model and its capabilities",
                {_JSON: ref("OllamaModel")},
                "OllamaShowRequest",
                UPSTREAM_STATUSES,
            ),
        ),
        ClientRoute(
            "GET",
            "/api/tags",
            f"{_ENDPOINTS}.ollama:tags",
            Entry("List the models", {_JSON: ref("OllamaModels")}),
        ),
        ClientRoute(
            "GET",
            "/api/ps",
            f"{_ENDPOINTS}.running:running",
            Entry("List the models in memory", {_JSON: ref("OllamaRunningModels")}),
        ),
        ClientRoute(
            "GET",
            "/api/version",
            f"{_ENDPOINTS}.ollama:version",
            Entry("The version of Ollama's API", {_JSON: ref("OllamaVersion")}),
        ),
        ClientRoute(
            "GET",
            "/",
            f"{_ENDPOINTS}.ollama:root",
            Entry("The liveness text that Ollama's clients look for", {"text/plain": TEXT}),
            is_open=True,
        ),
        *CHANGE_ROUTES,
    ),
    error_schema="OllamaError",
    schemas={**SCHEMAS, **CHANGE_SCHEMAS},
    prefixes=("/api/",),
    models_path="/api/tags",
    load=f"{_ENDPOINTS}.ollama:load",
)
