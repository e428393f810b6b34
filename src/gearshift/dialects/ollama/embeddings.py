"""Ollama's embeddings, of `/api/embed` and the older `/api/embeddings`: read and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from gearshift.dialects.base import NOTHING
from gearshift.dialects.body import (
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    WHOLE,
    Rule,
    check_fields,
    either,
    encode,
    readable_object,
)
from gearshift.dialects.numbers import count, seconds
from gearshift.dialects.ollama.messages import unable
from gearshift.dialects.ollama.names import has_plain_names, with_plain_names
from gearshift.dialects.splice import splice_model
from gearshift.dialects.vectors import as_json, checked, decoded_answer, vector_in
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

_DIALECT: Final = "ollama"
_NANOSECONDS: Final = 1_000_000_000
_RULES: Final[dict[str, Rule]] = {
    "model": TEXT,
    "input": either(TEXT, TEXTS),
    "prompt": TEXT,
    "truncate": FLAG,
    "dimensions": WHOLE,
    "options": OBJECT,
    "keep_alive": either(TEXT, NUMBER),
}
# What a client of another dialect may say in Ollama's own words.
_SAID: Final = frozenset({"model", "input", "prompt", "dimensions", "keep_alive"})
_OWN_FIELDS: Final = ("truncate", "keep_alive")


class OllamaEmbeddings:
    """Both of Ollama's ways to ask: texts and their vectors, or one text and its own.

    >>> OllamaEmbeddings().parse(Operation.PROMPT_EMBEDDING, b'{"prompt":"a"}').inputs
    ['a']
    """

    def parse(self, operation: Operation, raw: bytes) -> EmbeddingRequest:
        """The client's body as a request; without input it asks to load or unload a model."""
        raw, body = readable_object(raw)
        if not has_plain_names(body):
            body = with_plain_names(body)
            raw = encode(body)
        check_fields(body, _RULES)
        inputs = _texts(body.get("input" if operation is Operation.EMBEDDING else "prompt"))
        dimensions = int(body.get("dimensions") or 0)
        return EmbeddingRequest(
            dialect=_DIALECT,
            operation=operation,
            model=body.get("model") or "auto",
            messages=(),
            body=body,
            raw=raw,
            inputs=inputs,
            # Of the older way it is no field, and below 1 it says nothing.
            dimensions=dimensions if dimensions > 0 and operation is Operation.EMBEDDING else None,
            loads_model=not inputs,
        )

    def specifics(self, request: EmbeddingRequest) -> JsonObject:
        """What else could change a vector; not what Ollama does where nothing is said."""
        said = {name: value for name, value in request.body.items() if name not in _SAID}
        return {name: value for name, value in said.items() if not _is_default(name, value)}

    def narrowed(
        self, request: EmbeddingRequest, inputs: Sequence[str | Sequence[int]]
    ) -> EmbeddingRequest:
        """The same request for some of its inputs; of the older way there is only one."""
        body = {**request.body, "input": inputs}
        return replace(request, body=body, raw=encode(body), inputs=inputs)

    def encode_response(
        self,
        request: EmbeddingRequest,
        response: EmbeddingResponse,
        model: str,
        elapsed_seconds: float,
    ) -> bytes:
        """The body of an answer."""
        if request.operation is Operation.PROMPT_EMBEDDING:
            return orjson.dumps({"embedding": as_json(response.vectors[0])})
        chunk = response.frame.chunk or Chunk()
        return orjson.dumps(
            {
                "model": model,
                "embeddings": [as_json(vector) for vector in response.vectors],
                "total_duration": _nanoseconds(elapsed_seconds),
                "load_duration": _nanoseconds(chunk.load_seconds or 0.0),
                "prompt_eval_count": (chunk.usage or Usage()).prompt_tokens,
            }
        )

    def path(self, request: EmbeddingRequest) -> str:
        """The path below a base URL that ends in the port."""
        return "/api/embeddings" if _is_of_the_older_way(request) else "/api/embed"

    def upstream_body(
        self, request: EmbeddingRequest, model: str, left_out: frozenset[str] = NOTHING
    ) -> bytes:
        """The client's own bytes but for `model`, or the request in Ollama's words."""
        if request.dialect == _DIALECT:
            return splice_model(request.raw, model)
        if not all(isinstance(text, str) for text in request.inputs):
            raise unable("token ids; send texts (`check_embedding_ctx_length=False` in LangChain)")
        body: JsonObject = {"model": model, "input": request.inputs}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        own = {name: request.body[name] for name in _OWN_FIELDS if name in request.body}
        return encode(body | own)

    def decode_response(self, request: EmbeddingRequest, raw: bytes) -> EmbeddingResponse:
        """A response's body as an answer."""
        data, lists = decoded_answer(raw)
        if _is_of_the_older_way(request):
            found: Json = [data.get("embedding")]
        else:
            found = data.get("embeddings")
        if not isinstance(found, list):
            raise ValueError("the answer has no 'embeddings'")
        vectors = checked(request, [vector_in(vector, lists) for vector in found])
        model, load = data.get("model"), data.get("load_duration")
        chunk = Chunk(
            usage=Usage(count(data["prompt_eval_count"])) if "prompt_eval_count" in data else None,
            model=model if isinstance(model, str) else None,
            load_seconds=None if load is None else seconds(load, _NANOSECONDS),
        )
        return EmbeddingResponse(Frame(raw, chunk, is_end=True), vectors)

    def refused(self, request: EmbeddingRequest, error: UpstreamError) -> frozenset[str]:
        """Nothing: Ollama passes over what it does not know."""
        return NOTHING


def _texts(given: Json) -> Sequence[str]:
    if isinstance(given, str):
        return [given] if given else []
    return given or []


def _is_default(name: str, value: Json) -> bool:
    return value is True if name == "truncate" else name == "options" and not value


def _is_of_the_older_way(request: EmbeddingRequest) -> bool:
    return request.dialect == _DIALECT and request.operation is Operation.PROMPT_EMBEDDING


def _nanoseconds(duration: float) -> int:
    """Never 0, because clients divide by it."""
    return max(1, round(duration * _NANOSECONDS))
