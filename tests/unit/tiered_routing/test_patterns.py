"""Sets of patterns say which patterns occur, whichever way they search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.tiered_routing.patterns import FilteredPatterns, PatternSet

PATTERNS = [
    ("(?i)cats? and dogs?", 1),
    (r"\bbird\b[^.]{0,5}\bfish\b", 2),
    ("[0-9]", 3),
    ("(?i)straße|ёлка", 4),
    ("(?i)Κ|k", 5),
]
ALL = PatternSet(PATTERNS, is_literal=False)
FILTERED = FilteredPatterns(PATTERNS)
TEXTS = st.lists(
    st.sampled_from(["Cat", "cats and dog", "bird", " fish", ".", "7", "STRASSE", "Straße", "ЁЛКА"])
    | st.text(max_size=3),
    max_size=8,
).map("".join)


@given(TEXTS)
def test_both_find_the_same(text: str):
    encoded = text.encode("utf-8", "replace")
    assert FILTERED.labels(encoded) == set(ALL.labels(encoded))


@given(TEXTS)
def test_a_quick_look_misses_nothing(text: str):
    encoded = text.encode("utf-8", "replace")
    assert FILTERED.may_occur(encoded) or not FILTERED.labels(encoded)


@pytest.mark.parametrize("text", [b"", b"a cat", b"birds"])
def test_a_quick_look_finds_that_letters_are_missing(text: bytes):
    assert not FilteredPatterns(PATTERNS[:2]).may_occur(text)


def test_literals_are_no_patterns():
    assert PatternSet([("a.c", 1), ("b", 2)], is_literal=True).labels(b"abc") == [2]


def test_each_pattern_that_occurs_is_told_once():
    found = PatternSet([("cat", 1), ("dog", 2), ("bird", 3)], is_literal=True)
    assert sorted(found.labels(b"a dog, a cat and a dog")) == [1, 2]
    assert found.labels(b"a fish") == []
    assert found.labels(b"") == []


def test_several_patterns_may_mean_the_same_and_one_several_things():
    found = PatternSet([("cat", 1), ("kitten", 1), ("cat", 7)], is_literal=True)
    assert sorted(found.labels(b"cat and kitten")) == [1, 1, 7]
    assert found.labels(b"kitten") == [1]


def test_literals_are_no_expressions():
    literal = PatternSet([("a.c", 1), ("c++", 2)], is_literal=True)
    assert literal.labels(b"abc") == []
    assert sorted(literal.labels(b"a.c c++")) == [1, 2]
    expression = PatternSet([("a.c", 1), (r"\d+", 2)], is_literal=False)
    assert sorted(expression.labels(b"abc 12")) == [1, 2]


def test_letters_of_other_scripts_are_found():
    found = PatternSet([("为什么", 1), (" é", 2)], is_literal=True)
    assert sorted(found.labels("请问为什么 é".encode())) == [1, 2]


@pytest.mark.parametrize("is_literal", [True, False])
def test_overlapping_ones_are_all_found(is_literal):
    found = PatternSet([(" a b ", 1), (" b c ", 2), (" b ", 3)], is_literal=is_literal)
    assert sorted(found.labels(b" a b c ")) == [1, 2, 3]


def test_no_patterns_find_nothing():
    assert PatternSet([], is_literal=True).labels(b"anything") == []
