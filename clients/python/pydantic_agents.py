"""Pydantic AI: agents with OpenAI's and Anthropic's models."""

from __future__ import annotations

from typing import Any

from pydantic_ai import Agent, ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from clients.case import ANSWER, PROMPTS, At, expect, expect_error_async

PACKAGE = "pydantic-ai-slim"
DIALECT = "OpenAI"


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


class Chat:
    """`OpenAIChatModel`."""

    def __init__(self, at: At) -> None:
        self.at = at

    def agent(self, name: str, **more: Any) -> Agent[Any, Any]:
        """An agent with a model."""
        provider = OpenAIProvider(base_url=f"{self.at.url}/v1", api_key="unused")
        return Agent(OpenAIChatModel(name, provider=provider), **more)

    async def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, (await self.agent("auto").run(prompt)).output)

    async def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            async with self.agent("auto").run_stream(prompt) as run:
                pieces = [piece async for piece in run.stream_text(delta=True)]
            at.check(tier, "".join(pieces))

    async def tools(self, at: At) -> None:
        """The agent calls its tool and goes on with the result."""
        run = await self.agent("scripted", tools=[weather]).run("weather?")
        expect(run.output.strip(), ANSWER)

    async def error(self, at: At) -> None:
        """An unknown model."""
        await expect_error_async(ModelHTTPError, lambda: self.agent("nobody").run("?"))

    async def cancel(self, at: At) -> None:
        """A stream that is left."""

        async def leave() -> None:
            async with self.agent("endless").run_stream("?") as run:
                async for _ in run.stream_text(delta=True, debounce_by=None):
                    await run.cancel() if hasattr(run, "cancel") else None
                    break

        await at.expect_stopped_async(leave)


class Responses(Chat):
    """`OpenAIResponsesModel`."""

    def agent(self, name: str, **more: Any) -> Agent[Any, Any]:
        """An agent with a model."""
        provider = OpenAIProvider(base_url=f"{self.at.url}/v1", api_key="unused")
        return Agent(OpenAIResponsesModel(name, provider=provider), **more)


class Anthropic(Chat):
    """`AnthropicModel`."""

    dialect = "Anthropic"

    def agent(self, name: str, **more: Any) -> Agent[Any, Any]:
        """An agent with a model."""
        provider = AnthropicProvider(base_url=self.at.url, api_key="unused")
        return Agent(AnthropicModel(name, provider=provider), **more)


ROWS = {"OpenAIChatModel": Chat, "OpenAIResponsesModel": Responses, "AnthropicModel": Anthropic}
