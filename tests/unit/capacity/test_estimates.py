"""Intervals over runs."""

import numpy as np
import pytest

from gearshift.capacity.estimates import RUNS, estimated


def test_the_interval_holds_the_truth_as_often_as_it_says():
    runs = np.random.default_rng(1).normal(10.0, 2.0, (2_000, RUNS))
    found = [estimated(list(row)) for row in runs]
    assert np.mean([one.low <= 10.0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.015)


def test_times_are_never_negative():
    assert estimated([0.0, 0.0, 0.0, 0.0, 1.0]).low == 0.0


def test_runs_that_agree_leave_no_doubt():
    one = estimated([3.0] * RUNS)
    assert (one.value, one.low, one.high) == (3.0, 3.0, 3.0)


def test_another_number_of_runs_is_a_mistake():
    with pytest.raises(ValueError, match="4 runs instead of 5"):
        estimated([1.0] * 4)
