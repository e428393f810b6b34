"""Words and phrases are found as whole words, wherever they stand and however they overlap."""

from hypothesis import given
from hypothesis import strategies as st

from gearshift.tiered_routing.phrases import PhraseSet

WORDS = st.sampled_from(["a", "b", "c", "ab", "ß"])
PHRASES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)


def folded(text: str) -> bytes:
    return f" {text} ".encode()


def test_a_word_is_found_as_a_whole_word_only():
    found = PhraseSet([("api", 1)])
    assert found.labels(folded("the api")) == {1}
    assert found.labels(folded("the capital")) == set()
    assert found.labels(b"  ") == set()


def test_a_phrase_is_not_its_words_apart():
    found = PhraseSet([("first come first served", 1), ("guinea pig", 2)])
    assert found.labels(folded("first come first served")) == {1}
    assert found.labels(folded("first come first pig come first served")) == set()
    assert found.labels(folded("guinea and pig")) == set()


def test_overlapping_phrases_are_all_found():
    found = PhraseSet([("a b", 1), ("b a", 2), ("b", 3), ("b", 4), ("a b a", 5)])
    assert found.labels(folded("a b a")) == {1, 2, 3, 4, 5}


@given(st.lists(PHRASES, max_size=8), st.lists(WORDS, max_size=12).map(" ".join))
def test_what_is_found_is_what_a_search_for_each_finds(phrases: list[str], text: str):
    found = PhraseSet((phrase, number) for number, phrase in enumerate(phrases))
    one_by_one = {number for number, some in enumerate(phrases) if folded(some) in folded(text)}
    assert found.labels(folded(text)) == one_by_one
