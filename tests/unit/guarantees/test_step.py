"""A threshold that moves by itself is always one that is promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulations.tuning import months
from simulations.worlds import WORLDS

from gearshift.guarantees.p_values import p_value
from gearshift.guarantees.step import next_threshold, still_true
from gearshift.guarantees.threshold import (
    GRID,
    Chosen,
    JudgedScores,
    Promised,
    Risk,
    choose,
    promised,
)


def these(*thresholds):
    return [Promised(one, 0.01) for one in thresholds]


@pytest.mark.parametrize(
    ("now", "known", "then"),
    [
        (3.0, [], 0.0),
        (3.0, [2.0, 2.5], 2.5),  # down at once, whatever lies between
        (3.0, [2.0, 3.0, 3.1, 3.25, 3.3], 3.25),
        (0.5, [0.75, 10.0], 0.75),
        (0.75, [0.75, 10.0], 0.75),  # not over what nobody promises
        (0.0, [2.5, 2.55], 2.5),
        (3.0, [6.0], 6.0),
        (4.0, [4.2], 4.2),
        (3.0, [3.0, 3.26], 3.0),
        (6.0, [4.0, 1.0], 4.0),
        (0.0, [9.0, 8.0], 8.0),
    ],
)
def test_it_goes_to_what_is_promised(now, known, then):
    assert next_threshold(now, these(*known)) == then


@given(st.floats(0, 10), st.sets(st.sampled_from(GRID)))
def test_it_is_promised_or_nothing_at_all(now, known):
    found = next_threshold(now, these(*known))
    assert found in known or (found == 0.0 and not known)
    low = [one for one in known if one <= now]
    assert found <= now + 0.25 + 1e-9 or not low


def test_a_promise_over_a_bad_stretch_does_not_cover_it():
    """Much is lost between 0.3 and 0.9, but little of everything: 10 is safe, 0.75 is not."""
    random = np.random.default_rng(1)
    scores = random.random(8_000) * 10
    losses = ((scores > 0.3) & (scores < 0.9) & (random.random(8_000) < 0.5)).astype(float)
    judged = JudgedScores(scores, losses)
    found = promised(judged, alpha=0.05, delta=0.05, risk=Risk.SMALL)
    known = [one.threshold for one in found]
    assert known[-1] == 10.0
    assert not [one for one in known if 0.4 < one < 5.0]
    best = choose(judged, alpha=0.05, delta=0.05, risk=Risk.SMALL)
    assert isinstance(best, Chosen)
    assert best.threshold == 10.0
    assert next_threshold(0.5, found) in known


def test_the_newest_answers_take_a_promise_back():
    scores = np.tile(np.linspace(0.1, 9.9, 100), 40)
    losses = np.zeros(4_000)
    judged = JudgedScores(scores, losses)
    found = promised(judged, alpha=0.1, delta=0.05, risk=Risk.SMALL)
    assert found
    assert still_true(found, judged, alpha=0.1, delta=0.05) == found
    losses[3_600:] = scores[3_600:] > 5.0  # a tenth of all, and far more of late
    left = still_true(found, JudgedScores(scores, losses), alpha=0.1, delta=0.05)
    assert left
    assert max(one.threshold for one in left) < max(one.threshold for one in found)


def test_a_promise_is_taken_back_at_its_part_of_delta():
    """Of the newest quarter three are below 5 and lost: half of all are, with a chance of 1/8."""
    scores = np.array([1.0] * 9 + [4.0, 4.0, 4.0, 5.0])
    losses = np.array([0.0] * 9 + [0.0, 1.0, 1.0, 1.0])
    judged = JudgedScores(scores, losses)
    assert len(scores) // 4 == 3  # 4, 4 and 5 count, and 5 is not below 5
    one, two = these(5.0), these(5.0, 5.05)
    assert still_true(one, judged, alpha=0.5, delta=0.26) == []
    assert still_true(one, judged, alpha=0.5, delta=0.24) == one
    assert still_true(one, judged, alpha=0.5, delta=p_value(np.zeros(2), 0.5)) == []
    # Of two promises each has half of delta: 1/4 for two losses, 1/8 for three.
    assert still_true(two, judged, alpha=0.5, delta=0.26) == two[:1]
    assert still_true(two, judged, alpha=0.5, delta=0.24) == two
    assert still_true(two, judged, alpha=0.5, delta=0.51) == []
    assert still_true(one, judged, alpha=0.4, delta=0.17) == []
    assert still_true(one, judged, alpha=0.4, delta=0.15) == one
    assert still_true([], judged, alpha=0.5, delta=0.05) == []


def test_the_newest_answers_weigh_as_they_were_drawn():
    scores = np.array([1.0] * 36 + [2.0, 7.0, 2.0, 2.0] * 3)
    losses = np.array([0.0] * 36 + [1.0] * 12)
    weights = np.concatenate((np.ones(36), np.tile([1.0, 9.0, 2.0, 3.0], 3)))
    p = p_value(np.zeros(9), 0.6, np.tile([1.0, 2.0, 3.0], 3))
    judged, given = JudgedScores(scores, losses, weights), these(5.0)
    assert 0.01 < p < 0.9
    assert still_true(given, judged, alpha=0.4, delta=p * 1.01) == []
    assert still_true(given, judged, alpha=0.4, delta=p * 0.99) == given


@pytest.mark.parametrize("world", ["step", "not monotone"])
def test_no_threshold_in_force_breaks_the_promise(world):
    number = next(at for at, one in enumerate(WORLDS) if one.name == world)
    found = months((number, 3.0), 8, 12)
    assert found.is_kept
    assert found.broken <= 1
