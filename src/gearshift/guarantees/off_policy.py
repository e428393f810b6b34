"""What quality another threshold would have had, from single answers and a little exploration.

Of every request only the answer that was given is known. Where a share of the requests near the
threshold went to its other side, those stand for the ones that would have been moved: by
self-normalised inverse propensities (Swaminathan and Joachims 2015), and with a model of the
rewards that only has to be right where the propensities are wrong (doubly robust: Dudik, Langford
and Li 2011, arXiv 1103.4601; cross-fitted: Chernozhukov et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gearshift.extras import extra
from gearshift.guarantees.p_values import Floats
from gearshift.guarantees.replay import NO_SUPPORT, Quality

with extra("quality", "an estimate with its interval"):
    from scipy.special import stdtrit

DOUBLY_ROBUST: Final = "doubly robust"
SNIPS: Final = "snips"
_FEWEST: Final = 100
_FEWEST_MOVED: Final = 20
_FOLDS: Final = 2
_RIDGE: Final = 1.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Single:
    """Requests of which one answer is known, in the order in which they came.

    Attributes:
        scores: 0-10.
        is_small: Whether the small model answered.
        propensity: The chance with which the request went where it went, above 0.
        rewards: How good the answer was, 0-1.
    """

    scores: Floats
    is_small: Bools
    propensity: Floats
    rewards: Floats

    def wanted(self, threshold: float) -> Bools:
        """Which would have gone to the small model."""
        return np.asarray(self.scores < threshold)


def has_support(single: Single, threshold: float) -> bool:
    """Whether exploration reaches every request that the threshold would move.

    Each kind of request that would be moved must have had a chance to go there, and enough of
    them must have gone.
    """
    wanted = single.wanted(threshold)
    is_other = wanted != single.is_small
    if len(wanted) < _FEWEST or bool(np.any(is_other & (single.propensity >= 1.0))):
        return False
    # An even chance makes a request one that would be moved, or one that stands in for those.
    is_moved = is_other & (single.propensity >= 0.5)
    stands_in = ~is_other & (single.propensity <= 0.5)
    return not is_moved.any() or int(stands_in.sum()) >= _FEWEST_MOVED


def doubly_robust(single: Single, threshold: float, *, level: float = 0.95) -> Quality:
    """The mean reward at a threshold, with a model of the rewards by score."""
    if not has_support(single, threshold):
        return Quality(None, None, NO_SUPPORT, len(single.scores))
    wanted = single.wanted(threshold)
    expected, residual = _modelled(single, wanted)
    is_same = wanted == single.is_small
    each = expected + np.where(is_same, residual / single.propensity, 0.0)
    return _interval(each, DOUBLY_ROBUST, level)


def snips(single: Single, threshold: float, *, level: float = 0.95) -> Quality:
    """The mean reward at a threshold, from the answers that agree with it alone."""
    if not has_support(single, threshold):
        return Quality(None, None, NO_SUPPORT, len(single.scores))
    is_same = single.wanted(threshold) == single.is_small
    weights = np.where(is_same, 1.0 / single.propensity, 0.0)
    mean = float(weights @ single.rewards / weights.sum())
    # The ratio's influence function, so that its uncertainty is that of a mean.
    each = mean + weights * (single.rewards - mean) / weights.mean()
    return _interval(each, SNIPS, level)


def _interval(each: Floats, method: str, level: float) -> Quality:
    n = len(each)
    mean = float(each.mean())
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * float(each.std(ddof=1)) / sqrt(n)
    ci = (max(0.0, mean - half), min(1.0, mean + half))
    return Quality(min(1.0, max(0.0, mean)), ci, method, n)


def _modelled(single: Single, wanted: Bools) -> tuple[Floats, Floats]:
    """Expected rewards where requests are wanted, and how far their own were from expectation.

    Every request by a model that has not seen it.
    """
    expected, residual = np.zeros(len(wanted)), np.zeros(len(wanted))
    fold = np.arange(len(wanted)) % _FOLDS
    for number in range(_FOLDS):
        inside, outside = fold == number, fold != number
        for is_small in (True, False):
            model = _fitted(single, outside & (single.is_small == is_small))
            here = inside & (wanted == is_small)
            expected[here] = _predicted(model, single.scores[here])
            own = inside & (single.is_small == is_small)
            residual[own] = single.rewards[own] - _predicted(model, single.scores[own])
    return expected, residual


def _fitted(single: Single, which: Bools) -> Floats:
    """A parabola over the score, drawn towards the mean."""
    rewards = single.rewards[which]
    if not len(rewards):
        return np.array([0.5, 0.0, 0.0])
    mean = rewards.mean()
    terms = _terms(single.scores[which])[:, 1:]
    centre = terms.mean(axis=0)
    scaled = terms - centre
    slopes = np.linalg.solve(scaled.T @ scaled + _RIDGE * np.eye(2), scaled.T @ (rewards - mean))
    return np.concatenate(([mean - centre @ slopes], slopes))


def _terms(scores: Floats) -> Floats:
    return np.column_stack((np.ones(len(scores)), scores / 10.0, (scores / 10.0) ** 2))


def _predicted(model: Floats, scores: Floats) -> Floats:
    return np.asarray(np.clip(_terms(scores) @ model, 0.0, 1.0))
