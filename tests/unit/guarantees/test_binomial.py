"""The exact binomial is the one of scipy.stats, which is slower."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest

from gearshift.guarantees.binomial import at_most, lower_bound, upper_bound

COUNTS = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LEVELS = st.floats(0.001, 0.5)


@given(COUNTS, st.floats(0.001, 0.999))
def test_the_chance_of_so_few(pair, share):
    hits, count = pair
    expected = binom.cdf(hits, count, share)
    assert float(at_most(hits, count, share)) == pytest.approx(expected, rel=1e-9, abs=1e-200)


def test_many_at_once_are_each_by_itself():
    hits, counts = np.array([0.0, 3.0, 5.0, 5.0]), np.array([1, 9, 5, 5000])
    together = at_most(hits, counts, 0.1)
    assert list(together) == [
        float(at_most(hit, count, 0.1)) for hit, count in zip(hits, counts, strict=True)
    ]


@given(COUNTS, LEVELS)
def test_bounds_are_clopper_and_pearsons(pair, level):
    hits, count = pair
    low, high = lower_bound(hits, count, level), upper_bound(hits, count, level)
    if hits:
        assert low == pytest.approx(beta.ppf(level, hits, count - hits + 1))
    if hits < count:
        assert high == pytest.approx(beta.ppf(1 - level, hits + 1, count - hits))
    assert 0.0 <= low <= hits / count <= high <= 1.0


def test_two_bounds_make_the_interval_of_the_textbook():
    interval = binomtest(7, 50).proportion_ci(0.95, "exact")
    assert lower_bound(7, 50, 0.025) == pytest.approx(interval.low)
    assert upper_bound(7, 50, 0.025) == pytest.approx(interval.high)


def test_the_ends():
    assert (lower_bound(0, 9, 0.05), upper_bound(9, 9, 0.05)) == (0.0, 1.0)
    assert float(at_most(9, 9, 0.05)) == 1.0
