"""OpenAI's embeddings: requests read and written, answers read and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from gearshift.dialects.base import NOTHING
from gearshift.dialects.body import TEXT, WHOLE, check_fields, encode, readable_object, refuse
from gearshift.dialects.numbers import count
from gearshift.dialects.splice import splice_model
from gearshift.dialects.vectors import (
    BASE64,
    FLOAT,
    as_base64,
    as_json,
    checked,
    decoded_answer,
    is_in_form,
    vector_in,
)
from gearshift.errors import UpstreamError
from gearshift.types import (
    Chunk,
    EmbeddingRequest,
    EmbeddingResponse,
    Frame,
    Json,
    JsonObject,
    Operation,
    Usage,
)

MAX_VALUES: Final = 400_000
"""Inputs and token ids of one request; OpenAI takes 300,000 tokens."""
_DIALECT: Final = "openai"
_ENCODING: Final = "encoding_format"
_SAID: Final = frozenset({"model", "input", "dimensions", _ENCODING})
_FORMS: Final = "a string, a list of strings, or token ids (a list of them, or of such lists)"
_REFUSES_FORM: Final = (_ENCODING, "encoding format", BASE64)
_REFUSING: Final = (400, 422)


class OpenAIEmbeddings:
    """`/v1/embeddings`, as OpenAI, llama.cpp, vLLM and most clients speak it.

    >>> OpenAIEmbeddings().parse(Operation.EMBEDDING, b'{"input":["a","b"]}').inputs
    ['a', 'b']
    """

    def parse(self, operation: Operation, raw: bytes) -> EmbeddingRequest:
        """The client's body as a request."""
        raw, body = readable_object(raw, MAX_VALUES)
        check_fields(body, {"model": TEXT, _ENCODING: TEXT, "dimensions": WHOLE, "user": TEXT})
        encoding = body.get(_ENCODING)
        if encoding not in (None, FLOAT, BASE64):
            raise refuse(_ENCODING, f"must be {FLOAT!r} or {BASE64!r}")
        dimensions = body.get("dimensions")
        if dimensions is not None and dimensions < 1:
            raise refuse("dimensions", "must be at least 1")
        return EmbeddingRequest(
            dialect=_DIALECT,
            operation=operation,
            model=body.get("model") or "auto",
            messages=(),
            body=body,
            raw=raw,
            inputs=_inputs(body),
            dimensions=None if dimensions is None else int(dimensions),
            encoding=encoding or "",
        )

    def specifics(self, request: EmbeddingRequest) -> JsonObject:
        """What else could change a vector: all that is not known to change none."""
        return {name: value for name, value in request.body.items() if name not in _SAID}

    def narrowed(
        self, request: EmbeddingRequest, inputs: Sequence[str | Sequence[int]]
    ) -> EmbeddingRequest:
        """The same request for some of its inputs."""
        body = {**request.body, "input": inputs}
        return replace(request, body=body, raw=encode(body), inputs=inputs)

    def encode_response(
        self,
        request: EmbeddingRequest,
        response: EmbeddingResponse,
        model: str,
        elapsed_seconds: float,
    ) -> bytes:
        """The body of an answer, in the form that the client wants."""
        written = as_base64 if request.encoding == BASE64 else as_json
        chunk = response.frame.chunk
        tokens = ((chunk and chunk.usage) or Usage()).prompt_tokens
        data = [
            {"object": "embedding", "index": index, "embedding": written(vector)}
            for index, vector in enumerate(response.vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return orjson.dumps({"object": "list", "data": data, "model": model, "usage": usage})

    def path(self, request: EmbeddingRequest) -> str:
        """The path below a base URL that ends in `/v1`."""
        return "/embeddings"

    def upstream_body(
        self, request: EmbeddingRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The client's own bytes but for `model`, or the request in OpenAI's words."""
        if request.dialect != _DIALECT:
            body: JsonObject = {"model": model, "input": request.inputs}
            if request.dimensions is not None:
                body["dimensions"] = request.dimensions
            return encode(body)
        if _ENCODING not in left_out or _ENCODING not in request.body:
            return splice_model(request.raw, model)
        kept = {name: value for name, value in request.body.items() if name != _ENCODING}
        return encode({**kept, "model": model})

    def decode_response(self, request: EmbeddingRequest, raw: bytes) -> EmbeddingResponse:
        """A response's body as an answer; the vectors stand in the order of the inputs."""
        data, lists = decoded_answer(raw)
        vectors = checked(request, [vector_in(v, lists) for v in _in_order(data.get("data"))])
        model = data.get("model")
        chunk = Chunk(usage=_usage(data), model=model if isinstance(model, str) else None)
        is_own = request.dialect == _DIALECT
        is_other = is_own and not is_in_form(vectors, request.encoding)
        return EmbeddingResponse(Frame(raw, chunk, is_end=True, is_other_shape=is_other), vectors)

    def refused(self, request: EmbeddingRequest, error: UpstreamError) -> frozenset[str]:
        """The form of the vectors, where a server has only one: the other is made of it here."""
        if request.dialect != _DIALECT or not request.encoding or error.status not in _REFUSING:
            return NOTHING
        message = error.message.lower()
        is_of_form = any(word in message for word in _REFUSES_FORM)
        return frozenset({_ENCODING}) if is_of_form else NOTHING


def _inputs(body: JsonObject) -> Sequence[str | Sequence[int]]:
    """What is to be embedded; none of it may be empty, as in OpenAI's API."""
    given = body.get("input")
    if given is None:
        raise refuse("input", f"is missing; it must be {_FORMS}")
    if not isinstance(given, str | list):
        raise refuse("input", f"must be {_FORMS}")
    if not given:
        raise refuse("input", "must not be empty")
    if isinstance(given, str) or _is_tokens(given):
        return [given]
    kind = type(given[0])
    for index, item in enumerate(given):
        if type(item) is not kind or not (kind is str or _is_tokens(item)) or not item:
            raise refuse(f"input.{index}", _problem(item))
    return given


def _problem(item: Json) -> str:
    return "must not be empty" if item in ("", []) else f"does not fit: 'input' must be {_FORMS}"


def _is_tokens(value: Json) -> bool:
    """Whether it is a list of token ids, of which there may be very many."""
    if not isinstance(value, list) or not value:
        return False
    kinds = set(map(type, value))  # 64.0 is a whole number, too
    return kinds == {int} or (kinds <= {int, float} and all(float(v).is_integer() for v in value))


def _in_order(entries: Json) -> list[Json]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("the answer has no 'data' with vectors")
    indices = [entry.get("index") for entry in entries]
    if set(map(type, indices)) == {int} and len(set(indices)) == len(indices):
        entries = sorted(entries, key=lambda entry: int(entry["index"]))
    return [entry.get("embedding") for entry in entries]


def _usage(data: JsonObject) -> Usage | None:
    usage = data.get("usage")
    if not isinstance(usage, dict):
        return None
    return Usage(count(usage.get("prompt_tokens")) or count(usage.get("total_tokens")))
