"""Answer and AnswerStream: what a Python program gets back from `chat_completion`."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from gearshift.dialects.pieces import joined as joined
from gearshift.types import ChatResponse, Chunk, Decision, FrameStream, ToolCall, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `str(answer)` is its text.

    Attributes:
        decision: Which model answered, and why.
        finish_reason: `stop`, `length`, `tool_calls` or `content_filter`.
    """

    content: str
    decision: Decision
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None

    @property
    def model(self) -> str:
        """The model that really answered."""
        return self.decision.model

    @property
    def tier(self) -> str:
        """Its tier."""
        return self.decision.tier

    def __str__(self) -> str:
        return self.content


class AnswerStream:
    """Chunks of an answer as they arrive; leaving early stops the upstream.

    Until it is read to its end or closed, it keeps its connection and its place at the upstream.
    One that is given up without either is closed when it is collected, with a `ResourceWarning`.

    Example:
        async with await llm.chat_completion("Hello", stream=True) as answer:
            async for chunk in answer:
                print(chunk.content, end="")
    """

    def __init__(self, response: ChatResponse) -> None:
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    @property
    def decision(self) -> Decision:
        """Which model answers, and why."""
        return self._response.decision

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        try:
            while (frame := await self._response.frames.read()) is not None:
                if frame.chunk is not None:
                    yield frame.chunk
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Stop the answer; what has been read to its end is closed already."""
        self._is_closed = True
        await self._response.frames.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if getattr(self, "_is_closed", True):
            return
        message = "an answer was neither read nor closed: use `async with`, or `aclose()`"
        warnings.warn(message, ResourceWarning, source=self, stacklevel=1)
        if self._loop.is_closed():
            _close_without_loop(self._response.frames)
        else:
            _close_soon(self._loop, self._response.frames)

    async def collect(self) -> Answer:
        """All chunks as one answer."""
        chunk = joined([chunk async for chunk in self])
        return Answer(
            chunk.content,
            self.decision,
            chunk.reasoning,
            chunk.tool_calls,
            chunk.finish_reason,
            chunk.usage,
        )


def _close_soon(loop: asyncio.AbstractEventLoop, frames: FrameStream) -> None:
    tasks: set[asyncio.Task[None]] = set()  # the loop itself holds them weakly only

    def close() -> None:
        task = loop.create_task(frames.aclose())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.call_soon_threadsafe(close)


def _close_without_loop(frames: FrameStream) -> None:
    """Give the place back, at least: the sockets have ended with their loop."""
    closing = frames.aclose()
    with suppress(StopIteration, RuntimeError):
        closing.send(None)
    closing.close()
