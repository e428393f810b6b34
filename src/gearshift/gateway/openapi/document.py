"""`/openapi.json`: the data plane's own description, made from its list of routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

import orjson

from gearshift.dialects.base import ClientDialect
from gearshift.dialects.client_api import Entry
from gearshift.dialects.schema import TEXT, ref
from gearshift.errors import PluginError
from gearshift.gateway.openapi.responses import (
    WIRE_STATUSES,
    decision_headers,
    error_responses,
    errors_in_either,
    errors_of,
)
from gearshift.gateway.openapi.schemas import SCHEMAS
from gearshift.gateway.routing import Route
from gearshift.http.values import HttpResponse
from gearshift.types import JsonObject

_JSON: Final = "application/json"


def response(routes: Sequence[Route], dialects: Mapping[str, ClientDialect]) -> HttpResponse:
    """The document of `routes`."""
    return HttpResponse(200, {"content-type": _JSON}, orjson.dumps(describe(routes, dialects)))


def describe(routes: Sequence[Route], dialects: Mapping[str, ClientDialect]) -> JsonObject:
    """The OpenAPI document of `routes`, in which errors are told in `dialects`."""
    paths: dict[str, JsonObject] = {}
    for route in routes:
        path = route.path.replace("*", f"{{{route.entry.names[0]}}}")
        operation = _operation(route, dialects[route.dialect])
        if (other := dialects.get(route.entry.also_speaks)) is not None:
            operation["responses"] |= errors_in_either(dialects[route.dialect], other)
        paths.setdefault(path, {})[route.method.lower()] = operation
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
            "schemas": schemas(dialects),
            "responses": errors_of(dialects),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "azure": {"type": "apiKey", "in": "header", "name": "api-key"},
            },
        },
    }


def schemas(dialects: Mapping[str, ClientDialect]) -> JsonObject:
    """All that the document refers to, by name.

    Raises:
        PluginError: Two have the same name and are not the same.
    """
    every: JsonObject = dict(SCHEMAS)
    for dialect in dialects.values():
        for name, schema in dialect.api.schemas.items():
            if every.setdefault(name, schema) != schema:
                raise PluginError(
                    f"dialect {dialect.name!r}: another schema is already called {name!r}"
                )
    return every


def _operation(route: Route, dialect: ClientDialect) -> JsonObject:
    entry = route.entry
    statuses = {*WIRE_STATUSES, *entry.statuses}
    statuses |= dialect.api.statuses.keys()
    if not route.is_open:
        statuses |= {401, 429}
    operation: JsonObject = {
        "operationId": _identifier(route),
        "summary": entry.summary,
        "tags": [dialect.name],
        "parameters": _parameters(route, entry),
        "responses": {
            str(entry.status): _answer(entry),
            **error_responses(dialect.name, statuses, may_be_forwarded=502 in statuses),
            **_also(entry, dialect.api.error_schema),
        },
    }
    if not route.is_open:  # `{}`: no key is needed where none is configured
        operation["security"] = [{}, {"bearer": []}, {"key": []}, {"azure": []}]
    if entry.body:
        content = {_JSON: {"schema": ref(entry.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    if entry.takes_file:
        operation["requestBody"] = {"content": {"application/octet-stream": {}}}
    return operation


def _identifier(route: Route) -> str:
    words = route.path.replace("*", "one").replace(".", "/").split("/")
    return "_".join((route.method.lower(), *filter(None, words)))


def _parameters(route: Route, entry: Entry) -> list[JsonObject]:
    parameters: list[JsonObject] = []
    if route.path.endswith("*"):
        name, description, schema = entry.names
        parameters.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": description,
                "schema": schema,
            }
        )
    parameters += entry.parameters
    if route.changes_models:
        parameters.append(
            _header("x-gearshift-upstream", "Names the upstream whose models are meant.")
        )
    if entry.is_routed:
        parameters += [
            _header("x-gearshift-tier", "Forces a tier; an unknown one is a 400."),
            _header("x-session-id", "Identifies the conversation; recorded in the decision."),
            _header("traceparent", "Forwarded to the upstream."),
        ]
    return parameters


def _header(name: str, description: str) -> JsonObject:
    return {"name": name, "in": "header", "description": description, "schema": TEXT}


def _answer(entry: Entry) -> JsonObject:
    answer: JsonObject = {
        "description": entry.summary,
        "content": {kind: {"schema": schema} for kind, schema in entry.answer.items()},
    }
    if entry.is_routed:
        answer["headers"] = decision_headers(are_certain=not entry.takes_load)
    return answer


def _also(entry: Entry, error_schema: str) -> JsonObject:
    """The answer with its other statuses, which errors may have too."""
    content = {
        kind: {"schema": {"anyOf": [schema, ref(error_schema)]}}
        for kind, schema in entry.answer.items()
    }
    return {
        str(s): {"description": description, "content": content}
        for s, description in entry.also.items()
    }
