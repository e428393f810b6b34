"""smolagents: an agent that calls tools until it has an answer."""

from __future__ import annotations

import gc
from typing import Any

from smolagents import LiteLLMModel, OpenAIModel, ToolCallingAgent, tool
from smolagents.monitoring import LogLevel

from clients.case import ANSWER, PROMPTS, At, expect, expect_error

PACKAGE = "smolagents"
DIALECT = "OpenAI"


def turn(text: str) -> Any:
    """A conversation as agents keep it."""
    return [{"role": "user", "content": [{"type": "text", "text": text}]}]


@tool
def weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: Which one.
    """
    return f"rain in {city}"


class OpenAI:
    """`OpenAIModel`."""

    def __init__(self, at: At) -> None:
        self.at = at

    def model(self, name: str) -> Any:
        """A model."""
        return OpenAIModel(model_id=name, api_base=f"{self.at.url}/v1", api_key="unused")

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, self.model("auto").generate(turn(prompt)).content)

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            pieces = self.model("auto").generate_stream(turn(prompt))
            at.check(tier, "".join(piece.content or "" for piece in pieces))

    def tools(self, at: At) -> None:
        """The agent calls its tool, and then the one that ends it."""
        agent = ToolCallingAgent([weather], self.model("scripted"), verbosity_level=LogLevel.OFF)
        expect(str(agent.run("weather?", max_steps=3)).splitlines()[-1].strip(), ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.model("nobody").generate(turn("?")))

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            stream = self.model("endless").generate_stream(turn("?"))
            next(stream)
            stream.close()
            del stream
            gc.collect()  # or the SDK's own stream stays until the next time

        at.expect_stopped(leave)


class LiteLLM(OpenAI):
    """`LiteLLMModel`."""

    dialect = "Ollama"

    def model(self, name: str) -> Any:
        """A model, as smolagents' documentation shows it for Ollama."""
        return LiteLLMModel(model_id=f"ollama_chat/{name}", api_base=self.at.url, api_key="unused")


ROWS = {"OpenAIModel": OpenAI, "LiteLLMModel": LiteLLM}
