from dataclasses import astuple
from math import ceil, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import rel_entr
from scipy.stats import beta
from simulations.thresholds import _cell, cells
from simulations.worlds import WORLDS

from gearshift.guarantees.p_values import p_value, upper_bound
from gearshift.guarantees.threshold import (
    GRID,
    Chosen,
    JudgedScores,
    NoSafeThreshold,
    Risk,
    _levels,
    choose,
    promised,
    refused,
    share_below,
)


def judged(count, loss, seed=0):
    random = np.random.default_rng(seed)
    scores = random.random(count) * 10
    return JudgedScores(scores, (random.random(count) < loss(scores)).astype(float))


def test_a_clear_border_is_found():
    found = choose(
        judged(2_000, lambda s: np.where(s < 6, 0.01, 0.6)), alpha=0.1, delta=0.05, risk=Risk.SMALL
    )
    assert isinstance(found, Chosen)
    assert 6.0 <= found.threshold <= 7.5
    assert found.bound <= 0.1
    assert found.share == pytest.approx(found.threshold / 10, abs=0.05)


def test_a_looser_promise_never_sends_less():
    data = judged(1_000, lambda s: s / 20)
    thresholds = []
    for alpha in (0.1, 0.2, 0.3):
        found = choose(data, alpha=alpha, delta=0.05, risk=Risk.ANSWERS)
        thresholds.append(found.threshold if isinstance(found, Chosen) else 0.0)
    assert thresholds == sorted(thresholds)


@pytest.mark.parametrize("count", [0, 1, 10, 40])
def test_too_few_are_refused_with_how_many_are_needed(count):
    found = choose(judged(count, np.zeros_like), alpha=0.05, delta=0.05, risk=Risk.SMALL)
    assert isinstance(found, NoSafeThreshold)
    assert "too few" in found.reason
    assert found.needed is not None
    assert found.needed > count
    enough = judged(found.needed + 5, np.zeros_like)
    assert isinstance(choose(enough, alpha=0.05, delta=0.05, risk=Risk.SMALL), Chosen)


def test_where_more_answers_do_not_help_it_says_so():
    found = choose(
        judged(3_000, lambda s: np.full_like(s, 0.5)), alpha=0.05, delta=0.05, risk=Risk.SMALL
    )
    assert isinstance(found, NoSafeThreshold)
    assert found.needed is None
    assert "not help" in found.reason


@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("count", [0, 3, 400])
def test_delta_is_spent_once(risk, count):
    levels = _levels(judged(count, np.zeros_like), 0.05, risk)
    assert sum(levels) == pytest.approx(0.05)


def test_tied_scores_go_together():
    scores = np.repeat([0.0, 2.0, 5.0], 400)
    losses = np.concatenate((np.zeros(800), np.ones(400)))
    found = choose(JudgedScores(scores, losses), alpha=0.1, delta=0.05, risk=Risk.SMALL)
    assert isinstance(found, Chosen)
    assert 2.0 < found.threshold <= 5.0
    assert found.share == pytest.approx(2 / 3)


def test_weights_undo_uneven_sampling():
    random = np.random.default_rng(2)
    scores = random.random(6_000) * 10
    losses = (random.random(6_000) < np.where(scores < 5, 0.02, 0.5)).astype(float)
    propensity = np.where(scores < 5, 0.1, 0.9)
    kept = random.random(6_000) < propensity
    data = JudgedScores(scores[kept], losses[kept], 1 / propensity[kept])
    assert share_below(data, 5.0) == pytest.approx(0.5, abs=0.05)
    found = choose(data, alpha=0.1, delta=0.05, risk=Risk.SMALL)
    assert isinstance(found, Chosen)
    assert 4.0 < found.threshold < 6.0


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1)), max_size=60),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.5),
    st.sampled_from(Risk),
)
def test_any_judgements_have_an_answer(rows, alpha, delta, risk):
    data = JudgedScores(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
    found = choose(data, alpha=alpha, delta=delta, risk=risk)
    if isinstance(found, Chosen):
        assert found.threshold in GRID
        assert 0 <= found.bound <= alpha
        assert 0 <= found.share <= 1


@pytest.mark.parametrize("risk", [Risk.SMALL, Risk.ANSWERS])
def test_the_promise_is_kept_in_a_simulated_world(risk):
    steep = next(number for number, world in enumerate(WORLDS) if world.name == "steep")
    found = _cell((steep, risk, 0.1, 0.1, 500, False), 300)
    assert found.is_kept
    assert found.saving > 0.7
    assert len(cells()) * 2_000 > 2_000


QUARTERS = np.repeat([1.0, 2.0, 3.0, 4.0], 100)
"""Scores; a quarter of all is below 1.05, half below 2.05, and so on."""


def lost(*of_each):
    """So many losses among the hundred answers of each score, the first ones."""
    return np.concatenate([np.arange(100) < count for count in of_each]).astype(float)


def spent(levels):
    return {GRID[at]: level for at, level in enumerate(levels) if level}


def test_delta_is_spent_where_each_quarter_of_the_traffic_is_reached():
    data = JudgedScores(QUARTERS, lost(0, 0, 0, 0))
    quarter = pytest.approx(0.025)
    assert spent(_levels(data, 0.1, Risk.SMALL)) == dict.fromkeys((1.05, 2.05, 3.05, 4.05), quarter)
    assert spent(_levels(data, 0.1, Risk.GAP)) == dict.fromkeys((1.05, 2.05, 3.05, 4.05), quarter)
    assert spent(_levels(data, 0.1, Risk.ANSWERS)) == {0.05: 0.1}
    weighted = JudgedScores(QUARTERS, lost(0, 0, 0, 0), np.repeat([3.0, 1.0, 1.0, 1.0], 100))
    found = spent(_levels(weighted, 0.1, Risk.SMALL))
    assert found == {1.05: pytest.approx(0.05), 3.05: quarter, 4.05: quarter}
    never = JudgedScores(np.array([10.0, 1.0]), np.zeros(2))
    assert spent(_levels(never, 0.1, Risk.SMALL)) == {1.05: pytest.approx(0.05), 10.0: 0.05}


def test_what_a_rejected_threshold_had_is_passed_on():
    found = promised(
        JudgedScores(QUARTERS, lost(0, 0, 0, 0)), alpha=0.1, delta=0.1, risk=Risk.SMALL
    )
    assert [one.threshold for one in found] == [one for one in GRID if one >= 1.05]
    for one in found:
        begun = sum(one.threshold >= start for start in (1.05, 2.05, 3.05, 4.05))
        assert one.level == pytest.approx(0.025 * begun)


def test_after_one_that_is_not_rejected_only_the_next_start_goes_on():
    found = promised(
        JudgedScores(QUARTERS, lost(0, 40, 0, 0)), alpha=0.2, delta=0.1, risk=Risk.SMALL
    )
    # 40 of 200 are too many, 40 of 300 are not, and it begins with a quarter of delta again.
    assert [one.threshold for one in found] == [
        one for one in GRID if 1.05 <= one <= 2.0 or one >= 3.05
    ]
    levels = {one.threshold: one.level for one in found}
    assert levels[2.0] == levels[3.05] == pytest.approx(0.025)
    assert levels[4.05] == pytest.approx(0.05)


def test_a_p_value_has_to_be_within_its_level():
    p = 0.9**100  # no loss among the hundred of the first start
    data = JudgedScores(QUARTERS, lost(0, 100, 100, 100))
    assert promised(data, alpha=0.1, delta=4 * p * 1.001, risk=Risk.SMALL)
    assert not promised(data, alpha=0.1, delta=4 * p * 0.999, risk=Risk.SMALL)
    exactly = 4 * p_value(np.zeros(100), 0.1)
    assert promised(data, alpha=0.1, delta=exactly, risk=Risk.SMALL)
    assert promised(data, alpha=0.5, delta=4e-9, risk=Risk.SMALL)
    assert not promised(data, alpha=0.5, delta=3.9e-9, risk=Risk.SMALL)  # is as good as nothing
    one = promised(data, alpha=0.2, delta=0.1, risk=Risk.ANSWERS)
    assert (one[0].threshold, one[-1].threshold) == (0.05, 2.0)
    assert {each.level for each in one} == {0.1}


def test_one_answer_says_as_much_as_one_and_none_says_nothing():
    nobody, one = JudgedScores(np.zeros(0), np.zeros(0)), JudgedScores(np.ones(1), np.zeros(1))
    assert not promised(nobody, alpha=0.99, delta=0.05, risk=Risk.SMALL)
    assert promised(one, alpha=0.99, delta=0.05, risk=Risk.SMALL)
    assert not promised(one, alpha=0.9, delta=0.05, risk=Risk.SMALL)


def test_below_all_scores_nothing_is_lost():
    data = JudgedScores(np.full(30, 5.0), np.zeros(30))
    found = promised(data, alpha=0.1, delta=0.05, risk=Risk.ANSWERS)  # 0.9 ** 30 is 0.042
    assert [one.threshold for one in found] == list(GRID)


@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("kind", ["coins", "shares", "weighted"])
def test_exactly_those_are_promised_whose_own_test_rejects(risk, kind):
    """From one start on, each threshold by the p-value of its own losses."""
    random = np.random.default_rng(11)
    scores = random.permutation(np.repeat([2.0, 4.0, 6.0, 8.0], 60))
    losses = (random.random(240) < scores / 40).astype(float)
    weights = random.choice([1.0, 2.0], 240) if kind == "weighted" else None
    if kind == "shares":
        losses *= 0.9
    alpha = 0.1 if risk is Risk.ANSWERS else 0.2
    data = JudgedScores(scores, losses, weights)
    found = {one.threshold: one.level for one in promised(data, alpha=alpha, delta=0.1, risk=risk)}
    levels, carried = _levels(data, 0.1, risk), 0.0
    for threshold, level in zip(GRID, levels, strict=True):
        small = scores < threshold
        if risk is Risk.ANSWERS:
            p = p_value(np.where(small, losses, 0.0), alpha, weights)
        else:
            p = p_value(losses[small], alpha, None if weights is None else weights[small])
        available = level + carried
        is_rejected = available > 0 and p <= available
        assert (threshold in found) == is_rejected
        carried = available if is_rejected else 0.0
        assert found.get(threshold, 0.0) == pytest.approx(carried)
    assert found
    assert len(found) < len(GRID) - 20


def test_the_bound_is_that_of_the_answers_below_the_threshold():
    small = choose(
        JudgedScores(QUARTERS, lost(2, 80, 80, 80)), alpha=0.2, delta=0.1, risk=Risk.SMALL
    )
    bound = beta(3, 98).ppf(0.975)
    assert isinstance(small, Chosen)
    assert astuple(small) == (2.0, pytest.approx(bound), 0.25, 400)
    answers = choose(
        JudgedScores(QUARTERS, lost(2, 80, 80, 80)), alpha=0.2, delta=0.1, risk=Risk.ANSWERS
    )
    assert isinstance(answers, Chosen)
    assert astuple(answers) == (2.0, pytest.approx(beta(3, 398).ppf(0.9)), 0.25, 400)
    order = np.random.default_rng(3).permutation(400)
    weights = np.repeat([1.0, 2.0, 1.0, 1.0], 100)[order]
    data = JudgedScores(QUARTERS[order], lost(2, 2, 99, 99)[order], weights)
    weighted = choose(data, alpha=0.2, delta=0.1, risk=Risk.SMALL)
    assert isinstance(weighted, Chosen)
    assert weighted.threshold == 3.0
    assert weighted.share == pytest.approx(0.6)
    is_small = data.scores < 3.0
    own = upper_bound(data.losses[is_small], 0.05, weights[is_small])
    assert weighted.bound == pytest.approx(own)


def test_no_bound_is_said_to_be_above_what_was_asked_for():
    p = 0.9**100
    data = JudgedScores(QUARTERS, lost(0, 100, 100, 100))
    found = choose(data, alpha=0.1, delta=4 * p * 1.0000001, risk=Risk.SMALL)
    assert isinstance(found, Chosen)
    assert 0.0999 < found.bound <= 0.1


def test_the_share_below_counts_by_weight():
    data = JudgedScores(np.array([1.0, 2.0, 3.0]), np.zeros(3), np.array([1.0, 2.0, 5.0]))
    assert share_below(data, 2.0) == pytest.approx(1 / 8)
    assert share_below(data, 2.05) == pytest.approx(3 / 8)
    assert share_below(JudgedScores(data.scores, data.losses), 2.05) == pytest.approx(2 / 3)
    nobody = np.array([])
    assert share_below(JudgedScores(nobody, nobody), 5.0) == 0.0
    assert share_below(JudgedScores(nobody, nobody, nobody), 5.0) == 0.0
    assert share_below(JudgedScores(np.array([1.0]), np.zeros(1)), 5.0) == 1.0


def why(scores, losses, alpha=0.05, delta=0.05, risk=Risk.ANSWERS):
    return refused(JudgedScores(np.array(scores), np.array(losses)), alpha, delta, risk)


FEW = "judged answers are too few to guarantee anything at this alpha and confidence"
NO_HELP = (
    "at no threshold is the observed risk below alpha, so more answers will not help; "
    "a larger alpha or a better small model would"
)


@pytest.mark.parametrize(
    ("risk", "least"),
    [(Risk.ANSWERS, 59), (Risk.SMALL, 86), (Risk.GAP, 86)],  # 0.95 to that power is below delta
)
def test_as_many_are_needed_as_one_loss_in_each_would_show(risk, least):
    for n in (0, least - 1):
        assert why([9.9] * n, [0.0] * n, risk=risk) == NoSafeThreshold(f"{n} {FEW}", n, least)
    lost = why([9.9] * 10, [1.0] * 10, risk=risk)
    assert lost == NoSafeThreshold(
        f"10 {FEW}", 10, least if risk is not Risk.ANSWERS else lost.needed
    )
    assert why([0.1] * least, [1.0] * least, risk=risk) == NoSafeThreshold(NO_HELP, least, None)


def test_needed_are_so_many_that_the_easiest_threshold_would_pass():
    """A hundred answers, of which 2 of 60 below 3 are lost, and all above."""
    scores = [1.0] * 4 + [2.2] * 56 + [7.0] * 40
    losses = [0.0] * 4 + [1.0] * 2 + [0.0] * 54 + [1.0] * 40
    for risk, mean, delta, part in (
        (Risk.ANSWERS, 2 / 100, 0.05, 1.0),
        (Risk.SMALL, 2 / 60, 0.0125, 0.6),
        (Risk.GAP, 2 / 60, 0.0125, 0.6),
    ):
        entropy = rel_entr(mean, 0.05) + rel_entr(1 - mean, 0.95)
        if risk is Risk.ANSWERS:  # at 0.5 to 2 nothing is lost of all answers
            entropy = -np.log(0.95)
        needed = ceil(ceil(-np.log(delta) / entropy) / part)
        found = why(scores, losses, risk=risk)
        assert found.needed == needed
        assert (
            found.reason
            == "so few answers do not show that any threshold keeps the risk below alpha"
        )
        assert found.n == 100


def test_five_answers_below_a_threshold_say_something_of_it_and_four_do_not():
    high = [9.9] * 95
    five = why([1.2] * 5 + high, [0.0] * 5 + [1.0] * 95, risk=Risk.SMALL)
    four = why([1.2] * 4 + high, [0.0] * 4 + [1.0] * 95, risk=Risk.SMALL)
    assert five.needed == ceil(log(0.0125) / log(0.95)) * 20
    assert four.needed is None
    assert four.reason == NO_HELP


def test_the_highest_threshold_may_be_the_easiest():
    assert why([9.9] * 100, [0.0] * 100, risk=Risk.SMALL).needed == 86
    data = JudgedScores(np.full(10, 9.9), np.zeros(10))
    assert choose(data, alpha=0.05, delta=0.05, risk=Risk.ANSWERS) == NoSafeThreshold(
        f"10 {FEW}", 10, 59
    )


def test_what_is_as_bad_as_allowed_is_never_shown_and_what_is_nearly_takes_very_many():
    even = [1.0, 0.0, 0.0, 0.0] * 30
    assert why([0.1] * 120, even, alpha=0.25, risk=Risk.SMALL).needed is None
    assert why([0.1] * 120, even, alpha=0.25 + 1e-6, risk=Risk.SMALL).needed == 10_000_000
