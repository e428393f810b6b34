"""Exploration: a small share of the requests near the threshold goes to its other side."""

from __future__ import annotations

from typing import NamedTuple

from gearshift.decision_ids import second_draw
from gearshift.settings_quality import QualitySettings
from gearshift.tiered_routing.complexity_scorer import ComplexityResult


class Side(NamedTuple):
    """Where a request near the threshold goes.

    Attributes:
        other_tier: The tier on the other side, if it is sent there.
        propensity: The chance with which it goes where it goes.
    """

    other_tier: str | None
    propensity: float


def side_of(decision_id: str, result: ComplexityResult, settings: QualitySettings) -> Side:
    """Decide by the decision's own randomness, so that it can be checked later."""
    share = settings.explore_share
    if share <= 0 or abs(result.score - result.threshold) > settings.explore_band:
        return Side(None, 1.0)
    names = [name for name, _ in result.bounds]
    position = names.index(result.tier)
    other = position - 1 if result.score >= result.threshold else position + 1
    if second_draw(decision_id) >= share or not 0 <= other < len(names):
        return Side(None, 1.0 - share)
    return Side(names[other], share)
