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
    """A complete answer; `str(answer)` is its text.

    Attributes:
        content: The text; empty if the model only called tools.
        decision: Which model answered, and why.
        reasoning: The model's reasoning before its answer, if the upstream reports it.
        tool_calls: The tool calls that the model requests, in order.
        finish_reason: `stop`, `length`, `tool_calls`, `content_filter`, or another word of the
            upstream; `None` if it gave none.
        usage: Numbers of tokens; `None` if the upstream does not report them.

    Example:
        >>> from gearshift import LLMInterface
        >>> async def main() -> Answer:
        ...     async with LLMInterface() as llm:
        ...         return await llm.chat_completion("What time is it?")
        >>> answer = asyncio.run(main())
        >>> answer.content, answer.model, answer.tier
        ('It is noon.', 'gemma2:2b', 'simple')
    """

    content: str
    decision: Decision
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None

    @property
    def model(self) -> str:
        """The name of the model that answered, as its upstream spells it."""
        return self.decision.model

    @property
    def tier(self) -> str:
        """The tier that answered; empty for a model outside the tiers."""
        return self.decision.tier

    def __str__(self) -> str:
        return self.content


class AnswerStream:
    """The chunks of an answer as they arrive: an async iterator and an async context manager.

    Leaving the context early stops generation. Until the stream is read to its end or closed, it
    occupies a connection and one of the upstream's `max_in_flight` requests. A stream that is
    neither read nor closed is closed when Python garbage-collects it, with a `ResourceWarning`.

    Args:
        response: The answer whose first content has arrived.

    Raises:
        UpstreamError: While iterating: the answer was interrupted.

    Example:
        >>> from gearshift import LLMInterface
        >>> async def main() -> None:
        ...     async with LLMInterface() as llm:
        ...         async with await llm.chat_completion("What time is it?", stream=True) as stream:
        ...             async for chunk in stream:
        ...                 print(chunk.content, end="")
        >>> asyncio.run(main())
        It is noon.
    """

    def __init__(self, response: ChatResponse) -> None:
        self._response = response
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    @property
    def decision(self) -> Decision:
        """Which model answers, and why; known before the first chunk."""
        return self._response.decision

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        try:
            while (frame := await self._response.frames.read()) is not None:
                if frame.chunk is not None:
                    yield frame.chunk
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Stop the answer and release the connection; may be called more than once.

        Example:
            >>> from gearshift import LLMInterface
            >>> async def main() -> str:
            ...     async with LLMInterface() as llm:
            ...         stream = await llm.chat_completion("What time is it?", stream=True)
            ...         await stream.aclose()
            ...         return stream.decision.model
            >>> asyncio.run(main())
            'gemma2:2b'
        """
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
        """Read the stream to its end and join its chunks.

        Raises:
            UpstreamError: The answer was interrupted.

        Example:
            >>> from gearshift import LLMInterface
            >>> async def main() -> str:
            ...     async with LLMInterface() as llm:
            ...         stream = await llm.chat_completion("What time is it?", stream=True)
            ...         return str(await stream.collect())
            >>> asyncio.run(main())
            'It is noon.'
        """
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
