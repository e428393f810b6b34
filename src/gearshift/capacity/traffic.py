"""What the log says of arrivals: how many there are at the peak, how bursty, in which tier."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

_HOUR: Final = 3_600.0
_WINDOW: Final = 30.0  # seconds in which arrivals are counted, for their dispersion
_FEWEST_WINDOWS: Final = 20
_MOST_DISPERSION: Final = 100.0
_HOURS_OF_DAY: Final = 24


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of the log, in the order of their time; NaN where a number is not known.

    Attributes:
        time: When each began, in seconds since 1970.
        tier: The one that answered.
        deployment: The upstream and model that answered.
        score: 0-10.
        is_scored: Whether the score decides where it goes.
        is_hit: Whether the cache answered.
        is_clean: Whether its times say how long its deployment took: it succeeded at once, and
            its tokens are known.
        prompt: Tokens of the prompt that were read.
        completion: Tokens of the answer.
        seconds: The whole time.
        first: Until the first token, of streams.
    """

    time: Floats
    tier: NDArray[np.str_]
    deployment: NDArray[np.str_]
    score: Floats
    is_scored: Bools
    is_hit: Bools
    is_clean: Bools
    prompt: Floats
    completion: Floats
    seconds: Floats
    first: Floats

    def where(self, chosen: Bools) -> Traffic:
        """Some of them."""
        return Traffic(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When requests came.

    Attributes:
        mean: Requests per second over the whole span.
        peak: Requests per second in the busiest hour, or in the whole span if that is shorter.
        peak_start: When that began, in seconds since 1970.
        dispersion: Of the counts of half minutes in that hour, at least 1 (see `Workload`).
        by_hour_of_day: Requests per second in each hour of the day (UTC).
        span: Seconds from the first request to the last.
    """

    mean: float
    peak: float
    peak_start: float
    dispersion: float
    by_hour_of_day: tuple[float, ...]
    span: float


def arrivals(time: Floats) -> Arrivals:
    """What some requests, in the order of their time, say of their arrivals.

    Args:
        time: At least two, not all at once; seconds since 1970.
    """
    span = float(time[-1] - time[0])
    length = min(_HOUR, span)
    within = np.searchsorted(time, time + length, side="right") - np.arange(len(time))
    # A span that reaches beyond the last request would hold fewer than there were.
    within[time + length > time[-1] + 1e-9] = 0
    first = int(within.argmax())
    start = float(time[first])
    return Arrivals(
        len(time) / span,
        float(within[first]) / length,
        start,
        _dispersion(time[first : first + int(within[first])] - start, length),
        _by_hour_of_day(time),
        span,
    )


def _dispersion(offsets: Floats, length: float) -> float:
    windows = int(length // _WINDOW)
    if windows < _FEWEST_WINDOWS:
        return 1.0
    counts = np.bincount((offsets / _WINDOW).astype(np.int64), minlength=windows)[:windows]
    return float(np.clip(counts.var(ddof=1) / counts.mean(), 1.0, _MOST_DISPERSION))


def _by_hour_of_day(time: Floats) -> tuple[float, ...]:
    """Each hour's requests by how long the span was in it: a part of a day has empty hours."""
    hours = np.floor(time / _HOUR).astype(np.int64)
    all_hours = np.arange(hours[0], hours[-1] + 1)
    begins = np.maximum(all_hours * _HOUR, time[0])
    seconds = np.minimum((all_hours + 1) * _HOUR, time[-1]) - begins
    covered = np.bincount(all_hours % _HOURS_OF_DAY, seconds, _HOURS_OF_DAY)
    counted = np.bincount(hours % _HOURS_OF_DAY, minlength=_HOURS_OF_DAY)
    rates = np.divide(counted, covered, out=np.zeros(_HOURS_OF_DAY), where=covered > 60.0)
    return tuple(rates.tolist())
