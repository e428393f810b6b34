import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.offline.exact import ExactSum

NUMBERS = st.floats(-1e300, 1e300)


def test_nothing_is_lost():
    assert float(ExactSum.of([1e100, 1.0, -1e100, 5e-324])) == 1.0
    assert float(ExactSum.of([5e-324])) == 5e-324
    assert float(ExactSum()) == 0.0


@given(st.lists(NUMBERS, max_size=30), st.randoms(), st.integers(1, 6))
def test_no_order_and_no_grouping_matters(values, random, groups):
    shuffled = random.sample(values, len(values))
    parts = [ExactSum.of(shuffled[first::groups]) for first in range(groups)]
    total = sum(random.sample(parts, groups), ExactSum())
    assert total == ExactSum.of(values)
    assert float(total) == math.fsum(values)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_a_mean_is_rounded_once(values):
    exact = sum(map(Fraction, values)) / len(values)
    assert ExactSum.of(values).mean(len(values)) == float(exact)


def test_nothing_has_no_mean():
    assert ExactSum().mean(0) is None


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_only_numbers_can_be_summed(value):
    with pytest.raises((OverflowError, ValueError)):
        ExactSum.of([value])
