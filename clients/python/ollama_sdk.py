"""Ollama's own client, with threads and with asyncio."""

from __future__ import annotations

from typing import Any

import ollama

from clients.case import ANSWER, PROMPTS, RESULT, At, expect, expect_error, expect_error_async
from clients.python.openai_sdk import WEATHER, turn

PACKAGE = "ollama"
DIALECT = "Ollama"


class Sync:
    """`Client`."""

    def __init__(self, at: At) -> None:
        self.client: Any = ollama.Client(host=at.url)

    def whole(self, at: At) -> None:
        """Both tiers answer, to a chat and to a prompt."""
        for tier, prompt in PROMPTS.items():
            answer = self.client.chat(model="auto", messages=turn(prompt))
            at.check(tier, answer.message.content, answer.model)
            at.check(tier, self.client.generate(model="auto", prompt=prompt).response)

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            pieces = [*self.client.chat(model="auto", messages=turn(prompt), stream=True)]
            at.check(tier, "".join(p.message.content or "" for p in pieces), pieces[-1].model)
            expect((pieces[-1].done, pieces[-1].done_reason), (True, "stop"))

    def tools(self, at: At) -> None:
        """A call, and its result."""
        asked = {"model": "scripted", "tools": [WEATHER]}
        message = self.client.chat(messages=turn("weather?"), **asked).message
        (call,) = message.tool_calls
        expect((call.function.name, call.function.arguments), ("weather", {"city": "Paris"}))
        result = {"role": "tool", "tool_name": "weather", "content": RESULT}
        answer = self.client.chat(messages=[*turn("weather?"), message, result], **asked)
        expect(answer.message.content, ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        ask = lambda: self.client.chat(model="nobody", messages=turn("?"))  # noqa: E731
        expect_error(ollama.ResponseError, ask)

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            stream = self.client.chat(model="endless", messages=turn("?"), stream=True)
            next(stream)
            stream.close()

        at.expect_stopped(leave)

    def embeddings(self, at: At) -> None:
        """Two texts."""
        found = self.client.embed(model="embedder", input=["aab", "c"]).embeddings
        if len(found) != 2 or not found[0][0] > found[1][0]:
            raise AssertionError(f"unexpected vectors: {found}")


class Async:
    """`AsyncClient`."""

    def __init__(self, at: At) -> None:
        self.client: Any = ollama.AsyncClient(host=at.url)

    async def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            answer = await self.client.chat(model="auto", messages=turn(prompt))
            at.check(tier, answer.message.content, answer.model)

    async def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            stream = await self.client.chat(model="auto", messages=turn(prompt), stream=True)
            at.check(tier, "".join([piece.message.content or "" async for piece in stream]))

    async def tools(self, at: At) -> None:
        """A call by a stream, and its result."""
        asked: Any = {"model": "scripted", "tools": [WEATHER]}
        stream = await self.client.chat(messages=turn("weather?"), stream=True, **asked)
        (call,) = [c async for piece in stream for c in piece.message.tool_calls or ()]
        expect((call.function.name, call.function.arguments), ("weather", {"city": "Paris"}))
        said = {"role": "assistant", "content": "", "tool_calls": [call]}
        result = {"role": "tool", "tool_name": "weather", "content": RESULT}
        answer = await self.client.chat(messages=[*turn("weather?"), said, result], **asked)
        expect(answer.message.content, ANSWER)

    async def error(self, at: At) -> None:
        """An unknown model."""
        ask = lambda: self.client.chat(model="nobody", messages=turn("?"))  # noqa: E731
        await expect_error_async(ollama.ResponseError, ask)

    async def cancel(self, at: At) -> None:
        """A stream that is left."""

        async def leave() -> None:
            stream = await self.client.chat(model="endless", messages=turn("?"), stream=True)
            await anext(stream)
            await stream.aclose()

        await at.expect_stopped_async(leave)

    async def embeddings(self, at: At) -> None:
        """Two texts."""
        answer = await self.client.embed(model="embedder", input=["aab", "c"])
        expect(len(answer.embeddings), 2)


ROWS = {"sync": Sync, "async": Async}
