"""LLM with the file that `gearshift launch llm` writes, from its Python interface."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import llm

from clients.case import ANSWER, PROMPTS, At, expect, expect_error
from gearshift.cli.launch_clients import CLIENTS, Target

PACKAGE = "llm"
DIALECT = "OpenAI"


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


class Chat:
    """`llm.get_model`."""

    def __init__(self, at: At) -> None:
        self.at = at

    def model(self, name: str) -> Any:
        """A model of a folder of our own."""
        folder = Path(os.environ["HOME"], name)
        pointed = CLIENTS["llm"].point(Target(self.at.url, name, False, str(folder)))
        folder.mkdir(exist_ok=True)
        for file, text in pointed.files.items():
            (folder / file).write_text(text, "utf-8")
        os.environ.update(pointed.variables)
        return llm.get_model(name)

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, self.model("auto").prompt(prompt, stream=False).text())

    def stream(self, at: At) -> None:
        """The same, piece by piece."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, "".join(self.model("auto").prompt(prompt)))

    def tools(self, at: At) -> None:
        """A chain of a call and its result."""
        said = "".join(self.model("scripted").chain("weather?", tools=[weather]))
        expect(said.strip(), ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.model("nobody").prompt("?").text())

    def cancel(self, at: At) -> None:
        """A stream that is left."""

        def leave() -> None:
            pieces = iter(self.model("endless").prompt("?"))
            next(pieces)
            pieces.close()
            del pieces
            gc.collect()  # or the SDK's own stream stays until the next time

        at.expect_stopped(leave)


ROWS = {"llm": Chat}
