"""Which names stand for which classes; one line here adds a dialect, provider or scorer."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

DIALECTS: Final = {
    "openai": "gearshift.dialects.openai.dialect:OpenAIDialect",
    "ollama": "gearshift.dialects.ollama.dialect:OllamaDialect",
}

PROVIDERS: Final = {
    "ollama": "gearshift.providers.ollama:OllamaProvider",
    "openai": "gearshift.providers.openai_compatible:OpenAICompatibleProvider",
    "embedded": "gearshift.providers.embedded:EmbeddedProvider",
}

SCORERS: Final = {
    "rule": "gearshift.tiered_routing.complexity_scorer:TaskComplexityScorer",
    "learned": "gearshift.tiered_routing.learned_scorer:LearnedScorer",
}

JUDGES: Final = {
    "checks": "gearshift.quality.checks_judge:ChecksJudge",
    "model": "gearshift.quality.model_judge:ModelJudge",
}

PEERS: Final = {
    "litellm": "gearshift.evaluation.peers:litellm_rule",
    "litellm-v2": "gearshift.evaluation.peers:litellm_fitted",
}
"""Scorers of other projects that `evaluate` can measure where their packages are installed."""


def load(target: str) -> Any:
    """The object that `module:name` stands for.

    Raises:
        ImportError: There is no such module.
        AttributeError: The module has no such name.
    """
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
