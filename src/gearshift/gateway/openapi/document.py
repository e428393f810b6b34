"""`/openapi.json`: the data plane's own description, made from its list of routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

import orjson

from gearshift.gateway.openapi.responses import (
    ERROR_SCHEMAS,
    ERRORS,
    UPSTREAM_STATUSES,
    WIRE_STATUSES,
    decision_headers,
    error_responses,
)
from gearshift.gateway.openapi.schemas import SCHEMAS, ref
from gearshift.gateway.routing import Route
from gearshift.http.values import HttpResponse
from gearshift.types import JsonObject

_JSON: Final = "application/json"
_TEXT: Final = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the document says of one path, beside its errors.

    Attributes:
        summary: What it does.
        answer: Content type → schema of the answer.
        body: Name of the schema of the request's body.
        statuses: Errors of its own, beside those of every request.
        is_routed: Whether its answers carry the decision in headers.
        status: Of the answer.
        takes_load: Ollama's chat and generate: what only loads a model is not routed.
    """

    summary: str
    answer: JsonObject
    body: str = ""
    statuses: tuple[int, ...] = ()
    is_routed: bool = False
    takes_load: bool = False
    status: int = 200


def _chat(summary: str, body: str, answer: str, stream: str) -> Entry:
    content = {_JSON: ref(answer), stream: ref("StreamEvent") if stream == _SSE else _TEXT}
    is_ollama = body.startswith("Ollama")
    return Entry(summary, content, body, UPSTREAM_STATUSES, is_routed=True, takes_load=is_ollama)


_READY: Final = Entry("Whether every tier can answer", {_JSON: ref("Readiness")})
_LIVE: Final = Entry("Whether the process answers", {_JSON: ref("Live")})
_SSE, _NDJSON = "text/event-stream", "application/x-ndjson"

ENTRIES: Final[dict[tuple[str, str], Entry]] = {
    ("POST", "/v1/chat/completions"): _chat(
        "Answer a chat", "ChatCompletionRequest", "ChatCompletion", _SSE
    ),
    ("POST", "/v1/completions"): _chat("Continue a text", "CompletionRequest", "Completion", _SSE),
    ("GET", "/v1/models"): Entry("Every name that `model` may have", {_JSON: ref("ModelList")}),
    ("GET", "/v1/models/*"): Entry("One of them", {_JSON: ref("ModelEntry")}, statuses=(404,)),
    ("POST", "/v1/route"): Entry(
        "The decision for a chat; nothing is sent upstream",
        {_JSON: ref("Decision")},
        "ChatCompletionRequest",
        (404,),
        is_routed=True,
    ),
    ("POST", "/v1/feedback"): Entry(
        "Say whether an answer was good",
        {_JSON: ref("Feedback")},
        "Feedback",
        (404, 503),
        status=202,
    ),
    ("POST", "/api/chat"): _chat("Answer a chat", "OllamaChatRequest", "OllamaChatAnswer", _NDJSON),
    ("POST", "/api/generate"): _chat(
        "Answer a prompt", "OllamaGenerateRequest", "OllamaGenerateAnswer", _NDJSON
    ),
    ("POST", "/api/show"): Entry(
        "What a model is and can do",
        {_JSON: ref("OllamaModel")},
        "OllamaShowRequest",
        UPSTREAM_STATUSES,
    ),
    ("GET", "/api/tags"): Entry("The models there are", {_JSON: ref("OllamaModels")}),
    ("GET", "/api/ps"): Entry("The models in memory", {_JSON: ref("OllamaModels")}),
    ("GET", "/api/version"): Entry("The version of Ollama's API", {_JSON: ref("OllamaVersion")}),
    ("GET", "/"): Entry("What Ollama's clients look for first", {"text/plain": _TEXT}),
    ("GET", "/health/live"): _LIVE,
    ("GET", "/health/liveliness"): _LIVE,
    ("GET", "/health/ready"): _READY,
    ("GET", "/health/readiness"): _READY,
    ("GET", "/metrics"): Entry("Metrics for Prometheus", {"text/plain": _TEXT}),
    ("GET", "/openapi.json"): Entry("This document", {_JSON: {"type": "object"}}),
}
"""One for each route; OpenAI's paths without `/v1` share the entry of the path with it."""


def response(routes: tuple[Route, ...]) -> HttpResponse:
    """The document of `routes`; made when first asked for."""
    return HttpResponse(200, {"content-type": _JSON}, _document(routes))


@cache
def _document(routes: tuple[Route, ...]) -> bytes:
    return orjson.dumps(describe(routes))


def describe(routes: Sequence[Route]) -> JsonObject:
    """The OpenAPI document of `routes`.

    Raises:
        KeyError: A route has no entry.
    """
    paths: dict[str, JsonObject] = {}
    for route in routes:
        path = route.path.replace("*", "{model}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gearshift",
            "version": version("gearshift"),
            "description": "Routes each LLM request to the smallest model that can answer it. "
            "GET may be replaced by HEAD. A method that a path does not have is answered with "
            "405, an unknown path with 404. Error codes in messages are for people; rely on "
            "the status.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**SCHEMAS, **ERROR_SCHEMAS},
            "responses": ERRORS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "azure": {"type": "apiKey", "in": "header", "name": "api-key"},
            },
        },
    }


def _operation(route: Route) -> JsonObject:
    entry = _entry_of(route)
    statuses = {*WIRE_STATUSES, *entry.statuses}
    if not route.is_open:
        statuses |= {401, 429}
    operation: JsonObject = {
        "operationId": _identifier(route),
        "summary": entry.summary,
        "tags": [route.dialect],
        "parameters": _parameters(route, entry),
        "responses": {
            **_answered(entry),
            **error_responses(route.dialect, statuses, may_be_passed_on=502 in statuses),
        },
    }
    if not route.is_open:  # `{}`: no key is needed where none is configured
        operation["security"] = [{}, {"bearer": []}, {"key": []}, {"azure": []}]
    if entry.body:
        content = {_JSON: {"schema": ref(entry.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _entry_of(route: Route) -> Entry:
    with_version = (route.method, f"/v1{route.path}")
    return ENTRIES.get((route.method, route.path)) or ENTRIES[with_version]


def _identifier(route: Route) -> str:
    words = route.path.replace("*", "one").replace(".", "/").split("/")
    return "_".join((route.method.lower(), *filter(None, words)))


def _parameters(route: Route, entry: Entry) -> list[JsonObject]:
    parameters: list[JsonObject] = []
    if route.path.endswith("*"):
        said = "A name from the list of models; it may hold slashes and colons."
        parameters.append(
            {
                "name": "model",
                "in": "path",
                "required": True,
                "description": said,
                "schema": {"type": "string", "minLength": 1},
            }
        )
    if entry.is_routed:
        parameters += [
            _header("x-gearshift-tier", "Forces a tier; an unknown one is a 400."),
            _header("x-session-id", "Names the conversation; noted in the decision."),
            _header("traceparent", "Passed on to the upstream."),
        ]
    return parameters


def _header(name: str, said: str) -> JsonObject:
    return {"name": name, "in": "header", "description": said, "schema": _TEXT}


def _answered(entry: Entry) -> JsonObject:
    answer: JsonObject = {
        "description": entry.summary,
        "content": {kind: {"schema": schema} for kind, schema in entry.answer.items()},
    }
    if entry.is_routed:
        answer["headers"] = decision_headers(are_certain=not entry.takes_load)
    answers: JsonObject = {str(entry.status): answer}
    if entry is _READY:
        answers["503"] = {**answer, "description": "Some tier cannot answer"}
    return answers
