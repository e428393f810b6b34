"""The vendors' clients, imported when first used: every test process collects every file."""

import importlib.util
import sys
from types import ModuleType
from typing import TYPE_CHECKING


def _lazily(name: str) -> ModuleType:
    """The module, which runs once somebody asks it for something."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    import anthropic
    import ollama
    import openai
else:
    anthropic, ollama, openai = map(_lazily, ("anthropic", "ollama", "openai"))

__all__ = ["anthropic", "ollama", "openai"]
