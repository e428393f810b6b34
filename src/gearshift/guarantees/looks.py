"""Shares that are looked at all the time: what counts as shown, without numpy.

A bet against "the share is at most this" whose wealth falls in the mean while that is true, so that
it ever exceeds 1/level with a chance of at most level (Ville; Waudby-Smith and Ramdas 2020, arXiv
2010.09686). It depends on counts alone, and several sizes of bets are made side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log1p
from typing import Final, NamedTuple

_STAKES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Shares of the greatest stake that cannot be lost altogether."""
_MOST: Final = 700.0
_HALVINGS: Final = 30


class Count(NamedTuple):
    """Observations that were sampled with the same probability.

    Attributes:
        hits: How many of them count.
        total: All of them.
        weight: Inverse of that chance.
    """

    hits: int
    total: int
    weight: float = 1.0


def evidence(counts: Sequence[Count], limit: float) -> float:
    """The wealth, 0 or more, of bets that the share is above `limit` (0-1); 1 without counts."""
    if limit <= 0.0:
        return inf if any(count.hits for count in counts) else 1.0
    heaviest = max((count.weight for count in counts), default=1.0)
    wealth = 0.0
    for stake in _STAKES:
        logs = 0.0
        for count in counts:
            part = stake * count.weight / heaviest
            logs += count.hits * log1p(part * (1.0 - limit) / limit)
            logs += (count.total - count.hits) * log1p(-part)
        wealth += exp(min(logs, _MOST)) / len(_STAKES)
    return wealth


def shown_at_least(counts: Sequence[Count], limit: float, level: float) -> float | None:
    """What the share is at least, if it is shown to be above `limit`; else `None`.

    Args:
        counts: Of all observations so far.
        limit: 0-1.
        level: Chance that this is ever wrong, however often it is asked for.
    """
    if evidence(counts, limit) < 1.0 / level:
        return None
    low, high = limit, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if evidence(counts, middle) >= 1.0 / level else (low, middle)
    return low
