"""The vendors' clients, imported when first used: every test process collects every file."""

import importlib
from typing import TYPE_CHECKING, Any


class _Lazily:
    """A module that is imported once somebody asks it for something public.

    No module itself, for pytest asks whatever stands in a test file for private attributes.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


if TYPE_CHECKING:
    import anthropic
    import ollama
    import openai
else:
    anthropic, ollama, openai = map(_Lazily, ("anthropic", "ollama", "openai"))

__all__ = ["anthropic", "ollama", "openai"]
