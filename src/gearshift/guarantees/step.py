"""One step of a threshold that moves by itself, never to one that is not promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gearshift.guarantees.p_values import p_value
from gearshift.guarantees.threshold import JudgedScores, Promised

STEP: Final = 0.25
"""Points of score that the threshold rises at most."""
_NEWEST: Final = 4
"""The newest of so many parts of the answers can take a promise back."""


def next_threshold(now: float, promised: Sequence[Promised]) -> float:
    """The threshold to go on with: the highest that is promised, at most a step above this one.

    Every active threshold has to be promised itself, because a risk need not grow with the
    threshold: down goes at once, and up over a gap wider than a step not at all. Where nothing so
    low is promised it is the lowest that is; where nothing is promised, 0: everything goes to the
    large model.
    """
    thresholds = sorted(promise.threshold for promise in promised)
    reached = [threshold for threshold in thresholds if threshold <= now + STEP + 1e-9]
    if reached:
        return reached[-1]
    return thresholds[0] if thresholds else 0.0


def still_true(
    promised: Sequence[Promised], judged: JudgedScores, *, alpha: float, delta: float
) -> list[Promised]:
    """Those that the newest answers do not contradict: traffic may have changed since the oldest.

    Args:
        promised: By all answers.
        judged: All answers, the oldest first.
        alpha: As it was promised.
        delta: Chance of taking back a promise that is true.
    """
    begin = len(judged.scores) - len(judged.scores) // _NEWEST
    weights = None if judged.weights is None else judged.weights[begin:]
    newest = JudgedScores(judged.scores[begin:], judged.losses[begin:], weights)
    level = delta / max(1, len(promised))
    return [
        promise for promise in promised if not _is_broken(newest, promise.threshold, alpha, level)
    ]


def _is_broken(judged: JudgedScores, threshold: float, alpha: float, level: float) -> bool:
    is_small = judged.scores < threshold
    weights = None if judged.weights is None else judged.weights[is_small]
    # That the mean of the losses is above alpha is that of their complements being below its.
    return p_value(1.0 - judged.losses[is_small], 1.0 - alpha, weights) <= level
