"""`/openapi.json` of the admin port, made from the table of views."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

import orjson

from gearshift.admin.context import SPANS
from gearshift.admin.views import ACTIONS, VIEWS, Action, View
from gearshift.types import JsonObject

_OBJECT: JsonObject = {"type": "object", "additionalProperties": True}
_OTHERS = {
    "/health/live": ("Whether the process is alive", "application/json"),
    "/health/ready": ("Whether every tier can answer", "application/json"),
    "/metrics": ("Prometheus metrics", "text/plain"),
    "/openapi.json": ("This document", "application/json"),
}


@cache
def document() -> bytes:
    """The document as JSON."""
    paths: dict[str, JsonObject] = {}
    for view in VIEWS:
        paths.setdefault(view.path, {})["get"] = _read(view)
    for action in ACTIONS:
        paths.setdefault(action.path, {})["post"] = _act(action)
    for path, (summary, kind) in _OTHERS.items():
        paths[path] = {"get": {"summary": summary, "responses": {"200": _answer(kind)}}}
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "gearshift admin", "version": version("gearshift")},
            "security": [{}, {"bearer": []}, {"basic": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "basic": {"type": "http", "scheme": "basic"},
                },
                "schemas": {"Error": _error()},
            },
        }
    )


def _read(view: View) -> JsonObject:
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": name == "id",
            "schema": {"type": "string", "enum": list(SPANS)}
            if name == "since"
            else {"type": "string"},
        }
        for name in view.asked
    ]
    return {"summary": view.summary, "parameters": parameters, "responses": _responses()}


def _act(action: Action) -> JsonObject:
    schema = {**_OBJECT, "properties": {name: {} for name in action.takes}}
    return {
        "summary": action.summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": _responses(),
    }


def _responses() -> JsonObject:
    wrong = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "200": _answer("application/json"),
        "4XX": {"description": "Refused, with the reason", "content": wrong},
        "503": {"description": "The decision log is off or unavailable", "content": wrong},
    }


def _answer(kind: str) -> JsonObject:
    schema = _OBJECT if kind == "application/json" else {"type": "string"}
    return {"description": "The answer", "content": {kind: {"schema": schema}}}


def _error() -> JsonObject:
    properties = {name: {"type": ["string", "null"]} for name in ("message", "field", "code")}
    return {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "object", "properties": properties}},
    }
