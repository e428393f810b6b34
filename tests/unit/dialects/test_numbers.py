"""Whatever a server writes where a number belongs is one that can be added up."""

import pytest

from gearshift.dialects.numbers import count, seconds


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (0, 0), (-1, 0), (None, 0), (True, 0), ("3", 0), (2.0, 0), (2**70, 10**15)],
)
def test_counts(value, number):
    assert count(value) == number


@pytest.mark.parametrize(
    ("value", "units", "number"),
    [
        (1500, 1e3, 1.5),
        (2, 1.0, 2.0),
        (0, 1.0, 0.0),
        (-1, 1.0, 0.0),
        (None, 1.0, 0.0),
        (True, 1.0, 0.0),
        ("2", 1.0, 0.0),
        (float("nan"), 1.0, 0.0),
        (float("inf"), 1.0, 10**6),
    ],
)
def test_times(value, units, number):
    assert seconds(value, units) == number
