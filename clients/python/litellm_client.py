"""LiteLLM as a client: each of its prefixes, sync and async."""

from __future__ import annotations

from typing import Any

import litellm

from clients.case import ANSWER, PROMPTS, RESULT, At, expect, expect_error, expect_error_async
from clients.python.openai_sdk import WEATHER, turn

PACKAGE = "litellm"
DIALECT = "OpenAI"
litellm.suppress_debug_info = True
BASES = {"openai/": "/v1", "anthropic/": "", "ollama/": "", "ollama_chat/": ""}


class LiteLLM:
    """`completion`."""

    prefix = ""

    def __init__(self, at: At) -> None:
        self.common = common(at, self.prefix)

    def ask(self, model: str, messages: Any, **more: Any) -> Any:
        """An answer."""
        asked = {**self.common, **more}
        return litellm.completion(model=f"{self.prefix}{model}", messages=messages, **asked)

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, self.ask("auto", turn(prompt)).choices[0].message.content)

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            chunks = self.ask("auto", turn(prompt), stream=True)
            at.check(tier, "".join(chunk.choices[0].delta.content or "" for chunk in chunks))

    def tools(self, at: At) -> None:
        """A call, and its result."""
        message = self.ask("scripted", turn("weather?"), tools=[WEATHER]).choices[0].message
        told = conversation(message)
        answer = self.ask("scripted", told, tools=[WEATHER])
        expect(answer.choices[0].message.content, ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.ask("nobody", turn("?")))

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            stream = self.ask("endless", turn("?"), stream=True)
            next(stream)
            closing = getattr(stream, "close", None) or stream.completion_stream.close
            closing()

        at.expect_stopped(leave)


class AsyncLiteLLM:
    """`acompletion`."""

    prefix = ""

    def __init__(self, at: At) -> None:
        self.common = common(at, self.prefix)

    async def ask(self, model: str, messages: Any, **more: Any) -> Any:
        """An answer."""
        asked = {**self.common, **more}
        return await litellm.acompletion(model=f"{self.prefix}{model}", messages=messages, **asked)

    async def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, (await self.ask("auto", turn(prompt))).choices[0].message.content)

    async def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            stream = await self.ask("auto", turn(prompt), stream=True)
            at.check(tier, "".join([c.choices[0].delta.content or "" async for c in stream]))

    async def tools(self, at: At) -> None:
        """A call, and its result."""
        first = await self.ask("scripted", turn("weather?"), tools=[WEATHER])
        told = conversation(first.choices[0].message)
        answer = await self.ask("scripted", told, tools=[WEATHER])
        expect(answer.choices[0].message.content, ANSWER)

    async def error(self, at: At) -> None:
        """An unknown model."""
        await expect_error_async(Exception, lambda: self.ask("nobody", turn("?")))

    async def cancel(self, at: At) -> None:
        """A stream that is left."""

        async def leave() -> None:
            stream = await self.ask("endless", turn("?"), stream=True)
            await anext(aiter(stream))
            await stream.aclose()

        await at.expect_stopped_async(leave)


def common(at: At, prefix: str) -> Any:
    """What every call is given."""
    base = at.url + BASES[prefix]
    return {"api_base": base, "api_key": "unused", "max_tokens": 256, "num_retries": 0}


def conversation(message: Any) -> Any:
    """With a call and its result."""
    (call,) = message.tool_calls
    expect(call.function.name, "weather")
    result = {"role": "tool", "tool_call_id": call.id, "name": "weather", "content": RESULT}
    return [*turn("weather?"), message.model_dump(exclude_none=True), result]


def _row(kind: type, prefix: str) -> type:
    dialects = {"openai/": "OpenAI", "anthropic/": "Anthropic"}
    attributes = {
        "prefix": prefix,
        "dialect": dialects.get(prefix, "Ollama"),
        # The tools of this prefix are a prompt for JSON.
        "lacks": ("tools",) if prefix == "ollama/" else (),
    }
    return type(kind.__name__, (kind,), attributes)


ROWS = {
    f"{prefix} {how}": _row(kind, prefix)
    for prefix in BASES
    for how, kind in (("sync", LiteLLM), ("async", AsyncLiteLLM))
}
