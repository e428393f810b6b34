"""A figure from several runs, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Final

RUNS: Final = 5
_T: Final = 2.776  # of Student's distribution, 97.5 %, RUNS - 1 degrees of freedom


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over runs.

    Attributes:
        value: The mean.
        low: The lower end of its 95 % interval, at least 0.
        high: The upper end.
    """

    value: float
    low: float
    high: float


def estimated(values: Sequence[float]) -> Interval:
    """From `RUNS` independent runs, with Student's t."""
    if len(values) != RUNS:
        raise ValueError(f"{len(values)} runs instead of {RUNS}")
    mean = fmean(values)
    half = _T * stdev(values) / sqrt(RUNS)
    return Interval(mean, max(0.0, mean - half), mean + half)
