import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from gearshift.guarantees.p_values import hoeffding_bentkus, p_value, upper_bound

COINS = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=200).map(np.array)
LOSSES = st.lists(st.floats(0, 1), min_size=1, max_size=100).map(np.array)
ALPHAS = st.floats(0.01, 0.9)


@given(COINS, ALPHAS)
def test_for_coins_it_is_the_exact_binomial_one(losses, alpha):
    expected = binomtest(int(losses.sum()), len(losses), alpha, alternative="less").pvalue
    assert p_value(losses, alpha) == pytest.approx(expected)


@given(LOSSES, ALPHAS, st.booleans())
def test_it_is_a_probability_and_smaller_for_larger_alphas(losses, alpha, is_weighted):
    weights = np.linspace(1, 3, len(losses)) if is_weighted and len(losses) > 1 else None
    low, high = p_value(losses, alpha, weights), p_value(losses, min(alpha + 0.05, 0.95), weights)
    assert 0 <= high <= 1
    assert 0 <= low <= 1
    if weights is None:
        assert high <= low + 1e-12


def test_nothing_is_known_without_losses():
    assert p_value(np.array([]), 0.1) == 1.0
    assert upper_bound(np.array([]), 0.05) == 1.0


@pytest.mark.parametrize("kind", ["coins", "shares", "weighted"])
def test_under_the_hypothesis_small_p_values_are_rare(kind):
    random = np.random.default_rng(5)
    alpha, rounds, small = 0.2, 2_000, 0
    for _ in range(rounds):
        scores = random.random(120)
        losses = (random.random(120) < 0.3 * scores + 0.05).astype(float)  # .2 on average
        weights = None
        if kind == "shares":
            losses = random.beta(1, 4, 120)
        if kind == "weighted":
            propensity = np.where(scores < 0.5, 0.9, 0.3)
            kept = random.random(120) < propensity
            losses, weights = losses[kept], 1 / propensity[kept]
        small += p_value(losses, alpha, weights) <= 0.05
    assert small / rounds <= 0.065


def test_bounds_hold_as_often_as_they_say_and_shrink_with_more_losses():
    random = np.random.default_rng(6)
    held = sum(
        upper_bound((random.random(80) < 0.1).astype(float), 0.05) >= 0.1 for _ in range(1_000)
    )
    assert held >= 930
    few, many = (upper_bound(np.zeros(count), 0.05) for count in (50, 500))
    assert many < few < 0.07
    assert upper_bound(np.full(200, 0.1), 0.05) < 0.25
    assert upper_bound(np.ones(5), 0.05) == 1.0


def test_hoeffding_bentkus_is_valid_but_wider_than_exact_for_coins():
    exact = binomtest(3, 100, 0.1, alternative="less").pvalue
    assert exact < hoeffding_bentkus(0.03, 100, 0.1) < 0.2
    assert hoeffding_bentkus(0.2, 100, 0.1) == 1.0
