"""HttpProvider: what every upstream that speaks a dialect over HTTP has in common."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

import orjson

from gearshift import registry
from gearshift.dialects.base import NOTHING, UpstreamDialect
from gearshift.dialects.embedding_format import UpstreamEmbeddings
from gearshift.dialects.fold import fold_messages, is_template_error
from gearshift.dialects.tool_calls import is_call_id_error, with_accepted_ids
from gearshift.errors import FailureKind, UntranslatableError, UpstreamError
from gearshift.http.client.client import (
    MAX_ANSWER_BYTES,
    MAX_ERROR_BYTES,
    HttpClient,
    UpstreamResponse,
)
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.http_stream import HttpStream
from gearshift.providers.masking import Mask
from gearshift.threads import Purpose, in_thread, in_thread_if_large
from gearshift.types import (
    ChatRequest,
    CompleteResponse,
    EmbeddingRequest,
    EmbeddingResponse,
    Frame,
    FrameStream,
)

_WRITTEN_IN_THREAD_BYTES: Final = 256 * 1024
_MOST_VECTOR_BYTES: Final = 256 * 1024 * 1024  # 2,048 vectors of 4,096 numbers
_NOT_OFFERED: Final = frozenset({405, 501})
# Some servers name one field after the other.
_MOST_REFUSALS: Final = 8
_ROLES: Final = "roles"
_CALL_IDS: Final = "ids of tool calls"


class HttpProvider:
    """Sends requests in the upstream's dialect and reads frames back.

    A provider of another kind of server says how its requests differ: `path`, `headers` and
    `credentials` make each of them, `config.headers` and `config.query` stand in all of them.

    Args:
        config: Which upstream.
        deadlines: How long it may take.
    """

    name = ""
    dialect = "openai"

    def __init__(self, config: UpstreamConfig, deadlines: Deadlines) -> None:
        self.upstream = config.name
        self._config = config
        self._deadlines = deadlines
        self._wire: UpstreamDialect = registry.find("upstream_dialects", self.dialect)()
        self._client = HttpClient(
            config.base_url,
            "",
            deadlines.connect_seconds,
            credentials=self.credentials(config.api_key) if config.api_key else None,
            headers=config.headers,
            query=config.query,
        )
        self._mask = Mask(config)
        self._left_out: dict[str, frozenset[str]] = {}  # by model

    def credentials(self, api_key: str) -> Mapping[str, str]:
        """The headers that carry the key, with their names in small letters."""
        return {"authorization": f"Bearer {api_key}"}

    def path(self, request: ChatRequest, model: str) -> str:
        """Where a request for `model` goes, below the base URL."""
        return self._wire.path(request)

    def headers(self, request: ChatRequest) -> Mapping[str, str]:
        """What one request carries beside `config.headers`: what its client sends along."""
        return request.headers

    async def start(self) -> None:
        """Nothing to do: connections open with the first request."""

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; returns when its first content, or its whole answer, is there.

        What the upstream refuses by its own words (roles that its template does not know, ids of
        another server's tool calls, fields that came by translation) is not sent again, neither
        now nor later.
        """
        self.check_model(model)
        left_out = self.left_out(model)
        for _ in range(_MOST_REFUSALS):
            try:
                frames = await self._ask(request, model, left_out)
            except UpstreamError as error:
                refused = self._refused(request, error) - left_out
                if not refused:
                    raise
                left_out |= refused
            else:
                if learnt := left_out - self.left_out(model):  # only now is it known to help
                    self._left_out[model] = self._left_out.get(model, NOTHING) | learnt
                return frames
        return await self._ask(request, model, left_out)

    def left_out(self, model: str) -> frozenset[str]:
        """What is not sent to `model`, because it is known not to take it."""
        return self._left_out.get(model, NOTHING)

    def _refused(self, request: ChatRequest, error: UpstreamError) -> frozenset[str]:
        if is_template_error(error.message):
            return frozenset({_ROLES})
        if is_call_id_error(error.message):
            return frozenset({_CALL_IDS})
        return self._wire.refused(request, error)

    def check_model(self, model: str) -> None:
        """Refuse to ask for a model that is known not to be there.

        Raises:
            UpstreamError: `MISSING_MODEL`.
        """

    def first_token_seconds(self, model: str) -> float:
        """How long the first content of `model` may take."""
        return self._deadlines.first_token_seconds

    async def embed(self, request: EmbeddingRequest, model: str) -> EmbeddingResponse:
        """Ask `model` for vectors; returns when all of them are there.

        Raises:
            UpstreamError: There are none; `INCAPABLE` where the server has no embeddings.
        """
        wire: UpstreamEmbeddings | None = getattr(self._wire, "embeddings", None)
        if wire is None:
            raise UntranslatableError(f"upstreams of kind {self.name!r} have no embeddings")
        self.check_model(model)
        left_out = self.left_out(model)
        try:
            return await self._vectors(wire, request, model, left_out)
        except UpstreamError as error:
            refused = wire.refused(request, error) - left_out
            if not refused:
                raise _without_embeddings(error) from error
        response = await self._vectors(wire, request, model, left_out | refused)
        self._left_out[model] = self._left_out.get(model, NOTHING) | refused
        return response

    async def _vectors(
        self,
        wire: UpstreamEmbeddings,
        request: EmbeddingRequest,
        model: str,
        left_out: frozenset[str],
    ) -> EmbeddingResponse:
        response = await self._client.request(
            "POST",
            wire.path(request),
            body=await in_thread_if_large(
                len(request.raw), wire.upstream_body, request, model, left_out
            ),
            headers=self.headers(request),
            within_seconds=self._deadlines.total_seconds,
        )
        try:
            await self._check(response)
            raw = await response.body(_MOST_VECTOR_BYTES)
        except BaseException as error:
            if isinstance(error, UpstreamError) and error.status is None:
                response.abort()
            response.release()
            raise
        response.release()
        try:
            return await in_thread_if_large(len(raw), wire.decode_response, request, raw)
        except ValueError as problem:
            raise self._failure(str(problem)) from None

    async def _ask(self, request: ChatRequest, model: str, left_out: frozenset[str]) -> FrameStream:
        if _ROLES in left_out:
            request = replace(request, messages=fold_messages(request.messages), raw=b"")
        if _CALL_IDS in left_out:
            messages = with_accepted_ids(request.messages)
            request = replace(request, messages=messages, raw=b"")
        seconds = self._deadlines.total_seconds
        started = time.monotonic()
        if request.stream:
            seconds = min(seconds, self.first_token_seconds(model))
        response = await self._client.request(
            "POST",
            self.path(request, model),
            body=await self._large_body(request, model, left_out)
            if len(request.raw) > _WRITTEN_IN_THREAD_BYTES
            else self._wire.upstream_body(request, model, left_out),
            headers=self.headers(request),
            within_seconds=seconds,
        )
        try:
            await self._check(response)
            if not request.stream:
                frame = await self._whole(response)
                response.release()
                return CompleteResponse(frame)
            stream = HttpStream(
                response,
                self._wire.stream_reader(),
                self._wire.framed,
                self._failure,
                self._deadlines,
                started,
            )
            await stream.hold_to_content()
            response.limit_silence(self._deadlines.idle_seconds)
            return stream
        except BaseException as error:
            if isinstance(error, UpstreamError) and error.status is None:
                # What was no proper answer may have more to come, on a connection that looks free.
                response.abort()
            response.release()
            raise

    async def _large_body(
        self, request: ChatRequest, model: str, left_out: frozenset[str]
    ) -> bytes:
        """The body to send, made where it holds up nobody else."""
        return await in_thread(Purpose.DECODING, self._wire.upstream_body, request, model, left_out)

    async def _check(self, response: UpstreamResponse) -> None:
        """Refuse a response that is an error, or not the protocol at all."""
        status = response.status
        if not 200 <= status < 300:
            # What is left of a long error page is of no use to anybody.
            body = self._mask.hidden(await _bounded(response))
            fault, message = self._wire.fault_of(status, body)
            raise UpstreamError(
                f"{status}: {message}",
                fault=fault,
                status=status,
                body=body,
                retry_after_seconds=_seconds(response.headers.get("retry-after")),
            )
        kind = response.content_type
        if kind.startswith("text/html"):
            message = f"answered with content type {kind}"
            raise UpstreamError(message, fault=FailureKind.GARBAGE, status=status)

    async def _whole(self, response: UpstreamResponse) -> Frame:
        raw = await response.body(MAX_ANSWER_BYTES)
        frame = self._wire.decode_response(raw)
        if frame.error is not None:
            raise self._failure(frame.error)
        return frame

    def _failure(self, message: str) -> UpstreamError:
        """What an error inside a 200 means."""
        text = self._mask.hidden(message.encode(errors="replace")).decode(errors="replace")
        fault, _ = self._wire.fault_of(500, orjson.dumps({"error": {"message": text}}))
        return UpstreamError(text, fault=fault)


def _without_embeddings(error: UpstreamError) -> UpstreamError:
    """A path that is not there says that the server has no embeddings, not that it is unwell."""
    is_of_the_path = error.status == 404 and error.fault is FailureKind.FAILED
    if error.fault is FailureKind.INCAPABLE or not (is_of_the_path or error.status in _NOT_OFFERED):
        return error
    message = f"it has no embeddings ({error.message})"
    return UpstreamError(message, fault=FailureKind.INCAPABLE, status=error.status)


async def _bounded(response: UpstreamResponse) -> bytes:
    body = b""
    with suppress(UpstreamError):
        async for data in response.chunks():
            body += data
            if len(body) >= MAX_ERROR_BYTES:
                break
    return body[:MAX_ERROR_BYTES]


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; the form with a date is not used by engines."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
