"""What quality another threshold would have had, from requests whose both answers were judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gearshift.guarantees.wilson import share_interval

Floats = NDArray[np.float64]

DIRECT: Final = "direct"
NO_SUPPORT: Final = "no support"
_FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Both:
    """Requests whose small and large answers were both judged.

    Attributes:
        scores: By the current scorer, 0-10.
        weak: The small model's, 0-1.
        strong: The large model's, 0-1.
        weights: Inverse propensities of being judged.
    """

    scores: Floats
    weak: Floats
    strong: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean quality, 0-1.

    Attributes:
        estimate: `None` without support.
        ci: Its 95 % interval.
        method: `direct` or `no support`.
        n: Judged requests behind it.
    """

    estimate: float | None
    ci: tuple[float, float] | None
    method: str
    n: int


def quality_at(both: Both, threshold: float) -> Quality:
    """The mean quality of all traffic if `threshold` had been active.

    Direct: of every judged request it is known what either model would have answered, so no model
    of outcomes is needed. The estimate is weighted by the inverse propensities (Hajek), the
    interval is Wilson's (1927) at the effective sample size; for scores between 0 and 1 it is
    wider than need be, never narrower.
    """
    n = len(both.scores)
    if n < _FEWEST:
        return Quality(None, None, NO_SUPPORT, n)
    quality = np.where(both.scores < threshold, both.weak, both.strong)
    total = float(both.weights.sum())
    mean = float(both.weights @ quality) / total
    effective = total * total / float(both.weights @ both.weights)
    return Quality(mean, share_interval(mean, effective), DIRECT, n)
