"""A threshold that moves by itself is always one that is promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulations.tuning import months
from simulations.worlds import WORLDS

from gearshift.guarantees.step import next_threshold, still_true
from gearshift.guarantees.threshold import GRID, Chosen, Judged, Promised, Risk, choose, promised


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
    judged = Judged(scores, losses)
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
    judged = Judged(scores, losses)
    found = promised(judged, alpha=0.1, delta=0.05, risk=Risk.SMALL)
    assert found
    assert still_true(found, judged, alpha=0.1, delta=0.05) == found
    losses[3_600:] = scores[3_600:] > 5.0  # a tenth of all, and far more of late
    left = still_true(found, Judged(scores, losses), alpha=0.1, delta=0.05)
    assert left
    assert max(one.threshold for one in left) < max(one.threshold for one in found)


@pytest.mark.parametrize("world", ["step", "not monotone"])
def test_no_threshold_in_force_breaks_the_promise(world):
    number = next(at for at, one in enumerate(WORLDS) if one.name == world)
    found = months((number, 3.0), 8, 12)
    assert found.is_kept
    assert found.broken <= 1
