"""LLM's plug-in for Ollama, which asks the server once, when LLM first looks for models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import llm

from clients.case import At
from clients.python.llm_models import Chat

PACKAGE = "llm-ollama"
DIALECT = "Ollama"


class Ollama(Chat):
    """Models that the gateway lists; LLM itself says that it does not know another."""

    lacks = ("error",)

    def __init__(self, at: At) -> None:
        super().__init__(at)
        folder = Path(os.environ["HOME"], "ollama")
        folder.mkdir(exist_ok=True)
        os.environ.update(OLLAMA_HOST=at.url, LLM_USER_PATH=str(folder))

    def model(self, name: str) -> Any:
        """A model of the gateway."""
        return llm.get_model(f"ollama/{name}")


ROWS = {"llm-ollama": Ollama}
