"""HttpStream: a streamed answer, frame by frame, from its first content to its end mark."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from gearshift.dialects.base import StreamReader
from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import UpstreamResponse
from gearshift.providers.base import Deadlines
from gearshift.types import Frame

# After its end mark a stream has nothing more to say; this long we wait for the last bytes of
# its framing, so that the connection can be used again.
_TAIL_SECONDS: Final = 0.05
_MAX_HELD_BYTES: Final = 1024 * 1024


class HttpStream:
    """The frames of a stream up to its end.

    Args:
        response: Where its bytes come from; it is the stream's to release.
        reader: Cuts them into frames.
        framed: The bytes of a frame as its dialect sets it off from the next.
        failure: What an error inside a 200 means.
        deadlines: How long all of it may take.
        started: When it was asked for, by `time.monotonic()`.
    """

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
