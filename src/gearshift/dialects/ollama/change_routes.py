"""Ollama's routes that change which models there are, with their schemas."""

from __future__ import annotations

from typing import Final

from gearshift.dialects.client_api import UPSTREAM_STATUSES, ClientRoute, Entry
from gearshift.dialects.schema import (
    COUNT,
    MAYBE_FLAG,
    MAYBE_OBJECT,
    MAYBE_TEXT,
    NAME,
    TEXT,
    object_of,
    or_null,
    ref,
)
from gearshift.types import JsonObject

_ENDPOINTS: Final = "gearshift.gateway.endpoints"
_JSON: Final = "application/json"
_STREAM: Final[JsonObject] = {
    **MAYBE_FLAG,
    "description": "`false` to be told only the end; otherwise a line for each step.",
}
# The older name of the field is taken where the newer one is missing.
_NAMED: Final[JsonObject] = {
    "anyOf": [
        {"required": ["model"], "properties": {"model": NAME}},
        {
            "required": ["name"],
            "properties": {"model": {"enum": ["", None]}, "name": NAME},
        },
    ]
}


def _about_model(**more: JsonObject) -> JsonObject:
    return {**object_of(model=MAYBE_TEXT, name=MAYBE_TEXT, **more), **_NAMED}


CHANGE_SCHEMAS: Final[JsonObject] = {
    "OllamaTransfer": _about_model(stream=_STREAM, insecure=MAYBE_FLAG),
    "OllamaCreation": _about_model(
        stream=_STREAM,
        **{"from": MAYBE_TEXT},
        files=MAYBE_OBJECT,
        adapters=MAYBE_OBJECT,
        template=MAYBE_TEXT,
        license=or_null("string", "array", items=TEXT),
        system=MAYBE_TEXT,
        parameters=MAYBE_OBJECT,
        messages=or_null("array", items={"type": "object"}),
        quantize=MAYBE_TEXT,
    ),
    "OllamaCopy": object_of(("source", "destination"), source=NAME, destination=NAME),
    "OllamaDeletion": _about_model(),
    "OllamaProgress": object_of(status=TEXT, digest=TEXT, total=COUNT, completed=COUNT, error=TEXT),
}


def _change(
    method: str, name: str, summary: str, body: str, answer: JsonObject | None = None
) -> ClientRoute:
    entry = Entry(summary, answer or {}, body, UPSTREAM_STATUSES)
    function = f"{_ENDPOINTS}.model_changes:{name}"
    return ClientRoute(method, f"/api/{name}", function, entry, changes_models=True)


_PROGRESS: Final[JsonObject] = {
    _JSON: ref("OllamaProgress"),
    "application/x-ndjson": TEXT,
}
_DIGEST: Final = (
    "digest",
    "The SHA-256 of the file, as `sha256:` and 64 hex digits.",
    {"type": "string", "pattern": "^sha256[:-][0-9a-fA-F]{64}$"},
)
_FILE: Final = "/api/blobs/*"

CHANGE_ROUTES: Final = (
    _change("POST", "pull", "Download a model from a registry", "OllamaTransfer", _PROGRESS),
    _change("POST", "push", "Upload a model to a registry", "OllamaTransfer", _PROGRESS),
    _change("POST", "create", "Make a model", "OllamaCreation", _PROGRESS),
    _change("POST", "copy", "Give a model a second name", "OllamaCopy"),
    _change("DELETE", "delete", "Remove a model", "OllamaDeletion"),
    ClientRoute(
        "HEAD",
        _FILE,
        f"{_ENDPOINTS}.blobs:exists",
        Entry(
            "Whether a file is there that models can be made of",
            {},
            statuses=UPSTREAM_STATUSES,
            names=_DIGEST,
        ),
        changes_models=True,
    ),
    ClientRoute(
        "POST",
        _FILE,
        f"{_ENDPOINTS}.blobs:take",
        Entry(
            "Upload a file that models can be made of; it may be of any size",
            {},
            statuses=UPSTREAM_STATUSES,
            status=201,
            also={200: "The file was there already"},
            takes_file=True,
            names=_DIGEST,
        ),
        changes_models=True,
        streams_body=True,
    ),
)
"""In the order of Ollama's documentation."""
