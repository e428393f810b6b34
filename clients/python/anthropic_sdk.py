"""Anthropic's own SDK, with threads and with asyncio."""

from __future__ import annotations

from typing import Any

import anthropic

from clients.case import ANSWER, PROMPTS, RESULT, At, expect, expect_error, expect_error_async
from clients.python.openai_sdk import WEATHER, turn

PACKAGE = "anthropic"
DIALECT = "Anthropic"
TOOL: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": WEATHER["function"]["parameters"],
}
LIMIT: Any = {"max_tokens": 256}


def told(answer: Any) -> Any:
    """The conversation with a call and its result."""
    call = next(block for block in answer.content if block.type == "tool_use")
    expect((call.name, call.input), ("weather", {"city": "Paris"}))
    expect(answer.stop_reason, "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": RESULT}
    said = {"role": "assistant", "content": answer.content}
    return [*turn("weather?"), said, {"role": "user", "content": [result]}]


class Sync:
    """`Anthropic`."""

    def __init__(self, at: At) -> None:
        self.messages: Any = anthropic.Anthropic(
            base_url=at.url, api_key="unused", max_retries=0
        ).messages

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            answer = self.messages.create(model="auto", messages=turn(prompt), **LIMIT)
            at.check(tier, answer.content[0].text, answer.model)

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            with self.messages.stream(model="auto", messages=turn(prompt), **LIMIT) as stream:
                text = "".join(stream.text_stream)
            at.check(tier, text, stream.get_final_message().model)

    def tools(self, at: At) -> None:
        """A call by a stream, and its result."""
        asked = {"model": "scripted", "tools": [TOOL], **LIMIT}
        with self.messages.stream(messages=turn("weather?"), **asked) as stream:
            answer = stream.get_final_message()
        again = self.messages.create(messages=told(answer), **asked)
        expect(again.content[0].text, ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        asked = {"model": "nobody", "messages": turn("?"), **LIMIT}
        expect_error(anthropic.NotFoundError, lambda: self.messages.create(**asked))

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            with self.messages.stream(model="endless", messages=turn("?"), **LIMIT) as stream:
                next(iter(stream.text_stream))

        at.expect_stopped(leave)


class Async:
    """`AsyncAnthropic`."""

    def __init__(self, at: At) -> None:
        self.messages: Any = anthropic.AsyncAnthropic(
            base_url=at.url, api_key="unused", max_retries=0
        ).messages

    async def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            answer = await self.messages.create(model="auto", messages=turn(prompt), **LIMIT)
            at.check(tier, answer.content[0].text, answer.model)

    async def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            asked = {"model": "auto", "messages": turn(prompt), **LIMIT}
            async with self.messages.stream(**asked) as stream:
                text = "".join([piece async for piece in stream.text_stream])
            at.check(tier, text)

    async def tools(self, at: At) -> None:
        """A call, and its result."""
        asked = {"model": "scripted", "tools": [TOOL], **LIMIT}
        answer = await self.messages.create(messages=turn("weather?"), **asked)
        again = await self.messages.create(messages=told(answer), **asked)
        expect(again.content[0].text, ANSWER)

    async def error(self, at: At) -> None:
        """An unknown model."""
        asked = {"model": "nobody", "messages": turn("?"), **LIMIT}
        await expect_error_async(anthropic.NotFoundError, lambda: self.messages.create(**asked))

    async def cancel(self, at: At) -> None:
        """A stream that is left."""

        async def leave() -> None:
            asked = {"model": "endless", "messages": turn("?"), **LIMIT}
            async with self.messages.stream(**asked) as stream:
                await anext(aiter(stream.text_stream))

        await at.expect_stopped_async(leave)


ROWS = {"sync": Sync, "async": Async}
