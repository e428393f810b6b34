"""Quality at another threshold from single answers."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from scipy.stats import t as student
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
    assert (found.estimate, found.ci, found.method, found.n) == (None, None, NO_SUPPORT, 4_000)


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


def single(rows):
    """Of rows with score, whether the small model answered, propensity and reward."""
    scores, is_small, propensity, rewards = zip(*rows, strict=True)
    return Single(
        np.array(scores, dtype=float), np.array(is_small), np.array(propensity), np.array(rewards)
    )


def test_a_request_at_the_very_threshold_goes_to_the_large_model():
    rows = [(score, True, 1.0, 1.0) for score in (4.9, 5.0)]
    assert single(rows).wanted(5.0).tolist() == [True, False]


def supported(stands_in, chance=0.2, others=80, moved=1 - 0.2):
    """Requests that 5 would move from the large model to the small one, and some that it did."""
    return has_support(
        single(
            [(4.0, True, chance, 1.0)] * stands_in
            + [(4.0, False, moved, 1.0)] * 5
            + [(9.0, False, 1.0, 1.0)] * others
        ),
        5.0,
    )


def test_twenty_have_to_stand_in_for_those_that_would_be_moved():
    assert supported(20)
    assert not supported(19)
    assert supported(20, chance=0.5)
    assert not supported(20, chance=0.6)  # went where they always go
    assert supported(20, moved=0.5)
    assert not supported(20, moved=1.0)  # had no chance to go elsewhere


def test_a_hundred_requests_are_the_fewest():
    assert supported(20, others=75)
    assert not supported(20, others=74)


def test_who_was_explored_and_would_be_moved_back_needs_nobody():
    rows = [(4.0, True, 1.0, 1.0)] * 99 + [(4.0, False, 0.4, 1.0)]
    assert has_support(single(rows), 5.0)
    rows[-1] = (4.0, False, 0.5, 1.0)  # an even chance moves as well
    assert not has_support(single(rows), 5.0)


def world(seed=6, n=800):
    """Rewards between 0 and 1, near 5 an uneven chance to go to the other side."""
    random = np.random.default_rng(seed)
    scores = random.random(n) * 10
    is_near = np.abs(scores - 5) < 2
    is_explored = is_near & (random.random(n) < 0.3)
    is_small = (scores < 5) != is_explored
    chance = np.where(is_explored, 0.3, np.where(is_near, 0.7, 1.0))
    return Single(scores, is_small, chance, random.random(n) * np.where(is_small, 1, 0.5) + 0.1)


def reference(one, wanted):
    """What each request adds to the doubly robust mean: ridge regression by least squares."""
    each = []
    for at, score in enumerate(one.scores):
        rest = np.arange(len(one.scores)) % 2 != at % 2

        def expected(is_small, score=score, rest=rest):
            which = rest & (one.is_small == is_small)
            if not which.any():
                return 0.5
            x = one.scores[which] / 10
            # Centred, so that the mean is not drawn to nothing.
            middle = np.array([x.mean(), (x**2).mean()])
            rows = np.vstack((np.column_stack((x, x**2)) - middle, np.eye(2)))
            rewards = one.rewards[which]
            slopes = np.linalg.lstsq(rows, np.append(rewards - rewards.mean(), [0, 0]))[0]
            found = rewards.mean() + (np.array([score / 10, score**2 / 100]) - middle) @ slopes
            return min(1.0, max(0.0, found))

        value = expected(wanted[at])
        if wanted[at] == one.is_small[at]:
            value += (one.rewards[at] - value) / one.propensity[at]
        each.append(value)
    return np.array(each)


@pytest.mark.parametrize("threshold", [3.6, 5.0, 6.1])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_doubly_robust_mean_is_that_of_two_ridge_regressions(threshold, level):
    one = world()
    each = reference(one, one.scores < threshold)
    error = each.std(ddof=1) / np.sqrt(len(each))
    ends = student.interval(level, len(each) - 1, each.mean(), error)
    found = doubly_robust(one, threshold, level=level)
    assert astuple(found) == (
        pytest.approx(each.mean()),
        pytest.approx(ends, rel=1e-9),
        "doubly robust",
        800,
    )
    if level == 0.95:
        assert doubly_robust(one, threshold) == found


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_self_normalised_mean_has_the_interval_of_a_ratio(level):
    one, threshold = world(), 6.1
    is_same = (one.scores < threshold) == one.is_small
    weights, rewards = 1 / one.propensity[is_same], one.rewards[is_same]
    mean = np.average(rewards, weights=weights)
    # By the delta method: those that do not agree add nothing to the sum of squares.
    squares = (weights**2 * (rewards - mean) ** 2).sum() / weights.sum() ** 2
    half = student.ppf((1 + level) / 2, 799) * np.sqrt(squares * 800 / 799)
    found = snips(one, threshold, level=level)
    ends = (mean - half, mean + half)
    assert astuple(found) == (pytest.approx(mean), pytest.approx(ends, rel=1e-9), "snips", 800)
    if level == 0.95:
        assert snips(one, threshold) == found


@pytest.mark.parametrize(("low", "high"), [(-1.0, 4.0), (1.5, 8.5)])
def test_what_a_model_expects_is_no_less_than_0_and_no_more_than_1(low, high):
    """Rewards that jump: the parabola overshoots above 1, or falls below 0."""
    one = world(n=500)
    one = replace(one, rewards=np.where((one.scores < low) | (one.scores > high), 1.0, 0.0))
    each = reference(one, one.scores < 6.9)
    assert doubly_robust(one, 6.9).estimate == pytest.approx(each.mean(), rel=1e-9)


def test_where_nobody_has_gone_half_of_a_reward_is_expected():
    """Those who stand in are all in one half."""
    moved = [(4.0, at % 2 == 0, 0.1 if at % 2 == 0 else 0.9, at % 3 / 2) for at in range(60)]
    one = single(moved + [(9.0, False, 1.0, 0.5)] * 140)
    each = reference(one, one.scores < 5.0)
    assert 0.1 < each.mean() < 0.9
    assert doubly_robust(one, 5.0).estimate == pytest.approx(each.mean(), rel=1e-9)


@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_no_estimate_leaves_what_a_quality_can_be(reward):
    """Those who stand in are all in one half, so the other half expects 0.5 of them."""
    rows = [
        (4.0, at % 2 == 0 and at < 60, 0.1 if at % 2 == 0 else 0.9, reward) for at in range(120)
    ]
    one = single(rows)
    assert has_support(one, 5.0)
    each = reference(one, one.scores < 5.0)
    assert not 0 <= each.mean() <= 1
    found = doubly_robust(one, 5.0)
    assert found.estimate == reward
    assert found.ci is not None
    assert found.ci[int(reward)] == reward
