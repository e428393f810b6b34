"""The key of an answer: a hash of everything that changes it, in no dialect's words.

What the dialects say alike (conversation, sampling, format) is written in one canonical form, so
that clients of all of them share answers. Whatever else a body says (`specifics` of its dialect)
is part of the key as it is: a field that nobody here knows may well change the answer. Then only
clients of the same dialect that want the same form, stream or whole, share answers, since such a
field may also ask for something in the answer that other dialects cannot say.

Left out is only what cannot change an answer: how it is delivered (`stream`, `stream_options`),
how long a model stays loaded (`keep_alive`), and some headers, named below.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gearshift.types import ChatRequest, EmbeddingRequest, Json, JsonObject

_VERSION: Final = 1
"""To be raised whenever the canonical form, or what is recorded, changes."""

_EXTRA_HEADERS: Final = frozenset(
    {
        *("accept", "accept-encoding", "cache-control", "pragma", "user-agent", "dnt", "priority"),
        *("traceparent", "tracestate", "baggage", "b3", "x-request-id", "x-correlation-id"),
        *("request-id", "idempotency-key", "x-idempotency-key"),
        *("x-session-id", "x-conversation-id", "x-claude-code-session-id", "x-model-affinity"),
        *("session-id", "session_id"),
    }
)
"""Headers that trace, count or identify a request; those of no other name are left out."""
_EXTRA_PREFIXES: Final = ("x-stainless-", "x-b3-")
_ONLY_VALUES: Final = {"anthropic-version": "2023-06-01"}
"""What every client of a dialect sends, though those of others do not."""

# What every engine does where nothing is said. Not among them is what a model's own file may set,
# such as the temperature or penalties: there, saying nothing is not the same as saying 0.
_DEFAULTS: Final[Mapping[str, Json]] = {
    "n": 1,
    "logprobs": False,
    "top_logprobs": 0,
    "tools": [],
    "logit_bias": {},
    "response_format": {"type": "text"},
    "suffix": "",
}


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """Who would answer, as far as it changes answers.

    Attributes:
        upstream: What tells its server from others: kind, address, headers, account.
        model: As the upstream spells it.
        digest: Of the model's weights, where the upstream tells it.
    """

    upstream: str
    model: str
    digest: str = ""


def answer_key(request: ChatRequest, by: AnsweredBy, specifics: Mapping[str, Any]) -> str | None:
    """The key of the answer that `by` would give.

    Args:
        request: What is asked; nothing of it is changed.
        by: Whom.
        specifics: What its body says beyond its `messages` and `options`.

    Returns:
        Letters, digits and `:`; `None` where the request cannot be written down.
    """
    try:
        text = orjson.dumps(_asked(request, by, specifics), option=orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError):  # a Python caller's own objects, or nested too deep
        return None
    return "answer:" + hashlib.blake2b(text, digest_size=32).hexdigest()


def vector_keys(
    request: EmbeddingRequest, by: AnsweredBy, specifics: Mapping[str, Any]
) -> list[str] | None:
    """The key of each input's vector, in their order, whatever form the vectors shall have.

    Args:
        request: What is asked; nothing of it is changed.
        by: Whom.
        specifics: What its body says beyond inputs, `dimensions` and the form of the vectors.

    Returns:
        Letters, digits and `:`; `None` where the request cannot be written down.
    """
    own = {name: value for name, value in specifics.items() if value is not None}
    asked = [
        _VERSION,
        request.cache_scope,
        [by.upstream, by.model, by.digest],
        [request.operation.value, request.dimensions],
        [request.dialect, own] if own else None,
        _headers(request),
    ]
    try:
        base = hashlib.blake2b(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS), digest_size=32)
        return [_vector_key(base, one) for one in request.inputs]
    except (TypeError, RecursionError):
        return None


def _vector_key(base: hashlib.blake2b, one: str | Sequence[int]) -> str:
    named = base.copy()
    named.update(orjson.dumps(one if isinstance(one, str) else [*map(int, one)]))
    return "vector:" + named.hexdigest()


def _asked(request: ChatRequest, by: AnsweredBy, specifics: Mapping[str, Any]) -> list[Json]:
    options = _options(request.options)
    own = {name: value for name, value in specifics.items() if value is not None}
    has_own_form = bool(own) or "n" in options or "logprobs" in options
    return [
        _VERSION,
        request.cache_scope,
        [by.upstream, by.model, by.digest],
        [request.operation.value, request.is_templated],
        [_without_none(message) for message in request.messages],
        options,
        [request.dialect, request.stream, own] if has_own_form else None,
        _headers(request),
    ]


def _options(given: Mapping[str, Json]) -> JsonObject:
    options = {name: _number(value) for name, value in given.items() if value is not None}
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    if isinstance(options.get("response_format"), dict):
        options["response_format"] = _in_its_order(options["response_format"])
    # Offered tools may be called, and without any there is nothing to be chosen.
    if options.get("tool_choice") == ("auto" if options.get("tools") else "none"):
        del options["tool_choice"]
    return {name: value for name, value in options.items() if not _is_default(name, value)}


def _is_default(name: str, value: Json) -> bool:
    # Python takes False for 0, and completions have a `logprobs: 0` that asks for something.
    return name in _DEFAULTS and type(value) is type(_DEFAULTS[name]) and value == _DEFAULTS[name]


def _number(value: Json) -> Json:
    """JSON knows one kind of number: 0.0, -0.0 and 0 are the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _in_its_order(schema: Json) -> Json:
    """A schema whose properties keep their order, since that is the order they are answered in."""
    if isinstance(schema, list):
        return [_in_its_order(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: [[key, _in_its_order(item)] for key, item in value.items()]
        if name == "properties" and isinstance(value, dict)
        else _in_its_order(value)
        for name, value in schema.items()
    }


def _without_none(message: Mapping[str, Json]) -> JsonObject:
    return {name: value for name, value in message.items() if value is not None}


def _headers(request: ChatRequest) -> dict[str, str]:
    """Those that may change an answer."""
    return {name: value for name, value in request.headers.items() if not _is_extra(name, value)}


def _is_extra(name: str, value: str) -> bool:
    if name in _EXTRA_HEADERS or name.startswith(_EXTRA_PREFIXES):
        return True
    return _ONLY_VALUES.get(name) == value
