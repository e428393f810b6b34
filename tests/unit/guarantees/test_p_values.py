import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import rel_entr
from scipy.stats import binom, binomtest

from gearshift.guarantees.p_values import (
    divergence,
    hoeffding_bentkus,
    is_even,
    p_value,
    upper_bound,
)

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


@pytest.mark.parametrize("mean", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("alpha", [0.1, 0.6])
def test_the_divergence_is_that_of_two_coins(mean, alpha):
    expected = rel_entr(mean, alpha) + rel_entr(1 - mean, 1 - alpha)
    assert divergence(mean, alpha) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("mean", "count", "alpha", "is_bentkus"),
    [(0.05, 50, 0.1, False), (0.051, 400, 0.1, True), (0.4, 10, 0.9, True), (0.0, 9, 0.5, False)],
)
def test_hoeffding_bentkus_is_the_smaller_of_both(mean, count, alpha, is_bentkus):
    entropy = rel_entr(mean, alpha) + rel_entr(1 - mean, 1 - alpha)
    hoeffding = np.exp(-count * entropy)
    bentkus = np.e * binom(count, alpha).cdf(np.ceil(count * mean))
    assert hoeffding_bentkus(mean, count, alpha) == pytest.approx(min(1, hoeffding, bentkus))
    assert (bentkus < hoeffding) == is_bentkus
    assert hoeffding_bentkus(alpha, count, alpha) == 1.0


def test_losses_between_have_the_bound_of_their_mean():
    losses = np.array([0.0, 0.1, 0.0, 0.3] * 20)
    assert p_value(losses, 0.3) == hoeffding_bentkus(float(losses.mean()), 80, 0.3)
    assert p_value(losses, 0.3, np.full(80, 2.5)) == p_value(losses, 0.3)


def test_even_weights_are_none():
    assert is_even(None)
    assert is_even(np.array([]))
    assert is_even(np.array([3.0]))
    assert is_even(np.full(4, 3.0))
    assert not is_even(np.array([1.0, 1.0, 2.0]))


def bet(losses, alpha, weights):
    """The inverse of the greatest wealth ever, bet by bet."""
    wealths, greatest = [1.0] * 4, 1.0
    for loss, weight in zip(losses, weights, strict=True):
        gain = weight / max(weights) * (alpha - loss) / (1 - alpha)
        shares = (0.1, 0.25, 0.5, 0.75)
        wealths = [wealth * (1 + s * gain) for wealth, s in zip(wealths, shares, strict=True)]
        greatest = max(greatest, sum(wealths) / 4)
    return 1 / greatest


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
def test_with_weights_it_is_the_inverse_of_the_greatest_wealth(alpha):
    losses = np.array([0.0, 0.0, 1.0, 0.0, 0.2, 0.0, 0.0, 0.0])
    weights = np.array([1.0, 3.0, 1.0, 2.0, 2.0, 1.0, 5.0, 1.0])
    assert p_value(losses, alpha, weights) == pytest.approx(bet(losses, alpha, weights))
    assert p_value(np.ones(8), alpha, weights) == 1.0


def test_nobody_doubts_that_losses_are_at_most_all():
    """Against a mean above 1 no stake is at risk, so this one is as good as any."""
    weights = np.array([1.0, 2.0])
    found = p_value(np.zeros(2), 1.0, weights)
    shares = (0.1, 0.25, 0.5, 0.75)
    assert found == pytest.approx(4 / sum((1 + s / 2) * (1 + s) for s in shares))


def test_coins_have_clopper_and_pearsons_bound():
    for lost, count in ((0, 30), (1, 30), (7, 30), (29, 30)):
        losses = np.array([1.0] * lost + [0.0] * (count - lost))
        test = binomtest(lost, count, alternative="less")
        high = test.proportion_ci(0.9, method="exact").high
        assert upper_bound(losses, 0.1) == pytest.approx(high)
        assert upper_bound(losses, 0.1, np.full(count, 2.0)) == pytest.approx(high)


@pytest.mark.parametrize("weights", [None, np.linspace(1, 3, 90)])
def test_a_bound_is_the_smallest_that_is_ruled_out(weights):
    losses = np.tile([0.0, 0.1, 0.2], 30) if weights is None else np.tile([0.0, 0.0, 1.0], 30)
    high = upper_bound(losses, 0.05, weights)
    assert losses.mean() < high < 1.0
    assert p_value(losses, high, weights) <= 0.05 < p_value(losses, high - 2e-9, weights)


def test_what_nothing_rules_out_is_bounded_by_one():
    assert upper_bound(np.full(3, 0.9), 0.001) == 1.0
    assert upper_bound(np.ones(5), 0.05, np.array([1.0, 2.0, 1.0, 1.0, 1.0])) == 1.0
