"""OpenAI's own SDK, with threads and with asyncio."""

from __future__ import annotations

from typing import Any

import openai

from clients.case import ANSWER, PROMPTS, RESULT, At, expect, expect_error, expect_error_async

PACKAGE = "openai"
DIALECT = "OpenAI"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def turn(text: str) -> Any:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


class Sync:
    """`OpenAI`."""

    def __init__(self, at: At) -> None:
        self.client = openai.OpenAI(base_url=f"{at.url}/v1", api_key="unused", max_retries=0)
        self.create: Any = self.client.chat.completions.create

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            answer = self.create(model="auto", messages=turn(prompt))
            at.check(tier, answer.choices[0].message.content, answer.model)

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            chunks = [*self.create(model="auto", messages=turn(prompt), stream=True)]
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            at.check(tier, text, chunks[0].model)

    def tools(self, at: At) -> None:
        """A call by a stream, and its result."""
        asked: Any = {"model": "scripted", "tools": [WEATHER]}
        with self.client.chat.completions.stream(messages=turn("weather?"), **asked) as stream:
            message = stream.get_final_completion().choices[0].message
        call = message.tool_calls[0]  # type: ignore[index]
        expect((call.function.name, call.function.arguments), ("weather", '{"city": "Paris"}'))
        result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
        said = message.model_dump(exclude_none=True, exclude={"parsed"})
        answer = self.create(messages=[*turn("weather?"), said, result], **asked)
        expect(answer.choices[0].message.content, ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(openai.NotFoundError, lambda: self.create(model="nobody", messages=turn("?")))

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            with self.create(model="endless", messages=turn("?"), stream=True) as stream:
                next(iter(stream))

        at.expect_stopped(leave)

    def embeddings(self, at: At) -> None:
        """Two texts, which the SDK asks for in base64."""
        data = self.client.embeddings.create(model="embedder", input=["aab", "c"]).data
        expect([round(entry.embedding[0]) for entry in data], [2, 0])


class Async:
    """`AsyncOpenAI`."""

    def __init__(self, at: At) -> None:
        self.client = openai.AsyncOpenAI(base_url=f"{at.url}/v1", api_key="unused", max_retries=0)
        self.create: Any = self.client.chat.completions.create

    async def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            answer = await self.create(model="auto", messages=turn(prompt))
            at.check(tier, answer.choices[0].message.content, answer.model)

    async def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            stream = await self.create(model="auto", messages=turn(prompt), stream=True)
            chunks = [chunk async for chunk in stream]
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            at.check(tier, text, chunks[0].model)

    async def tools(self, at: At) -> None:
        """A call, and its result."""
        asked: Any = {"model": "scripted", "tools": [WEATHER]}
        answer = await self.create(messages=turn("weather?"), **asked)
        call = answer.choices[0].message.tool_calls[0]
        result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
        said = answer.choices[0].message.model_dump(exclude_none=True)
        answer = await self.create(messages=[*turn("weather?"), said, result], **asked)
        expect(answer.choices[0].message.content, ANSWER)

    async def error(self, at: At) -> None:
        """An unknown model."""
        ask = lambda: self.create(model="nobody", messages=turn("?"))  # noqa: E731
        await expect_error_async(openai.NotFoundError, ask)

    async def cancel(self, at: At) -> None:
        """A stream that is left."""

        async def leave() -> None:
            async with await self.create(
                model="endless", messages=turn("?"), stream=True
            ) as stream:
                await anext(aiter(stream))

        await at.expect_stopped_async(leave)

    async def embeddings(self, at: At) -> None:
        """Two texts."""
        answer = await self.client.embeddings.create(model="embedder", input=["aab", "c"])
        expect([round(entry.embedding[0]) for entry in answer.data], [2, 0])


class Responses:
    """`client.responses`."""

    def __init__(self, at: At) -> None:
        self.client = openai.OpenAI(base_url=f"{at.url}/v1", api_key="unused", max_retries=0)
        self.create: Any = self.client.responses.create

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            answer = self.create(model="auto", input=prompt, store=False)
            at.check(tier, answer.output_text, answer.model)

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            events = [*self.create(model="auto", input=prompt, stream=True, store=False)]
            text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
            at.check(tier, text, events[-1].response.model)

    def tools(self, at: At) -> None:
        """A call, and its result."""
        tool = {"type": "function", **WEATHER["function"]}
        asked: Any = {"model": "scripted", "tools": [tool], "store": False}
        answer = self.create(input="weather?", **asked)
        call = next(item for item in answer.output if item.type == "function_call")
        expect((call.name, call.arguments), ("weather", '{"city": "Paris"}'))
        result = {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}
        again = self.create(input=[*turn("weather?"), call, result], **asked)
        expect(again.output_text, ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(openai.NotFoundError, lambda: self.create(model="nobody", input="?"))

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            with self.create(model="endless", input="?", stream=True) as stream:
                for event in stream:
                    if event.type == "response.output_text.delta":
                        break

        at.expect_stopped(leave)


ROWS = {"sync": Sync, "async": Async, "Responses": Responses}
