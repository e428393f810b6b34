"""gearshift sends each LLM request to the smallest model that can answer it well."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gearshift.client.answer import Answer, AnswerStream
    from gearshift.client.embeddings import Embeddings
    from gearshift.config.loading import Settings, load_settings
    from gearshift.errors import ConfigError, GearshiftError, RequestError, UpstreamError
    from gearshift.interface import LLMInterface
    from gearshift.serving.serve import serve
    from gearshift.tiered_routing import (
        ComplexityResult,
        TaskComplexityScorer,
        TierConfig,
        TieredModelRouter,
        TierLogging,
        TierModels,
    )
    from gearshift.types import Chunk, Decision

    __version__: str

# Loaded when first asked for: whoever only scores need not wait for the HTTP library.
_HOMES = {
    "Answer": "client.answer",
    "AnswerStream": "client.answer",
    "Chunk": "types",
    "ComplexityResult": "tiered_routing",
    "ConfigError": "errors",
    "Decision": "types",
    "Embeddings": "client.embeddings",
    "GearshiftError": "errors",
    "LLMInterface": "interface",
    "RequestError": "errors",
    "Settings": "config.loading",
    "TaskComplexityScorer": "tiered_routing",
    "TierConfig": "tiered_routing",
    "TierLogging": "tiered_routing",
    "TierModels": "tiered_routing",
    "TieredModelRouter": "tiered_routing",
    "UpstreamError": "errors",
    "load_settings": "config.loading",
    "serve": "serving.serve",
}

__all__ = [
    "Answer",
    "AnswerStream",
    "Chunk",
    "ComplexityResult",
    "ConfigError",
    "Decision",
    "Embeddings",
    "GearshiftError",
    "LLMInterface",
    "RequestError",
    "Settings",
    "TaskComplexityScorer",
    "TierConfig",
    "TierLogging",
    "TierModels",
    "TieredModelRouter",
    "UpstreamError",
    "load_settings",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":  # reading it takes longer than importing all of this
        from importlib.metadata import version

        return version("gearshift")
    if name not in _HOMES:
        raise AttributeError(f"module 'gearshift' has no attribute {name!r}")
    return getattr(import_module(f"gearshift.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
