"""The numbers of a trained scorer, and what they make of one text."""

import numpy as np
import pytest

from gearshift.tiered_routing.learned_features import FOR_TREES, GRADED, SLOTS, WORD_SLOTS, Reading
from gearshift.tiered_routing.learned_model import (
    FARTHEST,
    Calibration,
    Familiarity,
    LearnedModel,
    Parts,
    Trees,
    blocks,
    mean_rarity,
)

RULE, LENGTH = GRADED.index("rule"), GRADED.index("length")


def reading(*slots, **graded):
    values = np.zeros(len(GRADED))
    for name, value in graded.items():
        values[GRADED.index(name)] = value
    return Reading(np.array(slots, np.int64), values, False)


def model(**changes):
    untrained = LearnedModel.untrained()
    values = {name: getattr(untrained, name) for name in LearnedModel.__dataclass_fields__}
    return LearnedModel(**{**values, **changes})


# --- trees


def trees():
    """One of depth 2: below 1 or not, then below 2 or not, by the first two features."""
    features = np.array([[0, 1, 1]], np.int16)
    thresholds = np.array([[1.0, 2.0, 2.0]], np.float32)
    values = np.array([[4.0, 2.0, 6.0, 1.0, 3.0, 5.0, 7.0]])
    return Trees(features, thresholds, values)


@pytest.mark.parametrize(
    ("first", "second", "leaf", "answer"),
    [(0, 0, 3, 1.0), (0, 3, 4, 3.0), (2, 0, 5, 5.0), (2, 3, 6, 7.0), (1, 2, 3, 1.0)],
)
def test_each_node_asks_about_its_feature(first, second, leaf, answer):
    graded = np.zeros(len(GRADED))
    graded[:2] = first, second
    found = trees()
    assert found.leaves(graded).tolist() == [leaf]
    assert found.answer(graded) == answer
    shares = found.shares(graded)
    assert shares.sum() == pytest.approx(answer)
    assert shares[-1] == 4.0
    assert shares[0] == (2.0 if first > 1 else -2.0)


def test_several_trees_are_added_up():
    one = trees()
    two = Trees(*(np.vstack([part, part]) for part in (one.features, one.thresholds, one.values)))
    graded = np.zeros(len(GRADED))
    assert two.answer(graded) == 2 * one.answer(graded)
    assert two.shares(graded) == pytest.approx(2 * one.shares(graded))


def test_no_trees_answer_nothing_and_a_stump_its_mean():
    graded = np.zeros(len(GRADED))
    nothing = LearnedModel.untrained().trees
    assert nothing.answer(graded) == 0.0
    stump = Trees(np.zeros((1, 0), np.int16), np.zeros((1, 0), np.float32), np.array([[2.5]]))
    assert stump.answer(graded) == 2.5
    assert stump.shares(graded).tolist() == [0.0] * len(FOR_TREES) + [2.5]


# --- calibration and familiarity


@pytest.mark.parametrize(
    ("raw", "score"),
    [(-9.0, 0.0), (0.0, 0.0), (1.0, 1.5), (2.0, 3.0), (4.0, 6.5), (6.0, 10.0), (99.0, 10.0)],
)
def test_two_straight_lines_meet_at_the_cut(raw, score):
    line = Calibration(low=0.0, cut=2.0, high=6.0, at=3.0)
    assert line.score(raw) == pytest.approx(score)
    assert line.slope(raw) == (1.75 if raw >= 2.0 else 1.5)


@pytest.mark.parametrize(
    ("length", "rarity", "share"),
    [
        (2.0, 3.0, 1.0),
        (1.0, 5.0, 1.0),
        (0.75, 3.0, 0.5),
        (0.5, 3.0, 0.0),
        (0.0, 3.0, 0.0),
        (4.25, 3.0, 0.5),
        (2.0, 5.25, 0.5),
        (2.0, 9.0, 0.0),
        (0.75, 5.4, 0.2),
    ],
)
def test_a_model_is_trusted_near_what_it_has_seen(length, rarity, share):
    assert Familiarity(1.0, 4.0, 5.0).share(length, rarity) == pytest.approx(share)


# --- the sum


def test_what_is_learned_from_nothing_is_the_rule():
    untrained = LearnedModel.untrained()
    for rule in (0.0, 3.0, 7.5, 10.0):
        given = reading(5, WORD_SLOTS + 3, rule=rule, length=3.0)
        score, share = untrained.score(given, untrained.parts(given))
        assert score == pytest.approx(rule)
        assert share == 1.0


def test_the_raw_value_is_the_sum_of_its_parts_but_not_of_the_rarity():
    assert Parts(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 1000.0).raw == 63.0


def test_words_and_letters_are_vectors_of_length_one_each():
    weights = np.zeros(SLOTS, np.float32)
    weights[[1, 2]], weights[WORD_SLOTS + 1] = 3.0, 5.0
    rarity = np.ones(SLOTS, np.float32)
    rarity[1], rarity[2] = 3.0, 4.0
    made = model(weights=weights, rarity=rarity, base=0.5, rule_weight=2.0)
    given = reading(1, 2, WORD_SLOTS + 1, rule=1.5)
    parts = made.parts(given)
    assert parts.words == pytest.approx((3 * 3 + 4 * 3) / 5)
    assert parts.letters == pytest.approx(5.0)
    assert (parts.base, parts.rule, parts.rarity) == (0.5, 3.0, 3.5)
    assert made.words(given) == pytest.approx([9 / 5, 12 / 5])
    assert made.words(given).sum() == pytest.approx(parts.words)


def test_a_text_without_words_adds_nothing():
    parts = model().parts(reading())
    assert (parts.words, parts.letters, parts.rarity) == (0.0, 0.0, 0.0)


def test_graded_features_count_as_distances_and_not_beyond_a_bound():
    count = len(GRADED)
    means, scales, weights = np.zeros(count), np.ones(count), np.zeros(count)
    means[LENGTH], scales[LENGTH], weights[LENGTH] = 3.0, 2.0, 10.0
    made = model(means=means, scales=scales, graded_weights=weights)
    for length, distance in ((3.0, 0.0), (5.0, 1.0), (-1.0, -2.0), (99.0, FARTHEST)):
        values = reading(length=length).graded
        assert made.standardised(values)[LENGTH] == distance
        assert made.graded(values).sum() == pytest.approx(10 * distance)
        assert made.parts(reading(length=length)).graded == pytest.approx(10 * distance)


def test_what_is_strange_to_the_model_is_left_to_the_rule():
    made = model(base=100.0, familiarity=Familiarity(1.0, 4.0, 5.0))
    near, between, far = (reading(rule=2.0, length=length) for length in (2.0, 4.25, 9.0))
    assert made.score(near, made.parts(near)) == (10.0, 1.0)
    assert made.score(between, made.parts(between)) == pytest.approx((6.0, 0.5))
    assert made.score(far, made.parts(far)) == (2.0, 0.0)


def test_ngrams_as_vectors():
    rarity = np.ones(SLOTS, np.float32)
    rarity[1], rarity[2] = 3.0, 4.0
    border, values = blocks(reading(1, 2, WORD_SLOTS), rarity)
    assert border == 2
    assert values == pytest.approx([0.6, 0.8, 1.0])
    assert blocks(reading(), rarity)[1].tolist() == []
    assert mean_rarity(reading(1, 2, WORD_SLOTS), rarity) == 3.5
    assert mean_rarity(reading(WORD_SLOTS), rarity) == 0.0
