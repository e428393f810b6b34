import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.evaluation.measures import Ranking, as_routellm, at_threshold, estimates
from gearshift.evaluation.outcomes import Outcomes

UNIT = st.floats(0, 1)


def outcomes(weak, strong):
    size = len(weak)
    return Outcomes(
        "made",
        tuple(f"prompt {number}" for number in range(size)),
        np.array(weak, dtype=float),
        np.array(strong, dtype=float),
        ("test",) * size,
    )


@st.composite
def ranked(draw):
    """Outcomes with a gap, and scores with ties."""
    size = draw(st.integers(2, 40))
    weak = draw(st.lists(UNIT, min_size=size, max_size=size))
    strong = draw(st.lists(UNIT, min_size=size, max_size=size))
    scores = draw(st.lists(st.integers(-5, 5), min_size=size, max_size=size))
    made = outcomes(weak, strong)
    if abs(made.gap.sum()) < 0.01:
        made = outcomes([0.0] * size, [1.0] * size)
    return np.array(scores, dtype=float), made


@given(ranked())
def test_a_constant_scorer_has_the_values_of_chance(case):
    _, made = case
    found = Ranking(np.zeros(len(made.prompts)), made).measures()
    assert (found.apgr, found.cpt50, found.cpt80) == pytest.approx((0.5, 50, 80))


@given(ranked())
def test_only_the_order_of_scores_counts(case):
    scores, made = case
    before, after = Ranking(scores, made).measures(), Ranking(np.exp(scores) * 3, made).measures()
    assert before == pytest.approx(after, nan_ok=True)


@given(ranked())
def test_the_reverse_order_recovers_the_rest(case):
    scores, made = case
    ones = np.ones(len(scores))
    there, back = Ranking(scores, made).apgr(ones), Ranking(-scores, made).apgr(ones)
    assert there + back == pytest.approx(1.0)


@given(ranked())
def test_nobody_ranks_better_than_the_oracle(case):
    scores, made = case
    ones = np.ones(len(scores))
    sign = 1 if made.gap.sum() > 0 else -1  # a negative whole turns the shares around
    best = Ranking(sign * made.gap, made).apgr(ones)
    assert best >= Ranking(scores, made).apgr(ones) - 1e-9


@given(ranked())
@settings(max_examples=30, deadline=None)
def test_ties_are_crossed_as_over_a_random_order(case):
    scores, made = case
    random = np.random.default_rng(5)
    exact = Ranking(scores, made).apgr(np.ones(len(scores)))
    values = []
    for _ in range(400):
        broken = scores + random.permutation(len(scores)) / (10 * len(scores))
        values.append(Ranking(broken, made).apgr(np.ones(len(scores))))
    spread = 6 * float(np.std(values)) / math.sqrt(len(values)) + 1e-9
    assert np.mean(values) == pytest.approx(exact, abs=spread)


def test_by_hand():
    made = outcomes([0, 0, 1, 1], [1, 1, 1, 1])
    good = Ranking(np.array([4.0, 3, 2, 1]), made).measures()
    # Half sent recovers everything: a triangle over the first half, then a square.
    assert good == pytest.approx((0.75, 25.0, 40.0, 1.0))
    bad = Ranking(np.array([1.0, 2, 3, 4]), made).measures()
    assert bad == pytest.approx((0.25, 75.0, 90.0, 0.0))


def test_where_one_model_always_suffices_there_is_no_auc():
    assert math.isnan(Ranking(np.array([1.0, 2]), outcomes([0, 0], [1, 1])).measures().auc)


def test_shares_at_a_threshold():
    made = outcomes([0, 0, 1, 0], [1, 1, 1, 1])
    assert at_threshold(np.array([5.0, 1, 3, 3]), 3.0, made) == pytest.approx((0.75, 2 / 3))


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        Ranking(np.array([1.0, math.nan]), outcomes([0, 0], [1, 1]))


def test_intervals_hold_the_value_and_differences_are_paired():
    random = np.random.default_rng(1)
    weak = (random.random(400) < 0.5).astype(float)
    made = outcomes(weak, np.ones(400))
    noisy = 1 - weak + random.normal(size=400)
    scores = {"rule": random.random(400), "good": noisy, "same": noisy * 2}
    found = estimates(scores, made, reference="rule", rounds=200, seed=3)
    low, high = found["good"].apgr_ci
    assert low < found["good"].measures.apgr < high
    assert found["rule"].difference_ci is None
    assert found["good"].difference_ci is not None
    assert found["good"].difference_ci[0] > 0
    assert found["good"].difference_ci == found["same"].difference_ci
    assert found == estimates(scores, made, reference="rule", rounds=200, seed=3)


def test_routellms_way_agrees_with_the_exact_one_on_many_prompts():
    random = np.random.default_rng(3)
    size = 5_000
    hardness = random.random(size)
    weak = (random.random(size) > hardness).astype(float)
    data = Outcomes("made", ("p",) * size, weak, np.ones(size), ("",) * size)
    for scores in (hardness, np.round(hardness * 6)):  # the second has many ties
        exact = Ranking(scores, data).measures()
        apgr, cpt50, cpt80 = as_routellm(scores, data)
        assert apgr == pytest.approx(exact.apgr, abs=0.02)
        assert (cpt50, cpt80) == pytest.approx((exact.cpt50, exact.cpt80), abs=3)


def test_a_constant_scorer_is_worth_nothing_in_routellms_way():
    data = Outcomes("made", ("p",) * 400, np.zeros(400), np.ones(400), ("",) * 400)
    apgr, cpt50, cpt80 = as_routellm(np.zeros(400), data)
    assert (apgr, cpt50, cpt80) == pytest.approx((0.5, 50, 80), abs=1)
