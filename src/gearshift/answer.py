"""Answer and AnswerStream: what a Python program gets back from `chat_completion`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from gearshift.types import ChatResponse, Chunk, Decision, ToolCall, Usage
from gearshift.wire.pieces import joined as joined


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

    Example:
        async for chunk in await llm.chat_completion("Hello", stream=True):
            print(chunk.content, end="")
    """

    def __init__(self, response: ChatResponse) -> None:
        self._response = response

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
        """Stop the answer."""
        await self._response.frames.aclose()

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
