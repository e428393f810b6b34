"""What must hold for any bytes of a client: they are refused in words, or mean something."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import orjson

from fuzz.formats import CLIENTS, EMBEDDINGS, UPSTREAMS, decoded, splits
from gearshift.catalog.served_models import ServedModel
from gearshift.dialects.anthropic import request as anthropic
from gearshift.dialects.base import ClientDialect
from gearshift.dialects.counting import tokens_of
from gearshift.dialects.responses import request as responses
from gearshift.dialects.splice import splice_model
from gearshift.errors import FailureKind, RequestError, UpstreamError
from gearshift.gateway.endpoints.anthropic_models import page_of
from gearshift.http.server.reader import ParsedRequest, RejectedRequest, RequestReader
from gearshift.http.server.streamed_body import StreamedBody
from gearshift.http.values import HttpLimits
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.types import CHAT_OPERATIONS, EMBEDDING_OPERATIONS, ChatRequest, Chunk

_SCORER = TaskComplexityScorer()
_LIMITS = HttpLimits(max_body_bytes=64, max_header_bytes=512, max_headers=8)


def parse(dialect: ClientDialect, data: bytes) -> None:
    """What a client sends is refused in words, or can be sent on in every dialect."""
    for operation in CHAT_OPERATIONS:
        try:
            request = dialect.parse(operation, data)
        except RequestError as error:
            refused(error)
        else:
            _sent_on(request)
            _answered(dialect, request)


def refused(error: RequestError) -> None:
    """It can be told to a client of any dialect."""
    assert 400 <= error.status < 500, error
    for client in CLIENTS.values():
        status, _, body = client.write_error(error)
        assert status == error.status, status
        assert orjson.loads(body)["error"], body


def _sent_on(request: ChatRequest) -> None:
    assert 0.0 <= _SCORER.score(request.messages).score <= 10.0
    for upstream in UPSTREAMS.values():
        assert upstream.path(request).startswith("/")
        try:
            sent = upstream.upstream_body(request, "large")
        except UpstreamError as error:
            if error.fault is not FailureKind.INCAPABLE:
                raise
        except RequestError as error:  # nested too deeply to be written
            refused(error)
        else:
            body = orjson.loads(sent)
            assert body["model"] == "large", sent
            if upstream.name == request.dialect:
                assert body == {**request.body, "model": "large"}, sent


def _answered(dialect: ClientDialect, request: ChatRequest) -> None:
    """An answer can be told, whatever of the request it repeats."""
    chunk = Chunk("a", "b", finish_reason="stop", model="large")
    assert orjson.loads(dialect.encode_response(request, chunk, "id", 0.0))
    writer = dialect.stream_writer(request, "large", "id", 0.0)
    assert writer.write(chunk) + writer.finish()


def parse_embeddings(dialect: str, data: bytes) -> None:
    """A request for vectors is refused in words, or can be sent on in every dialect."""
    for operation in EMBEDDING_OPERATIONS:
        try:
            request = EMBEDDINGS[dialect].parse(operation, data)
        except RequestError as error:
            refused(error)
            continue
        assert bool(request.inputs) is not request.loads_model
        for name, upstream in EMBEDDINGS.items():
            try:
                sent = orjson.loads(upstream.upstream_body(request, "large"))
            except UpstreamError as error:
                if error.fault is not FailureKind.INCAPABLE:
                    raise
            except RequestError as error:  # nested too deeply to be written
                refused(error)
            else:
                assert sent["model"] == "large", sent
                assert name != dialect or sent == {**request.body, "model": "large"}, sent


def splice(data: bytes) -> None:
    """Only the model changes, whatever the object."""
    body = decoded(data)
    if not isinstance(body, dict) or not isinstance(body.get("model", ""), str | None):
        return
    for name in ('q"\\ü', ""):
        spliced = splice_model(data, name)
        assert orjson.loads(spliced) == {**body, "model": name}, spliced
        assert splice_model(spliced, name) == spliced


def http_requests(data: bytes) -> None:
    """Bytes of a connection are requests, and at most one refusal, which is the last.

    They are the same requests where bodies are read as they come, which have no limit there.
    """
    for pieces in splits(data):
        outcomes = _delivered(pieces)
        assert not any(isinstance(outcome, RejectedRequest) for outcome in outcomes[:-1]), outcomes
        whole = [(o.request.path, o.request.body) for o in outcomes if isinstance(o, ParsedRequest)]
        streamed = [_arrived(outcome) for outcome in _delivered(pieces, streamed=(b"/",))]
        assert streamed[: len(whole)] == whole, (streamed, whole)


def _delivered(
    pieces: list[bytes], streamed: tuple[bytes, ...] = ()
) -> list[ParsedRequest | RejectedRequest]:
    outcomes: list[ParsedRequest | RejectedRequest] = []
    reader = RequestReader(_LIMITS, outcomes.append, lambda: None, streamed)
    for piece in pieces:
        reader.feed(piece)
    return outcomes


def _arrived(outcome: ParsedRequest | RejectedRequest) -> tuple[str, bytes]:
    request = outcome.request
    stream = request.stream
    return request.path, stream.held if isinstance(stream, StreamedBody) else request.body


COUNTED = {
    "anthropic": partial(anthropic.parse, is_counted=True),
    "responses": partial(responses.parse, is_counted=True),
}
"""What reads a request whose tokens are counted, by dialect."""


def counted(read: Callable[[bytes], ChatRequest], data: bytes) -> None:
    """A request is refused in words, or has tokens."""
    try:
        request = read(data)
    except RequestError as error:
        refused(error)
    else:
        assert tokens_of(request) >= 0


def pages(data: bytes) -> None:
    """A query is refused in words, or a page of the models, none of them twice."""
    models = [ServedModel(f"m{number}", "model", "u") for number in range(5)]
    try:
        page = page_of(models, data.decode("latin-1"))
    except RequestError as error:
        refused(error)
        return
    ids = [entry["id"] for entry in page["data"]]
    assert len(ids) == len(set(ids)) <= 1000, ids
    assert [page["first_id"], page["last_id"]] == ([ids[0], ids[-1]] if ids else [None, None])
