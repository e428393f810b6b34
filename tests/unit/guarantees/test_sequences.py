"""Tests that may be looked at after every observation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gearshift.guarantees.arms import ArmData, find, in_words
from gearshift.guarantees.sequences import counts_p_value, difference, greatest_wealth

OUTCOMES = arrays(np.float64, st.integers(0, 60), elements=st.sampled_from([0.0, 0.5, 1.0]))


def outcomes(rate, count, seed=1):
    return (np.random.default_rng(seed).random(count) < rate).astype(np.float64)


@given(OUTCOMES, OUTCOMES)
def test_any_outcomes_give_an_interval_around_their_difference(first, second):
    found = difference(first, second, 0.05)
    low, high = found.ci
    assert -1 <= low <= high <= 1
    assert 0 <= found.p_value <= 1
    if found.estimate is not None:
        assert low <= found.estimate <= high


@given(OUTCOMES, OUTCOMES)
def test_the_second_against_the_first_is_the_first_against_the_second(first, second):
    one, other = difference(first, second, 0.05), difference(second, first, 0.05)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.ci == pytest.approx((-other.ci[1], -other.ci[0]))


def test_wealth_does_not_fall_with_time_and_is_one_without_evidence():
    wealth = greatest_wealth(np.full(50, 0.5), 0.5, is_up=True)
    assert np.allclose(wealth, 1.0)
    assert (np.diff(greatest_wealth(outcomes(0.5, 500), 0.5, is_up=True)) >= 0).all()


def test_a_real_difference_is_found_with_its_sign():
    found = difference(outcomes(0.1, 3_000), outcomes(0.2, 3_000, seed=2), 0.05)
    assert found.p_value < 0.001
    assert found.p_greater < 0.001
    assert 0.0 < found.ci[0] < 0.1 < found.ci[1]


def test_no_difference_is_rarely_found_however_often_one_looks():
    alarms = 0
    for seed in range(300):
        gaps = outcomes(0.2, 1_000, seed) - outcomes(0.2, 1_000, 10_000 + seed)
        wealth = max(greatest_wealth((gaps + 1) / 2, 0.5, is_up=up)[-1] for up in (True, False))
        alarms += wealth >= 2 / 0.05
    assert alarms <= 15


def test_either_side_of_an_interval_has_half_of_alpha():
    """A wealth between 1 and 2 over alpha is enough for one side alone, so not for this."""
    first, second, alpha = np.zeros(200), np.ones(200), 0.05
    wealth = greatest_wealth((second - first + 1) / 2, 0.5, is_up=True)
    enough = int(np.flatnonzero(wealth >= 2 / alpha)[0]) + 1
    nearly = int(np.flatnonzero(wealth >= 1 / alpha)[0]) + 1
    assert nearly < enough
    assert difference(first[:nearly], second[:nearly], alpha).ci[0] < 0.0
    assert difference(first[: enough + 2], second[: enough + 2], alpha).ci[0] >= -0.02
    assert difference(first[:nearly], second[:nearly], alpha).p_value > alpha


def test_an_arm_that_is_worse_is_named_and_one_that_is_better_too():
    arms = [
        ArmData("control", 3_000, outcomes(0.2, 3_000)),
        ArmData("worse", 3_000, outcomes(0.35, 3_000, seed=2)),
        ArmData("better", 3_000, outcomes(0.05, 3_000, seed=3)),
    ]
    finding = find(arms, 0.05)
    assert finding.harmed_by == ("worse",)
    assert [one.is_better for one in finding.compared] == [False, True]
    words = in_words(finding, "bad answers")
    assert "worse has more bad answers than control" in words
    assert "better has fewer bad answers than control" in words


def test_a_wrong_division_is_noticed_and_a_fair_one_is_not():
    assert counts_p_value(np.array([500.0, 700.0]), np.array([0.5, 0.5])) < 0.001
    assert counts_p_value(np.array([600.0, 610.0]), np.array([0.5, 0.5])) > 0.1
    arms = [ArmData("a", 500, outcomes(0.1, 50)), ArmData("b", 700, outcomes(0.1, 50))]
    finding = find(arms, 0.05)
    assert finding.is_ratio_wrong
    assert "do not trust" in in_words(finding, "bad answers")


def test_it_is_too_early_to_say_anything_of_few():
    finding = find([ArmData("a", 5, outcomes(0.1, 5)), ArmData("b", 5, outcomes(0.1, 5))], 0.05)
    assert in_words(finding, "bad answers") == "too early: 5 outcomes in the smallest arm"
