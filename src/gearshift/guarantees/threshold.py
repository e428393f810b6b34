"""The cheapest threshold whose risk is kept with a stated confidence: Learn then Test.

Angelopoulos et al. 2021 (arXiv 2110.01052): every threshold of a fixed grid is a hypothesis "the
risk is above alpha", and the family is tested so that with probability 1 - delta none is rejected
wrongly. Whatever is rejected may be used; the highest sends most to the small model.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, log
from typing import Final

import numpy as np

from gearshift.guarantees import binomial
from gearshift.guarantees.p_values import Floats, divergence, is_even, p_value, upper_bound

GRID: Final = tuple(round(0.05 * step, 2) for step in range(1, 201))
"""Thresholds that are tried: fixed before any answer is judged."""

_STARTS: Final = (0.25, 0.5, 0.75, 1.0)
"""Shares of traffic at which a test begins, each with an equal part of delta.

Beginning at the safest threshold alone would spend everything where there is least data.
"""
_LEAST: Final = 1e-9
_MOST_NEEDED: Final = 10_000_000


class Risk(StrEnum):
    """What must be kept below alpha."""

    SMALL = "small"  # losses among the answers of the small model
    ANSWERS = "answers"  # losses of the small model among all answers
    GAP = "gap"  # mean of what the small model scores less, among its answers; gains count as 0


@dataclass(frozen=True, slots=True)
class JudgedScores:
    """Judged answers of the small model.

    Attributes:
        scores: 0-10 each, by the current scorer.
        losses: 0-1 each; 0 where the small model's answer was as good.
        weights: Inverse propensities; `None` where all were equally likely to be judged.
    """

    scores: Floats
    losses: Floats
    weights: Floats | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold that is safe.

    Attributes:
        threshold: Requests that score below it go to the small model.
        bound: Upper bound on its risk that holds with the stated confidence; at most alpha.
        share: Of the judged requests, the share below it.
        n: JudgedScores answers.
    """

    threshold: float
    bound: float
    share: float
    n: int


@dataclass(frozen=True, slots=True)
class NoSafeThreshold:
    """No threshold can be shown to be safe.

    Attributes:
        reason: In words.
        n: JudgedScores answers.
        needed: About how many would do if they are like these; `None` where more do not help.
    """

    reason: str
    n: int
    needed: int | None


@dataclass(frozen=True, slots=True)
class Promised:
    """A threshold whose hypothesis was rejected.

    Attributes:
        level: The part of delta that was spent on it.
    """

    threshold: float
    level: float


def choose(
    judged: JudgedScores, *, alpha: float, delta: float, risk: Risk
) -> Chosen | NoSafeThreshold:
    """The highest threshold whose risk is at most `alpha`, with confidence `1 - delta`.

    Args:
        judged: Independent requests of the traffic that the threshold is for.
        alpha: Risk that is accepted, above 0 and below 1.
        delta: Chance that the promise is wrong, above 0 and below 1.
        risk: What the risk is.
    """
    guarantee = promised(judged, alpha=alpha, delta=delta, risk=risk)
    if not guarantee:
        return refused(judged, alpha, delta, risk)
    best = guarantee[-1]
    losses, weights = _below(judged, best.threshold, risk)
    bound = min(alpha, upper_bound(losses, best.level, weights))
    share = share_below(judged, best.threshold)
    return Chosen(best.threshold, bound, share, len(judged.scores))


def promised(judged: JudgedScores, *, alpha: float, delta: float, risk: Risk) -> list[Promised]:
    """All thresholds whose risk is at most `alpha`, in ascending order.

    With confidence `1 - delta` that is true of every one of them at once, and of none beside
    them: a risk need not grow with the threshold, so what lies below one may be worse.

    Args:
        judged: As for `choose`.
        alpha: As for `choose`.
        delta: As for `choose`.
        risk: As for `choose`.
    """
    levels = _levels(judged, delta, risk)
    p_values = _exact_p_values(judged, alpha, risk)
    carried, safe = 0.0, []
    for number, threshold in enumerate(GRID):
        available = levels[number] + carried
        carried = 0.0
        if available < _LEAST:
            continue
        if p_values is None:
            losses, weights = _below(judged, threshold, risk)
            p = p_value(losses, alpha, weights)
        else:
            p = float(p_values[number])
        if p <= available:
            # Rejected: what it had is passed on to the next (the fallback procedure of Wiens).
            safe.append(Promised(threshold, available))
            carried = available
    return safe


def share_below(judged: JudgedScores, threshold: float) -> float:
    """Of all requests, the share that goes to the small model at a threshold."""
    is_small = judged.scores < threshold
    if judged.weights is None or not len(is_small):
        return float(is_small.sum()) / max(1, len(is_small))
    return float(judged.weights[is_small].sum() / judged.weights.sum())


def _exact_p_values(judged: JudgedScores, alpha: float, risk: Risk) -> Floats | None:
    """All of them at once, where losses are 0 or 1 and none weighs more than another."""
    if not (is_even(judged.weights) and np.isin(judged.losses, (0.0, 1.0)).all()):
        return None
    order = np.argsort(judged.scores)
    lost = np.concatenate(([0.0], np.cumsum(judged.losses[order])))
    below = np.searchsorted(judged.scores[order], GRID)
    trials = np.full(len(GRID), len(order)) if risk is Risk.ANSWERS else below
    exact = binomial.at_most(lost[below], np.maximum(trials, 1), alpha)
    return np.where(trials > 0, exact, 1.0)


def _levels(judged: JudgedScores, delta: float, risk: Risk) -> list[float]:
    """Where delta is spent: depends on scores, never on losses."""
    levels = [0.0] * len(GRID)
    if risk is Risk.ANSWERS:
        levels[0] = delta  # this risk only grows with the threshold: one start loses nothing
        return levels
    shares = [share_below(judged, threshold) for threshold in GRID]
    for start in _STARTS:
        first = min(int(np.searchsorted(shares, start - 1e-12)), len(GRID) - 1)
        levels[first] += delta / len(_STARTS)
    return levels


def _below(judged: JudgedScores, threshold: float, risk: Risk) -> tuple[Floats, Floats | None]:
    """The losses that a threshold's risk is the mean of, with their weights."""
    is_small = judged.scores < threshold
    if risk is Risk.ANSWERS:
        return np.where(is_small, judged.losses, 0.0), judged.weights
    weights = None if judged.weights is None else judged.weights[is_small]
    return judged.losses[is_small], weights


def refused(judged: JudgedScores, alpha: float, delta: float, risk: Risk) -> NoSafeThreshold:
    """Why nothing can be promised, and how many answers would do."""
    n = len(judged.scores)
    least = _least_needed(alpha, delta, risk)
    if n < least:
        reason = (
            f"{n} judged answers are too few to guarantee anything at this alpha and confidence"
        )
        return NoSafeThreshold(reason, n, _needed(judged, alpha, delta, risk) or least)
    needed = _needed(judged, alpha, delta, risk)
    if needed is None:
        reason = "at no threshold is the observed risk below alpha, so more answers will not help"
        return NoSafeThreshold(f"{reason}; a larger alpha or a better small model would", n, None)
    return NoSafeThreshold(
        "so few answers do not show that any threshold keeps the risk below alpha", n, needed
    )


def _least_needed(alpha: float, delta: float, risk: Risk) -> int:
    """Answers that are needed if none of them is a loss."""
    parts = 1 if risk is Risk.ANSWERS else len(_STARTS)
    return ceil(log(delta / parts) / log(1.0 - alpha))


def _needed(judged: JudgedScores, alpha: float, delta: float, risk: Risk) -> int | None:
    """Judged answers, if they are like these, with which the easiest threshold would pass."""
    parts = 1 if risk is Risk.ANSWERS else len(_STARTS)
    needed = []
    for threshold in GRID[9::10]:
        losses, _ = _below(judged, threshold, risk)
        if len(losses) < 5:
            continue
        mean = float(losses.mean())
        if mean < alpha:
            below = _passing(mean, alpha, delta / parts)
            needed.append(ceil(below * len(judged.scores) / len(losses)))
    return min(needed, default=None)


def _passing(mean: float, alpha: float, level: float) -> int:
    """Losses with this mean that are enough for a p-value of `level` (Chernoff's bound)."""
    return min(_MOST_NEEDED, ceil(-log(level) / max(divergence(mean, alpha), 1e-9)))
