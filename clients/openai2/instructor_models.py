"""Instructor: answers as objects, by a tool or by a schema, with OpenAI's and Anthropic's SDK.

Objects that grow come from its asynchronous client: the other one collects them before it returns.
"""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import instructor
import openai
from pydantic import BaseModel

from clients.case import At, expect, expect_error, leave_when_begun

PACKAGE = "instructor"
DIALECT = "OpenAI"


def turn(text: str) -> Any:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


class Place(BaseModel):
    """What is wanted."""

    city: str
    rank: int


class ByTools:
    """`from_openai`, by a tool."""

    mode = instructor.Mode.TOOLS

    def __init__(self, at: At) -> None:
        given: Any = {"base_url": f"{at.url}/v1", "api_key": "unused", "max_retries": 0}
        self.client: Any = instructor.from_openai(openai.OpenAI(**given), mode=self.mode)
        growing = instructor.from_openai(openai.AsyncOpenAI(**given), mode=self.mode)
        self.growing: Any = growing.create_partial

    def asked(self, model: str) -> Any:
        """What every call is given."""
        common = {"messages": turn("where?"), "response_model": Place, "max_retries": 0}
        return {**common, "model": model}

    def whole(self, at: At) -> None:
        """An object."""
        place = self.client.create(**self.asked("scripted"))
        expect((place.city, place.rank), ("Paris", 7))

    async def stream(self, at: At) -> None:
        """An object that grows."""
        objects = [each async for each in self.growing(**self.asked("scripted"))]
        expect((objects[0].rank, objects[-1].city, objects[-1].rank), (None, "Paris", 7))

    def tools(self, at: At) -> None:
        """The object comes as the arguments of a tool."""
        self.whole(at)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.client.create(**self.asked("nobody")))

    async def cancel(self, at: At) -> None:
        """A task that reads a growing object is cancelled: closing the object closes nothing."""

        async def read(begun: asyncio.Event) -> None:
            async for each in self.growing(**self.asked("endless")):
                if each.city:
                    begun.set()

        await at.expect_stopped_async(lambda: leave_when_begun(read))


class BySchema(ByTools):
    """The same by a JSON schema as the format."""

    mode = instructor.Mode.JSON_SCHEMA
    lacks = ("tools",)


class Anthropic(ByTools):
    """`from_anthropic`."""

    dialect = "Anthropic"

    def __init__(self, at: At) -> None:
        given: Any = {"base_url": at.url, "api_key": "unused", "max_retries": 0}
        self.client = instructor.from_anthropic(anthropic.Anthropic(**given))
        growing = instructor.from_anthropic(anthropic.AsyncAnthropic(**given))
        self.growing = growing.create_partial

    def asked(self, model: str) -> Any:
        """What every call is given."""
        return {**super().asked(model), "max_tokens": 256}


ROWS = {"tools": ByTools, "JSON schema": BySchema, "from_anthropic": Anthropic}
