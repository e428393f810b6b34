"""HttpProvider: what every upstream that speaks a dialect over HTTP has in common."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

import orjson

from gearshift import registry
from gearshift.dialects.base import NOTHING, StreamReader, UpstreamDialect
from gearshift.dialects.fold import fold_messages, is_template_error
from gearshift.dialects.tool_calls import is_call_id_error, with_accepted_ids
from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import (
    MAX_ANSWER_BYTES,
    MAX_ERROR_BYTES,
    HttpClient,
    UpstreamResponse,
)
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.masking import Mask
from gearshift.threads import Purpose, in_thread
from gearshift.types import ChatRequest, CompleteResponse, Frame, FrameStream

# After its end mark a stream has nothing more to say; this long we wait for the last bytes of
# its framing, so that the connection can be used again.
_TAIL_SECONDS: Final = 0.05
_WRITTEN_IN_THREAD_BYTES: Final = 256 * 1024
_MAX_HELD_BYTES: Final = 1024 * 1024
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
            stream = _Stream(
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


class _Stream:
    """The frames of a stream up to its end."""

    def __init__(
        self,
        response: UpstreamResponse,
        reader: StreamReader,
        framed: Callable[[Frame], bytes],
        failure: Callable[[str], UpstreamError],
        deadlines: Deadlines,
        started: float,
    ) -> None:
        self._response = response
        self._reader = reader
        self._framed = framed
        self._failure = failure
        self._total_seconds = deadlines.total_seconds
        self._until = started + deadlines.total_seconds
        self._frames: deque[Frame] = deque()
        self._is_finished = False  # it said so itself
        self._is_over = False
        self._error: UpstreamError | None = None

    async def hold_to_content(self) -> None:
        """Read up to the first content; what came is kept for `read`."""
        held: list[Frame] = []
        size = 0
        while (frame := await self.read()) is not None:
            held.append(frame)
            size += len(frame.raw)
            if frame.is_end or (frame.chunk is not None and frame.chunk.has_content):
                break
            if size > _MAX_HELD_BYTES:
                raise UpstreamError("a flood of frames without content", fault=FailureKind.GARBAGE)
        self._frames.extendleft(reversed(held))

    async def read(self) -> Frame | None:
        """The next frame.

        Raises:
            UpstreamError: The stream reports an error, breaks off, or falls silent.
        """
        frames = self._frames
        while not frames:
            if self._error is not None:
                self._response.abort()  # what may still come belongs to no other answer
                raise self._error
            if self._is_over:
                return None
            await self._fill()
        return frames.popleft()

    async def _fill(self) -> None:
        data = await self._response.read()
        for frame in self._reader.feed(data) if data else self._reader.finish():
            if frame.error is not None:
                self._error = self._failure(frame.error)
                return
            self._frames.append(self._set_off(frame) if frame.is_misframed else frame)
            if frame.is_end:
                self._is_over = True
                await _drain(self._response)
                return
            self._is_finished = self._is_finished or _has_reason(frame)
        if not data:
            self._is_over = True
            if not self._is_finished:
                message = "the stream ended before its end mark"
                self._error = UpstreamError(message, fault=FailureKind.CUT_OFF)
        elif time.monotonic() > self._until:
            message = f"not finished within {self._total_seconds:g} s"
            self._error = UpstreamError(message, fault=FailureKind.TIMEOUT)

    def _set_off(self, frame: Frame) -> Frame:
        return frame._replace(raw=self._framed(frame), is_misframed=False)

    async def aclose(self) -> None:
        """Release the connection; one in the middle of an answer is ended."""
        self._response.release()
        self._is_over, self._error = True, None


def _has_reason(frame: Frame) -> bool:
    """Some servers end a complete answer without the end mark, but not without a reason."""
    return frame.chunk is not None and frame.chunk.finish_reason is not None


async def _drain(response: UpstreamResponse) -> None:
    if response.is_complete:
        return
    with suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout(_TAIL_SECONDS):
            async for _ in response.chunks():
                pass


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
