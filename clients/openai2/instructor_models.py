"""Instructor: answers as objects, by a tool or by a schema, with OpenAI's and Anthropic's SDK."""

from __future__ import annotations

from typing import Any

import anthropic
import instructor
import openai
from pydantic import BaseModel

from clients.case import At, expect, expect_error

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
        client = openai.OpenAI(base_url=f"{at.url}/v1", api_key="unused", max_retries=0)
        self.create: Any = instructor.from_openai(client, mode=self.mode).chat.completions.create

    def ask(self, model: str, **more: Any) -> Any:
        """An answer as an object."""
        asked = {"messages": turn("where?"), "response_model": Place, "max_retries": 0}
        return self.create(model=model, **asked, **more)

    def whole(self, at: At) -> None:
        """An object."""
        place = self.ask("scripted")
        expect((place.city, place.rank), ("Paris", 7))

    def stream(self, at: At) -> None:
        """An object that grows."""
        wanted: Any = instructor.Partial[Place]
        partial = self.create(
            model="scripted", messages=turn("?"), response_model=wanted, stream=True
        )
        last = [*partial][-1]
        expect((last.city, last.rank), ("Paris", 7))

    def tools(self, at: At) -> None:
        """The object comes as the arguments of a tool."""
        self.whole(at)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.ask("nobody"))


class BySchema(ByTools):
    """The same by a JSON schema as the format."""

    mode = instructor.Mode.JSON_SCHEMA
    lacks = ("tools",)


class Anthropic(ByTools):
    """`from_anthropic`."""

    dialect, lacks = "Anthropic", ("stream",)

    def __init__(self, at: At) -> None:
        client = anthropic.Anthropic(base_url=at.url, api_key="unused", max_retries=0)
        self.create = instructor.from_anthropic(client).chat.completions.create

    def ask(self, model: str, **more: Any) -> Any:
        """An answer as an object."""
        return super().ask(model, max_tokens=256, **more)


ROWS = {"tools": ByTools, "JSON schema": BySchema, "from_anthropic": Anthropic}
