"""P-values for "the mean loss is above alpha": small ones mean that the risk is kept.

Each is valid at any number of losses, without approximation: exact binomial for losses of 0 or 1,
Hoeffding-Bentkus for losses between (Bates et al. 2021, arXiv 2101.02703), and a bet against the
hypothesis where losses carry weights (Waudby-Smith and Ramdas 2020, arXiv 2010.09686).
"""

from __future__ import annotations

from math import ceil, e, exp, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gearshift.guarantees import binomial

Floats = NDArray[np.float64]

_BETS: Final = (0.1, 0.25, 0.5, 0.75)
"""Shares of the greatest possible stake that are bet side by side."""


def p_value(losses: Floats, alpha: float, weights: Floats | None = None) -> float:
    """How likely losses like these are, at most, if their mean is above `alpha`.

    Args:
        losses: 0-1 each, independent draws in the order in which they came.
        alpha: 0-1.
        weights: Inverse sampling propensities, above 0 and known before the loss was; `None`
            where all draws had the same chance.

    Returns:
        0-1; 1 without losses.
    """
    if not len(losses):
        return 1.0
    if weights is not None and not is_even(weights):
        return _bet(losses, alpha, weights)
    if np.isin(losses, (0.0, 1.0)).all():
        return float(binomial.at_most(losses.sum(), len(losses), alpha))
    return hoeffding_bentkus(float(losses.mean()), len(losses), alpha)


def is_even(weights: Floats | None) -> bool:
    """Whether all draws had the same chance."""
    return weights is None or not len(weights) or bool(np.allclose(weights, weights[0]))


def hoeffding_bentkus(mean: float, count: int, alpha: float) -> float:
    """The smaller of two bounds on the chance that the mean of `count` losses is so low."""
    if mean >= alpha:
        return 1.0
    bentkus = e * float(binomial.at_most(ceil(count * mean), count, alpha))
    return min(1.0, bentkus, exp(-count * divergence(mean, alpha)))


def divergence(mean: float, alpha: float) -> float:
    """Kullback and Leibler's, between two coins, in nats."""
    first = 0.0 if mean == 0.0 else mean * log(mean / alpha)
    second = 0.0 if mean == 1.0 else (1.0 - mean) * log((1.0 - mean) / (1.0 - alpha))
    return first + second


def _bet(losses: Floats, alpha: float, weights: Floats) -> float:
    """The inverse of the greatest wealth of bets that losses stay below alpha (Ville)."""
    most = float(weights.max())
    gains = weights / most * (alpha - losses)  # mean at most 0 under the hypothesis
    greatest = 1.0 / (1.0 - alpha) if alpha < 1.0 else 1.0
    wealth = np.zeros(len(losses))
    for share in _BETS:
        wealth += np.cumprod(1.0 + share * greatest * gains) / len(_BETS)
    return float(1.0 / max(1.0, wealth.max()))


def upper_bound(losses: Floats, level: float, weights: Floats | None = None) -> float:
    """The smallest risk that these losses rule out at `level`, 0-1.

    Clopper and Pearson's for losses of 0 or 1 and equal weights; else the p-value inverted.
    """
    if not len(losses):
        return 1.0
    if is_even(weights) and np.isin(losses, (0.0, 1.0)).all():
        return binomial.upper_bound(float(losses.sum()), len(losses), level)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if p_value(losses, middle, weights) <= level else (middle, high)
    return high
