"""Paced: a kept answer's frames at the pace of a model that says them now."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from gearshift.types import Frame, FrameStream

_CHARACTERS_OF_A_TOKEN: Final = 4
_WORDS: Final = re.compile(r"\s*\S{1,16}\s*|\s+")


class Paced:
    """Frames with pauses between them; whoever stops reading stops waiting, too.

    A piece counts as one token for each four characters, and at least one. What came in one piece
    and has no bytes of its own is said word by word.

    Args:
        frames: Those that are there already.
        tokens_per_second: Above 0.
        sleep: Waits for some seconds.
    """

    __slots__ = ("_frames", "_pause", "_pieces", "_rate", "_sleep")

    def __init__(
        self,
        frames: FrameStream,
        tokens_per_second: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._frames = frames
        self._rate = tokens_per_second
        self._sleep = sleep
        self._pieces: deque[Frame] = deque()
        self._pause = 0.0

    async def read(self) -> Frame | None:
        """The next frame, after the time that the one before it takes to be said."""
        if not self._pieces:
            frame = await self._frames.read()
            if frame is None:
                return None
            self._pieces.extend(_pieces(frame))
        if self._pause:
            await self._sleep(self._pause)
        frame = self._pieces.popleft()
        said = len(frame.chunk.content + frame.chunk.reasoning) if frame.chunk else 0
        self._pause = max(1.0, said / _CHARACTERS_OF_A_TOKEN) / self._rate if said else 0.0
        return frame

    async def aclose(self) -> None:
        """Nothing more is said."""
        self._pieces.clear()
        await self._frames.aclose()


def _pieces(frame: Frame) -> Iterator[Frame]:
    chunk = frame.chunk
    words = [] if chunk is None or frame.raw or chunk.logprobs else _WORDS.findall(chunk.content)
    if chunk is None or len(words) < 2:
        yield frame
        return
    first = chunk._replace(
        content=words[0], tool_calls=(), finish_reason=None, usage=None, timings=None
    )
    yield frame._replace(chunk=first, is_end=False)
    for word in words[1:-1]:
        yield frame._replace(chunk=first._replace(content=word, reasoning=""), is_end=False)
    yield frame._replace(chunk=chunk._replace(content=words[-1], reasoning=""))
