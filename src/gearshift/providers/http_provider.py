"""HttpProvider: what every upstream that speaks a dialect over HTTP has in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import orjson

from gearshift import registry
from gearshift.errors import Fault, UpstreamError
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.providers.client import MAX_ANSWER_BYTES, MAX_ERROR_BYTES, HttpClient, HttpResponse
from gearshift.types import ChatRequest, Frame, FrameStream
from gearshift.wire.base import Dialect
from gearshift.wire.fold import fold_messages, is_template_error

# After its end mark a stream has nothing more to say; this long we wait for the last bytes of
# its framing, so that the connection can be used again.
_TAIL_SECONDS: Final = 0.05
_WRITTEN_IN_THREAD_BYTES: Final = 256 * 1024
_MAX_HELD_BYTES: Final = 1024 * 1024


class HttpProvider:
    """Sends requests in the upstream's dialect and reads frames back.

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
        self._wire: Dialect = registry.load(registry.DIALECTS[self.dialect])()
        self._client = HttpClient(config.base_url, config.api_key, deadlines.connect_seconds)
        self._strict_templates: set[str] = set()

    async def start(self) -> None:
        """Nothing to do: connections open with the first request."""

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def send(self, request: ChatRequest, model: str) -> FrameStream:
        """Ask `model`; returns when its first content, or its whole answer, is there."""
        if model in self._strict_templates:
            return await self._ask(_folded(request), model)
        try:
            return await self._ask(request, model)
        except UpstreamError as error:
            if not is_template_error(error.message):
                raise
        frames = await self._ask(_folded(request), model)
        self._strict_templates.add(model)  # only now is it known that folding helps
        return frames

    def first_token_seconds(self, model: str) -> float:
        """How long the first content of `model` may take."""
        return self._deadlines.first_token_seconds

    async def _ask(self, request: ChatRequest, model: str) -> FrameStream:
        seconds = self._deadlines.total_seconds
        if request.stream:
            seconds = min(seconds, self.first_token_seconds(model))
        try:
            async with asyncio.timeout(seconds):
                return await self._first_content(request, model)
        except TimeoutError as error:
            message = f"nothing within {seconds:g} s"
            raise UpstreamError(message, fault=Fault.TIMEOUT) from error

    async def _first_content(self, request: ChatRequest, model: str) -> FrameStream:
        started = time.monotonic()
        response = await self._client.request(
            "POST",
            self._wire.path(request),
            body=await self._body(request, model),
            headers=request.headers,
        )
        try:
            await self._check(response, streamed=request.stream)
            if not request.stream:
                return _Answer(response, [await self._whole(response)], None)
            until = started + self._deadlines.total_seconds
            frames = self._frames(response, until)
            held = await _up_to_content(frames)
            response.limit_silence(self._deadlines.idle_seconds)
            return _Answer(response, held, frames)
        except BaseException:
            await response.aclose()
            raise

    async def _body(self, request: ChatRequest, model: str) -> bytes:
        if len(request.raw) > _WRITTEN_IN_THREAD_BYTES:
            return await asyncio.to_thread(self._wire.upstream_body, request, model)
        return self._wire.upstream_body(request, model)

    async def _check(self, response: HttpResponse, *, streamed: bool) -> None:
        """Refuse a response that is an error, or not the protocol at all."""
        status = response.status
        if not 200 <= status < 300:
            # What is left of a long error page is of no use to anybody.
            body = self._without_key(await _bounded(response))
            fault, message = self._wire.fault_of(status, body)
            raise UpstreamError(
                f"{status}: {message}",
                fault=fault,
                status=status,
                body=body,
                retry_after_seconds=_seconds(response.headers.get("retry-after")),
            )
        kind = response.content_type
        if kind.startswith("text/html") or (streamed and kind == "application/json"):
            message = f"answered with content type {kind}"
            raise UpstreamError(message, fault=Fault.GARBAGE, status=status)

    async def _whole(self, response: HttpResponse) -> Frame:
        raw = await response.body(MAX_ANSWER_BYTES)
        frame = self._wire.read_answer(raw)
        if frame.error is not None:
            raise self._failure(frame.error)
        return frame

    def _failure(self, message: str) -> UpstreamError:
        """What an error inside a 200 means."""
        text = self._without_key(message.encode(errors="replace")).decode(errors="replace")
        fault, _ = self._wire.fault_of(500, orjson.dumps({"error": {"message": text}}))
        return UpstreamError(text, fault=fault)

    def _without_key(self, said: bytes) -> bytes:
        """An upstream's words without our key, which some quote when they refuse it."""
        key = self._config.api_key.encode()
        return said.replace(key, b"***") if key else said

    def _checked(self, frame: Frame) -> Frame:
        if frame.error is not None:
            raise self._failure(frame.error)
        return frame

    async def _frames(self, response: HttpResponse, until: float) -> AsyncGenerator[Frame]:
        """The frames of a stream up to its end.

        Raises:
            UpstreamError: The stream reports an error, breaks off, or falls silent.
        """
        reader = self._wire.stream_reader()
        finished = False
        while data := await response.read():
            for frame in reader.feed(data):
                finished = finished or _is_finished(self._checked(frame))
                yield frame
                if frame.is_end:
                    await _drain(response)
                    return
            if time.monotonic() > until:
                total = self._deadlines.total_seconds
                raise UpstreamError(f"not finished within {total:g} s", fault=Fault.TIMEOUT)
        for frame in reader.finish():
            finished = finished or _is_finished(self._checked(frame))
            yield frame
        if not finished:
            raise UpstreamError("the stream ended before its end mark", fault=Fault.CUT_OFF)


class _Answer:
    """The frames held back until the first content, then the rest as they arrive."""

    def __init__(
        self,
        response: HttpResponse,
        held: Sequence[Frame],
        rest: AsyncGenerator[Frame] | None,
    ) -> None:
        self._response = response
        self._held = held
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[Frame]:
        for frame in self._held:
            yield frame
        if self._rest is not None:
            async for frame in self._rest:
                yield frame

    async def aclose(self) -> None:
        """Release the connection; one in the middle of an answer is ended."""
        if self._rest is not None:
            # A generator that is being read elsewhere is ended by that reader.
            with suppress(RuntimeError):
                await self._rest.aclose()
        await self._response.aclose()


async def _up_to_content(frames: AsyncIterator[Frame]) -> list[Frame]:
    held = []
    size = 0
    async for frame in frames:
        held.append(frame)
        size += len(frame.raw)
        if frame.is_end or (frame.chunk is not None and frame.chunk.has_content):
            break
        if size > _MAX_HELD_BYTES:
            raise UpstreamError("a flood of frames without content", fault=Fault.GARBAGE)
    return held


def _is_finished(frame: Frame) -> bool:
    """Some servers end a complete answer without the end mark, but not without a reason."""
    return frame.is_end or (frame.chunk is not None and frame.chunk.finish_reason is not None)


async def _drain(response: HttpResponse) -> None:
    if response.is_complete:
        return
    with suppress(UpstreamError, TimeoutError):
        async with asyncio.timeout(_TAIL_SECONDS):
            async for _ in response.chunks():
                pass


async def _bounded(response: HttpResponse) -> bytes:
    body = b""
    with suppress(UpstreamError):
        async for data in response.chunks():
            body += data
            if len(body) >= MAX_ERROR_BYTES:
                break
    return body[:MAX_ERROR_BYTES]


def _folded(request: ChatRequest) -> ChatRequest:
    return replace(request, messages=fold_messages(request.messages), raw=b"")


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; the form with a date is not used by engines."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
