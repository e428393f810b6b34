"""Exploration: a small share of the requests near the threshold goes to its other side."""

from __future__ import annotations

from collections.abc import Sequence

from gearshift.config.sections.quality import QualitySettings
from gearshift.planning.decision_ids import exploration_hash
from gearshift.tiered_routing.complexity_scorer import ComplexityResult


def other_side(
    result: ComplexityResult, tiers: Sequence[str], settings: QualitySettings
) -> str | None:
    """The tier on the other side of the threshold that is near; `None` where none is.

    Args:
        result: The score.
        tiers: All names, the smallest first.
        settings: How near is near.
    """
    if settings.explore_share <= 0:
        return None
    if abs(result.score - result.threshold) > settings.explore_band:
        return None
    other = tiers.index(result.tier) + (-1 if result.score >= result.threshold else 1)
    return tiers[other] if 0 <= other < len(tiers) else None


def is_explored(decision_id: str, settings: QualitySettings) -> bool:
    """Decided by the decision's own randomness, so that it can be checked later."""
    return exploration_hash(decision_id) < settings.explore_share
