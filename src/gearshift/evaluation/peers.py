"""Scorers of other projects, from their own packages, for comparison; nothing of theirs is here."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from gearshift.errors import GearshiftError

ScoreText = Callable[[str], float]


def litellm_rule() -> ScoreText:
    """The score of LiteLLM's complexity router, its settings untouched.

    Raises:
        GearshiftError: The package is not installed, or has changed.
    """
    router = _litellm().ComplexityRouter("probe", None)
    return lambda text: float(router.classify(text)[1])


def litellm_fitted() -> ScoreText:
    """LiteLLM's fitted `heuristic_v2`: how unlikely it is that its lowest tier suffices.

    Raises:
        GearshiftError: The package is not installed, or has changed.
    """
    module = _litellm()
    predictor = module.TierSuccessPredictor(module.resolve_tier_artifact("ultrafeedback"))

    def score(text: str) -> float:
        prediction = predictor.predict(text, module.classify_prompt(text))
        return 1.0 - float(prediction.probabilities[1])

    return score


def peer_versions() -> dict[str, str]:
    """The peers that are installed."""
    try:
        return {"LiteLLM": version("litellm")}
    except ModuleNotFoundError:
        return {}


def _litellm() -> Any:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # no download of prices
    try:
        from litellm.router_strategy.complexity_router import complexity_router
    except ImportError as error:
        raise GearshiftError(
            "LiteLLM's scorer needs its package (pip install litellm); `make eval` has it in an "
            f"environment of its own: {error}"
        ) from error
    return complexity_router
