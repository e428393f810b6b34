import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulations.thresholds import _cell, cells
from simulations.worlds import WORLDS

from gearshift.guarantees.threshold import (
    GRID,
    Chosen,
    Judged,
    Refused,
    Risk,
    _levels,
    choose,
    share_below,
)


def judged(count, loss, seed=0):
    random = np.random.default_rng(seed)
    scores = random.random(count) * 10
    return Judged(scores, (random.random(count) < loss(scores)).astype(float))


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
    assert isinstance(found, Refused)
    assert "too few" in found.reason
    assert found.needed is not None
    assert found.needed > count
    enough = judged(found.needed + 5, np.zeros_like)
    assert isinstance(choose(enough, alpha=0.05, delta=0.05, risk=Risk.SMALL), Chosen)


def test_where_more_answers_do_not_help_it_says_so():
    found = choose(
        judged(3_000, lambda s: np.full_like(s, 0.5)), alpha=0.05, delta=0.05, risk=Risk.SMALL
    )
    assert isinstance(found, Refused)
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
    found = choose(Judged(scores, losses), alpha=0.1, delta=0.05, risk=Risk.SMALL)
    assert isinstance(found, Chosen)
    assert 2.0 < found.threshold <= 5.0
    assert found.share == pytest.approx(2 / 3)


def test_weights_undo_uneven_sampling():
    random = np.random.default_rng(2)
    scores = random.random(6_000) * 10
    losses = (random.random(6_000) < np.where(scores < 5, 0.02, 0.5)).astype(float)
    propensity = np.where(scores < 5, 0.1, 0.9)
    kept = random.random(6_000) < propensity
    data = Judged(scores[kept], losses[kept], 1 / propensity[kept])
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
    data = Judged(np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
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
