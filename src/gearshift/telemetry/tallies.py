"""Tallies: counts kept in plain numbers until somebody reads them, then given to Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from prometheus_client import Histogram


class BulkHistogram(Histogram):
    """A histogram that takes many observations at once, which the library has no way for.

    It does what the library's `observe` does, only with numbers other than 1.
    """

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add observations.

        Args:
            counts: How many fell into each bucket, the one without bound last.
            total: Their sum.
        """
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


class HistogramTally:
    """Observations of one histogram since it was last read; a tenth of the cost of `observe`."""

    __slots__ = ("_bounds", "_counts", "_histogram", "_total")

    def __init__(self, histogram: BulkHistogram, bounds: Sequence[float]) -> None:
        self._histogram: Final = histogram
        self._bounds: Final = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        """Note one observation."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def flush(self) -> None:
        """Give everything noted to the histogram."""
        if any(self._counts):
            self._histogram.add(self._counts, self._total)
            self._counts = [0] * len(self._counts)
            self._total = 0.0
