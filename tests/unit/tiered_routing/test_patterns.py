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
