"""Streams: an answer's frames on their way to the reader, and who is told of them and of their end.

Whoever wants to know what an answer says, or that it is over, has it observed. However many
do, the frames pass one observer, so that none of them costs a call more for each frame.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gearshift.http.server.internal_errors import log_internal_error
from gearshift.types import (
    ChatResponse,
    CompleteResponse,
    Frame,
    FrameStream,
    Usage,
)


class StreamEnd(NamedTuple):
    """How an answer has ended, and what it had told of itself by then.

    Attributes:
        is_complete: It was read to its end.
        error: What reading it failed with. An answer that is not complete and has no error was
            closed by its reader.
        usage: Tokens, as it told them last.
        load_seconds: How long the model took to load, as it told it last.
    """

    is_complete: bool = False
    error: Exception | None = None
    usage: Usage | None = None
    load_seconds: float | None = None


_NO_WORD: Final = StreamEnd(is_complete=True)

OnFrame = Callable[[Frame], object]
"""Told of each frame before the reader has it; must be quick."""

OnEnd = Callable[[StreamEnd], object]
"""Told once that an answer is over and its connection released; must be quick."""


def observed(frames: FrameStream, on_end: OnEnd, on_frame: OnFrame | None = None) -> FrameStream:
    """The same frames for the reader; they must be read to their end, or closed.

    Whoever asked first is told first. One that raises is logged; the others, and the answer, go on.

    Args:
        frames: An answer. One that came in one piece is over: it is told of at once.
        on_end: Told once, whether the answer comes to its end, breaks off, or is closed.
        on_frame: Told of each frame; without it, nothing is done for each frame.
    """
    if isinstance(frames, CompleteResponse):
        if on_frame is not None:
            _notify((on_frame,), frames.frame)
        chunk = frames.frame.chunk
        end = _NO_WORD if chunk is None else StreamEnd(True, None, chunk.usage, chunk.load_seconds)
        _notify((on_end,), end)
        return frames
    if not isinstance(frames, _ObservedFrames):
        frames = _ObservedFrames(frames)
    frames.listen(on_end, on_frame)
    return frames


def observed_response(
    response: ChatResponse, on_end: OnEnd, on_frame: OnFrame | None = None
) -> ChatResponse:
    """The same response, with its frames `observed`."""
    frames = observed(response.frames, on_end, on_frame)
    return response if frames is response.frames else response._replace(frames=frames)


class _ObservedFrames:
    """Frames, what they told of themselves, and who listens to them."""

    __slots__ = ("_end", "_frames", "_load_seconds", "_on_end", "_on_frame", "_usage")

    def __init__(self, frames: FrameStream) -> None:
        self._frames = frames
        self._on_frame: tuple[OnFrame, ...] = ()
        self._on_end: tuple[OnEnd, ...] = ()
        self._end: StreamEnd | None = None
        self._usage: Usage | None = None
        self._load_seconds: float | None = None

    def listen(self, on_end: OnEnd, on_frame: OnFrame | None) -> None:
        """Tell one more; of the end at once where it has come."""
        if self._end is not None:
            _notify((on_end,), self._end)
            return
        self._on_end += (on_end,)
        if on_frame is not None:
            self._on_frame += (on_frame,)

    async def read(self) -> Frame | None:
        """The next frame."""
        try:
            frame = await self._frames.read()
        except Exception as error:
            await self._finish(error=error)
            raise
        if frame is None:
            await self._finish(is_complete=True)
            return None
        chunk = frame.chunk
        if chunk is not None:
            # Not by a listener: it would be a call for each frame of every answer.
            if chunk.usage is not None:
                self._usage = chunk.usage
            if chunk.load_seconds is not None:
                self._load_seconds = chunk.load_seconds
        if self._on_frame:
            _notify(self._on_frame, frame)
        return frame

    async def aclose(self) -> None:
        """Stop the upstream; without effect once the answer is over."""
        await self._finish()

    async def _finish(self, *, is_complete: bool = False, error: Exception | None = None) -> None:
        """Release the upstream and tell everybody once, whatever happens in between."""
        frames, self._frames = self._frames, _OVER
        try:
            await frames.aclose()
        finally:
            if self._end is None:
                self._end = StreamEnd(is_complete, error, self._usage, self._load_seconds)
                listeners, self._on_frame, self._on_end = self._on_end, (), ()
                _notify(listeners, self._end)


class _Over:
    """What is left of an answer that is over."""

    async def read(self) -> None:
        """Nothing comes any more."""

    async def aclose(self) -> None:
        """Nothing is left to be released."""


_OVER: Final = _Over()


def _notify(listeners: tuple[Callable[[Any], object], ...], value: Frame | StreamEnd) -> None:
    for listener in listeners:
        try:
            listener(value)
        except Exception as error:  # noqa: BLE001 - the other listeners, and the answer, go on
            log_internal_error(error, "observing an answer")
