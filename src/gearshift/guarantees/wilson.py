"""Wilson's intervals for shares (1927), without numpy: the gateway's own process asks for them."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

_ONE_SIDED: Final = NormalDist().inv_cdf(0.95)
_TWO_SIDED: Final = NormalDist().inv_cdf(0.975)


def share_interval(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of a share of `count` observations, 0-1."""
    return _ends(share, count, _TWO_SIDED)


def lowest_share(hits: int, count: int) -> float:
    """What a share is at least, 95 % sure.

    >>> round(lowest_share(10, 100), 3)
    0.061
    """
    return _ends(hits / count, count, _ONE_SIDED)[0]


def _ends(share: float, count: float, z: float) -> tuple[float, float]:
    middle = share + z * z / (2 * count)
    half = z * sqrt(max(0.0, share * (1 - share)) / count + (z / (2 * count)) ** 2)
    width = 1 + z * z / count
    return max(0.0, (middle - half) / width), min(1.0, (middle + half) / width)
