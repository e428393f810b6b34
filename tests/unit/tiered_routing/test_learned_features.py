import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gearshift.tiered_routing.learned_features import (
    GRADED,
    SLOTS,
    WORD_SLOTS,
    read,
    word_slots,
)

NO_FACTORS = {"code": 0.0, "technical": 0.0, "multi_step": 0.0, "question": 0.0}


def features(text):
    return read(text, NO_FACTORS, 0.0)


def graded(text):
    return dict(zip(GRADED, features(text).graded.tolist(), strict=True))


@given(st.text())
def test_any_text_has_features_in_their_ranges(text):
    reading = features(text)
    assert np.all(np.diff(reading.slots) > 0)
    assert reading.slots.size == 0 or 0 <= reading.slots[0] <= reading.slots[-1] < SLOTS
    assert reading.graded.shape == (len(GRADED),)
    assert np.isfinite(reading.graded).all()


@given(st.binary(max_size=3000))
def test_so_have_random_bytes(data):
    features(data.decode("utf-8", "surrogateescape"))
    features(data.decode("latin-1"))


def test_of_a_long_text_head_and_tail_are_read():
    text = "first words " + "x" * 1_000_000 + " last words"
    reading = features(text)
    assert reading.truncated
    assert reading.slots.size < 20_000
    named = {ngram for ngram, _ in word_slots(text)}
    assert {"first words", "last words"} <= named


def test_words_and_pairs_of_words_are_seen_whatever_their_case_and_spaces():
    slots = features("Big  dog, big\tdog").slots.tolist()
    named = word_slots("big dog big dog")
    assert {slot for _, slot in named} <= set(slots)
    assert {ngram for ngram, _ in named} == {"big", "dog", "big dog", "dog big"}
    assert len([slot for slot in slots if slot < WORD_SLOTS]) == 4


def test_letters_stay_within_words():
    def letters(text):
        return [slot for slot in features(text).slots.tolist() if slot >= WORD_SLOTS]

    assert letters("abcd efgh") == letters("efgh abcd")
    assert letters("abcdefgh") != letters("abcd efgh")


def test_shapes_are_seen():
    shape = graded("Add 3.5 and 12 and 12.\nThen stop? OK")
    assert np.expm1(shape["numbers"]).round() == 4  # 3, 5, 12, 12
    assert np.expm1(shape["distinct_numbers"]).round() == 3
    assert np.expm1(shape["decimals"]).round() == 1
    assert np.expm1(shape["question_marks"]).round() == 1
    assert np.expm1(shape["line_breaks"]).round() == 1
    assert graded("naïve café")["non_ascii"] > 0
    assert graded("")["length"] == 0
