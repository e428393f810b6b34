"""Tests that may be looked at after every observation."""

from math import comb

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import multinomial

from gearshift.guarantees.arms import ArmData, find, in_words
from gearshift.guarantees.sequences import counts_p_value, difference, greatest_wealth

OUTCOMES = arrays(np.float64, st.integers(0, 60), elements=st.sampled_from([0.0, 0.5, 1.0]))


def outcomes(rate, count, seed=1):
    return (np.random.default_rng(seed).random(count) < rate).astype(np.float64)


@example(np.zeros(34), np.repeat([0.0, 1.0], [2, 32]))  # the first rejected what they all say
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


def test_an_interval_ends_one_step_beyond_the_last_difference_that_is_rejected():
    """Bets at the very level reject; of a grid with 401 steps from -1 to 1."""
    bets = enumerate(greatest_wealth(np.ones(40), 0.75, is_up=True), 1)
    count, bet = next(one for one in bets if one[1] > 9 and 2.0 / (2.0 / one[1]) == one[1])
    first, second = np.zeros(count), np.ones(count)
    lows = [difference(first, second, 2.0 / bet * factor).ci[0] for factor in (0.999, 1.0, 1.001)]
    assert lows == pytest.approx([0.495, 0.5, 0.5])


def test_where_a_single_difference_is_left_it_is_that_and_its_neighbours():
    values = np.zeros(5_000)
    assert difference(values, values, 0.05).ci == pytest.approx((-0.005, 0.005))


def test_wealth_does_not_fall_with_time_and_is_one_without_evidence():
    wealth = greatest_wealth(np.full(50, 0.5), 0.5, is_up=True)
    assert np.allclose(wealth, 1.0)
    assert (np.diff(greatest_wealth(outcomes(0.5, 500), 0.5, is_up=True)) >= 0).all()


STAKES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def bets(values, mean, is_up):
    """The greatest wealth so far after each value, bet by bet."""
    worst = mean if is_up else 1 - mean
    wealths, found = [1.0] * len(STAKES), []
    for value in values:
        gain = value - mean if is_up else mean - value
        wealths = [
            wealth * (1 + stake / worst * gain)
            for wealth, stake in zip(wealths, STAKES, strict=True)
        ]
        found.append(max([sum(wealths) / len(wealths), *found[-1:]]))
    return found


@pytest.mark.parametrize("mean", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("is_up", [True, False])
def test_the_wealth_is_that_of_single_bets(mean, is_up):
    values = np.random.default_rng(4).choice([0.0, 0.25, 1.0], 30)
    found = greatest_wealth(values, mean, is_up=is_up)
    assert found == pytest.approx(bets(values, mean, is_up))


def test_what_cannot_be_is_ruined_and_what_must_be_is_not():
    assert greatest_wealth(np.array([0.0, 0.5]), 0.0, is_up=True)[0] == pytest.approx(1.0)
    assert greatest_wealth(np.array([0.0, 0.5]), 0.0, is_up=True)[1] > 1e6
    assert greatest_wealth(np.array([1.0, 0.5]), 1.0, is_up=False)[1] > 1e6
    assert np.isfinite(greatest_wealth(np.ones(5_000), 0.5, is_up=True)).all()


def test_the_numbers_of_a_comparison_are_those_of_its_bets():
    first, second = outcomes(0.3, 70), outcomes(0.6, 50, seed=2)
    found = difference(first, second, 0.05)
    halves = (second - first[:50] + 1) / 2
    p_greater, p_smaller = (min(1, 1 / bets(halves, 0.5, is_up)[-1]) for is_up in (True, False))
    assert found.pairs == 50
    assert found.estimate == pytest.approx(second.mean() - first[:50].mean())
    assert found.p_greater == pytest.approx(p_greater)
    assert found.p_value == pytest.approx(2 * p_greater)
    assert p_greater < p_smaller
    back = difference(second, first, 0.05)
    assert back.pairs == 50
    assert back.p_greater == pytest.approx(p_smaller)
    assert back.p_value == pytest.approx(2 * p_greater)


def test_what_was_never_rejected_is_inside_and_one_step_more():
    for seed, rates in enumerate(((0.1, 0.1), (0.2, 0.7), (0.9, 0.05))):
        first, second = outcomes(rates[0], 40, seed), outcomes(rates[1], 40, seed + 10)
        halves = (second - first + 1) / 2
        low, high = difference(first, second, 0.05).ci
        for end, is_up, step in ((low, True, 0.005), (high, False, -0.005)):
            last, kept = (1 + end) / 2, (1 + end + step) / 2
            assert bets(halves, kept, is_up)[-1] < 2 / 0.05 <= bets(halves, last, is_up)[-1]


def test_the_end_of_what_can_be_is_inside_where_nothing_speaks_against_it():
    ones, zeros = np.ones(60), np.zeros(60)
    assert difference(zeros, ones, 0.05).ci[1] == 1.0
    assert difference(ones, zeros, 0.05).ci[0] == -1.0


def test_where_every_difference_was_rejected_at_some_time_nothing_is_said():
    first = np.concatenate((np.zeros(100), np.ones(300)))
    assert difference(first, 1.0 - first, 0.05).ci == (-1.0, 1.0)


def test_without_pairs_nothing_is_known():
    for first, second in ((np.array([]), np.ones(9)), (np.ones(9), np.array([]))):
        assert difference(first, second, 0.05) == (None, (-1.0, 1.0), 1.0, 1.0, 0)
    one = difference(np.zeros(1), np.ones(1), 0.05)
    assert (one.estimate, one.pairs) == (1.0, 1)
    assert one.p_greater == pytest.approx(1 / (1 + np.mean(STAKES)))
    assert one.p_value == 1.0


@pytest.mark.parametrize("counts", [(0, 0), (4, 9), (0, 12), (3, 4, 9), (0, 0, 20)])
def test_counts_are_as_likely_as_against_any_division(counts):
    """The mixture gives every way to divide n units among k arms the same chance."""
    n, k = sum(counts), len(counts)
    shares = np.array([0.5, 0.5] if k == 2 else [0.2, 0.3, 0.5])
    expected = comb(n + k - 1, k - 1) * multinomial(n, shares).pmf(counts)
    found = counts_p_value(np.array(counts, dtype=float), shares)
    assert found == pytest.approx(min(1.0, expected))


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
