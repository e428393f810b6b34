"""Sums of floats that depend neither on order nor on grouping, so that parts can be merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SCALE: Final = 1074
"""Every finite float is a whole multiple of 2 to the power of minus this."""


@dataclass(frozen=True, slots=True)
class ExactSum:
    """A sum without any rounding.

    Attributes:
        units: The sum in units of the smallest float there is.

    Example:
        >>> parts = ExactSum.of([1e100, 1.0]) + ExactSum.of([-1e100])
        >>> float(parts)
        1.0
    """

    units: int = 0

    @classmethod
    def of(cls, values: Iterable[float]) -> ExactSum:
        """The sum of finite values.

        Raises:
            ValueError: One is not a number.
            OverflowError: One is infinite.
        """
        return cls(sum(map(_units, values)))

    def __add__(self, other: ExactSum) -> ExactSum:
        return ExactSum(self.units + other.units)

    def __float__(self) -> float:
        return self.units / (1 << _SCALE)

    def mean(self, count: int) -> float | None:
        """The mean of `count` values, rounded once; `None` of none."""
        return self.units / (count << _SCALE) if count else None


def _units(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SCALE + 1 - denominator.bit_length())
