"""Quality at another threshold from single answers."""

import numpy as np
import pytest
from simulations.explored import _covered

from gearshift.guarantees.off_policy import Single, doubly_robust, has_support, snips
from gearshift.guarantees.replay import NO_SUPPORT


def explored(n=4_000, share=0.2, seed=1):
    """Scores 0-10 around a threshold of 5; the small model is right below 6, the large always."""
    random = np.random.default_rng(seed)
    scores = random.random(n) * 10
    is_near = np.abs(scores - 5) <= 1.5
    is_explored = is_near & (random.random(n) < share)
    is_small = (scores < 5) != is_explored
    chance = np.where(is_explored, share, np.where(is_near, 1 - share, 1.0))
    return Single(scores, is_small, chance, np.where(is_small & (scores >= 6), 0.0, 1.0))


@pytest.mark.parametrize("method", [doubly_robust, snips])
def test_the_estimate_is_what_would_have_been(method):
    single = explored()
    assert method(single, 5.9).estimate == pytest.approx(1.0, abs=0.03)
    found = method(single, 6.4)  # 4 % are sent to a model that fails them
    assert found.ci[0] <= 0.96 <= found.ci[1]
    assert found.ci[1] - found.ci[0] < 0.1


@pytest.mark.parametrize("method", [doubly_robust, snips])
@pytest.mark.parametrize("threshold", [3.0, 7.0])
def test_beyond_what_was_explored_there_is_no_support(method, threshold):
    found = method(explored(), threshold)
    assert (found.estimate, found.ci, found.method) == (None, None, NO_SUPPORT)


def test_without_exploration_there_is_support_only_for_what_was_in_force():
    single = explored(share=0.0)
    single = Single(single.scores, single.is_small, np.ones(len(single.scores)), single.rewards)
    assert has_support(single, 5.0)
    assert not has_support(single, 5.5)


def test_few_requests_support_nothing():
    assert not has_support(explored(50), 5.0)


@pytest.mark.parametrize("method", ["doubly robust", "snips"])
def test_the_intervals_cover_in_a_few_worlds(method):
    assert _covered((0, 10_000, 0.2, method), 60).share >= 0.8
