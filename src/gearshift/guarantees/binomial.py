"""The exact binomial: how likely so few losses are, and Clopper and Pearson's bounds of a share.

By the incomplete beta function, as everywhere, but without scipy.stats: that takes a second to
import, and thirty times as long for each value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gearshift.extras import extra

with extra("quality", "a guarantee"):
    from scipy.special import betaincc, betaincinv


def at_most(hits: Any, count: Any, share: float) -> NDArray[np.float64]:
    """The chance of so many hits or fewer among `count` draws, each a hit with chance `share`.

    Args:
        hits: Whole numbers from 0, single or in an array.
        count: The same, from 1.
        share: 0-1.

    Example:
        >>> float(at_most(1, 2, 0.5))
        0.75
    """
    is_sure = np.greater_equal(hits, count)
    below = np.where(is_sure, 0.0, hits)
    return np.where(is_sure, 1.0, betaincc(below + 1.0, count - below, share))


def lower_bound(hits: float, count: float, level: float) -> float:
    """What a share is above with chance 1 - `level`, after `hits` among `count` draws, 0-1.

    Example:
        >>> round(lower_bound(5, 10, 0.025), 3)
        0.187
    """
    return 0.0 if hits <= 0 else float(betaincinv(hits, count - hits + 1.0, level))


def upper_bound(hits: float, count: float, level: float) -> float:
    """What a share is below with chance 1 - `level`, after `hits` among `count` draws, 0-1.

    Example:
        >>> round(upper_bound(0, 59, 0.05), 3)
        0.05
    """
    return 1.0 if hits >= count else float(betaincinv(hits + 1.0, count - hits, 1.0 - level))
