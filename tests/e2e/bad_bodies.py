"""Bodies that every route, or one of them, has to refuse, each with a word of what is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gearshift.dialects.loading import client_dialects
from gearshift.gateway.routes import all_routes
from gearshift.gateway.routing import Route

Table = Mapping[str, tuple[bytes, str]]
"""By what is wrong with it: a body, and a word of its error."""

DEEP: Final = 10_000
MANY: Final = 200_000


def body(**fields: object) -> bytes:
    """A body that is fine but for these fields; no route minds those of others."""
    return json.dumps({"model": "auto", "stream": False, "max_tokens": 9, **fields}).encode()


def _said(content: object) -> bytes:
    return body(messages=[{"role": "user", "content": content}])


OF_ANY: Final[Table] = {
    "empty body": (b"", "body"),
    "not json": (b'{"messages": [', "JSON"),
    "not utf-8": (b'\xff\xfe{"messages": []}', "JSON"),
    "no object": (b"[1, 2]", "object"),
    "a text": (b'"hello"', "object"),
    "null": (b"null", "object"),
    "deep nesting": (b'{"messages":' + b"[" * DEEP + b"]" * DEEP + b"}", "JSON"),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "JSON"),
    "too many values": (b'{"messages":[' + b"[]," * MANY + b"[]]}", "values"),
    "a form": (b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nauto', "JSON"),
}
_OF_MODELS: Final[Table] = {
    "model a number": (b'{"model": 7, "messages": []}', "'model'"),
    "model a list": (b'{"model": ["auto"], "messages": []}', "'model'"),
}
_OF_STREAMS: Final[Table] = {"stream a word": (b'{"stream": "yes"}', "'stream'")}
_OF_ANSWERS: Final[Table] = {**_OF_MODELS, **_OF_STREAMS}
_OF_TURNS: Final[Table] = {
    "no messages": (body(), "'messages'"),
    "messages a string": (body(messages="hello"), "'messages'"),
    "messages of strings": (body(messages=["hello"]), "'messages.0'"),
    "number as role": (body(messages=[{"role": 7, "content": "a"}]), "'messages.0.role'"),
    "number as content": (_said(7), "'messages.0.content'"),
    "tools a string": (body(messages=[{"role": "user", "content": "a"}], tools="f"), "'tools'"),
    "nobody's model": (
        body(messages=[{"role": "user", "content": "a"}], model="nobody"),
        "not found",
    ),
}
_OF_STRICT_TURNS: Final[Table] = {
    "no role": (body(messages=[{"content": "a"}]), "'messages.0.role'"),
    "unknown role": (body(messages=[{"role": "king", "content": "a"}]), "'messages.0.role'"),
    "null content": (_said(None), "'messages.0.content'"),
    "no turns": (body(messages=[]), "'messages'"),
}
_CHAT: Final[Table] = {**_OF_ANSWERS, **_OF_TURNS}
_OF_PROMPTS: Final[Table] = {
    "number as prompt": (body(prompt=7), "'prompt'"),
    "object as prompt": (body(prompt={"text": "a"}), "'prompt'"),
    "number as suffix": (body(prompt="a", suffix=7), "'suffix'"),
    "nobody's model": (body(prompt="a", model="nobody"), "not found"),
}
_OF_TEXTS: Final[Table] = {
    **_OF_MODELS,
    "a number": (b'{"input": 7, "prompt": 7}', "must be"),
    "an object": (b'{"input": {"text": "a"}, "prompt": {}}', "must be"),
    "texts and numbers": (b'{"input": ["a", 7], "prompt": ["a"]}', "must be"),
    "nobody's model": (b'{"model": "nobody", "input": "a", "prompt": "a"}', "not found"),
    "a tier": (b'{"model": "simple", "input": "a", "prompt": "a"}', "tier"),
    "no model set": (b'{"input": "a", "prompt": "a"}', "embeddings.model"),
}
_OF_ITEMS: Final[Table] = {
    **_OF_MODELS,
    "a number": (b'{"input": 7}', "'input'"),
    "items of numbers": (b'{"input": [7]}', "'input.0'"),
    "no items": (b'{"input": []}', "'input'"),
    "an unknown item": (b'{"input": [{"type": "telepathy"}]}', "'input.0.type'"),
    "number as content": (b'{"input": [{"role": "user", "content": 7}]}', "'input.0.content'"),
    "a tool of a server": (b'{"input": "a", "tools": [{"type": "mcp"}]}', "'tools.0.type'"),
    "an earlier answer": (b'{"input": "a", "previous_response_id": "resp_1"}', "'input'"),
}
_OF_NAMES: Final[Table] = {
    **_OF_MODELS,
    "nothing named": (b"{}", "'model'"),
    "an empty name": (b'{"model": "", "name": ""}', "'model'"),
    "no name": (b'{"model": null, "name": ""}', "'model'"),
    "a number as name": (b'{"name": 7}', "'name'"),
}
_OF_TRANSFERS: Final[Table] = {
    **_OF_NAMES,
    "stream a word": (b'{"model": "a", "stream": "yes"}', "'stream'"),
    "insecure a word": (b'{"model": "a", "insecure": "yes"}', "'insecure'"),
}

OF_ONE: Final[Mapping[str, Table]] = {
    "/v1/chat/completions": {**_CHAT, **_OF_STRICT_TURNS},
    "/v1/route": {**_CHAT, **_OF_STRICT_TURNS},
    "/v1/completions": {
        **_OF_ANSWERS,
        **_OF_PROMPTS,
        "no prompt": (body(), "'prompt'"),
        "no prompts": (body(prompt=[]), "'prompt'"),
    },
    "/v1/embeddings": {
        **_OF_TEXTS,
        "nothing": (b"{}", "'input'"),
        "an empty text": (b'{"input": ""}', "'input"),
        "no dimensions": (b'{"input": "a", "dimensions": 0}', "'dimensions'"),
        "an unknown form": (b'{"input": "a", "encoding_format": "hex"}', "'encoding_format'"),
    },
    "/v1/responses": {
        **_OF_ITEMS,
        **_OF_STREAMS,
        "no input": (b"{}", "'input'"),
        "nobody's model": (b'{"model": "nobody", "input": "a"}', "not found"),
        "a deep tool": (
            b'{"input": "a", "tools": [{"type": "function", "name": "f", "parameters": {"a":'
            + b"[" * 260
            + b"]" * 260
            + b"}}]}",
            "JSON",
        ),
    },
    "/v1/responses/input_tokens": _OF_ITEMS,
    "/v1/messages": {
        **_CHAT,
        **_OF_STRICT_TURNS,
        "no limit": (b'{"messages": [{"role": "user", "content": "a"}]}', "'max_tokens'"),
        "a limit of nothing": (body(messages=[], max_tokens=0), "'max_tokens'"),
        "number as system": (body(messages=[], system=7), "'system'"),
    },
    "/v1/messages/count_tokens": {
        **{name: case for name, case in _CHAT.items() if name != "nobody's model"},
        **_OF_STRICT_TURNS,
    },
    "/api/chat": {name: case for name, case in _CHAT.items() if name != "no messages"},
    "/api/generate": {
        **_OF_ANSWERS,
        **_OF_PROMPTS,
        "options a list": (body(prompt="a", options=[]), "'options'"),
    },
    "/api/embed": {**_OF_TEXTS, "truncate a word": (b'{"truncate": "yes"}', "'truncate'")},
    "/api/embeddings": _OF_TEXTS,
    "/api/show": {**_OF_NAMES, "nobody's model": (b'{"model": "nobody"}', "not found")},
    "/api/pull": _OF_TRANSFERS,
    "/api/push": _OF_TRANSFERS,
    "/api/create": {
        **_OF_TRANSFERS,
        "files a list": (b'{"model": "a", "files": ["b"]}', "'files'"),
        "number as base": (b'{"model": "a", "from": 7}', "'from'"),
        "messages a string": (b'{"model": "a", "messages": "b"}', "'messages'"),
    },
    "/api/copy": {
        "nothing named": (b"{}", "'source'"),
        "no destination": (b'{"source": "a"}', "'destination'"),
        "number as source": (b'{"source": 7, "destination": "b"}', "'source'"),
    },
    "/api/delete": _OF_NAMES,
    "/v1/feedback": {
        "no decision": (b'{"verdict": "good"}', "decision_id"),
        "number as decision": (b'{"decision_id": 7, "verdict": "good"}', "decision_id"),
        "unknown verdict": (b'{"decision_id": "a", "verdict": "meh"}', "verdict"),
    },
}
"""By path."""


def routes() -> list[Route]:
    """Those that take JSON; of two paths for the same thing the one with `/v1`."""
    every = [route for route in all_routes(client_dialects()) if route.entry.body]
    paths = {route.path for route in every}
    return [route for route in every if f"/v1{route.path}" not in paths]


def error_of(dialect: str, answer: bytes) -> str:
    """The message of an error that has the shape of its dialect."""
    told = json.loads(answer)
    error = told["error"]
    if dialect == "ollama":
        assert isinstance(error, str)
        return error
    if dialect == "anthropic":
        assert told["type"] == "error"
        assert set(error) == {"type", "message"}
    else:
        assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str)
    return str(error["message"])
