"""Differences of two streams that may be looked at after every observation: anytime-valid tests.

A bet against "the mean difference is m" whose wealth is a martingale if that is true; by Ville's
inequality it ever exceeds 1/alpha with a chance of at most alpha, however often somebody looks
(Waudby-Smith and Ramdas 2020, arXiv 2010.09686). Bets of several sizes are made side by side.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, NamedTuple

import numpy as np

from gearshift.extras import extra
from gearshift.guarantees.p_values import Floats

with extra("quality", "the report of an experiment"):
    from scipy.special import gammaln

_STAKES: Final = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
"""Shares of the greatest stake that cannot be lost altogether."""
_GRID: Final = np.linspace(0.0, 1.0, 401)


class Sequence(NamedTuple):
    """What two streams say about the difference of their means, second less first.

    Attributes:
        estimate: Mean difference, -1 to 1; `None` without pairs.
        ci: An interval that holds at every time at once.
        p_value: Smallest level at which "no difference" was ever rejected, either way.
        p_greater: The same for "the second is not greater".
        pairs: Observations of each stream that were used.
    """

    estimate: float | None
    ci: tuple[float, float]
    p_value: float
    p_greater: float
    pairs: int


def difference(first: Floats, second: Floats, alpha: float) -> Sequence:
    """Compare the means of two streams.

    Args:
        first: 0-1 each, independent, in the order in which they came.
        second: The same; the n-th of one is paired with the n-th of the other.
        alpha: 1 less the confidence of the interval.
    """
    pairs = min(len(first), len(second))
    if not pairs:
        return Sequence(None, (-1.0, 1.0), 1.0, 1.0, 0)
    gaps = second[:pairs] - first[:pairs]
    halves = (gaps + 1.0) / 2.0
    up, down = (greatest_wealth(halves, 0.5, is_up=is_up)[-1] for is_up in (True, False))
    mean = float(gaps.mean())
    low, high = _interval(halves, alpha)
    p_greater, p_smaller = min(1.0, 1.0 / up), 1.0 / down
    p_value = min(1.0, 2 * min(p_greater, p_smaller))
    # Early outcomes may have rejected what all together say; widened, it holds all the more.
    ci = min(low, mean), max(high, mean)
    return Sequence(mean, ci, float(p_value), float(p_greater), pairs)


def greatest_wealth(values: Floats, mean: float, *, is_up: bool) -> Floats:
    """The greatest wealth so far, after each value, of bets that the mean is another one.

    Args:
        values: 0-1 each.
        mean: What is bet against.
        is_up: Bet that the mean is higher, else that it is lower.
    """
    gains = values - mean if is_up else mean - values
    worst = mean if is_up else 1.0 - mean  # the most that one value can cost for a stake of 1
    greatest = 1.0 / max(worst, 1e-9)
    logs = np.cumsum(np.log1p(np.outer(_STAKES * greatest, gains)), axis=1)
    wealth = np.exp(np.minimum(logs, 600.0)).mean(axis=0)
    return np.asarray(np.maximum.accumulate(wealth))


def _interval(halves: Floats, alpha: float) -> tuple[float, float]:
    """The differences that were never rejected, with half of alpha for either side."""

    def is_rejected(number: int, is_up: bool) -> bool:
        return bool(greatest_wealth(halves, _GRID[number], is_up=is_up)[-1] >= 2.0 / alpha)

    # The wealth of a bet on a higher mean only falls with the mean that it is against.
    numbers = range(len(_GRID))
    low = bisect_left(numbers, True, key=lambda number: not is_rejected(number, True))
    high = bisect_left(numbers, True, key=lambda number: is_rejected(number, False)) - 1
    if low > high:
        return -1.0, 1.0
    # The hypotheses beside the last that is rejected may still be true: take one step more.
    low, high = max(0, low - 1), min(len(_GRID) - 1, high + 1)
    return float(2 * _GRID[low] - 1), float(2 * _GRID[high] - 1)


def counts_p_value(counts: Floats, shares: Floats) -> float:
    """How likely counts like these are, at any time, if units were divided by `shares`.

    The Dirichlet mixture of Lindon and Malek 2020 (arXiv 2011.03567), which may be looked at
    after every unit too.

    Args:
        counts: Units of each arm.
        shares: What they should be, summing to 1.
    """
    prior = np.ones(len(counts))
    mixture = gammaln(prior.sum()) - gammaln(prior.sum() + counts.sum())
    mixture += float(np.sum(gammaln(prior + counts) - gammaln(prior)))
    expected = float(np.sum(counts * np.log(shares)))
    return float(np.exp(min(0.0, expected - mixture)))
