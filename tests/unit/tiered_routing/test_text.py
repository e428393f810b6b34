"""Folding: case, width, accents and punctuation make no difference."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.tiered_routing.text import fold

MIXED = st.text(
    st.sampled_from("aE'é，！？：；（）…\u00a0\u3000\u0301\u0338ﬁ½ßİ´²가を.<=") | st.characters(),
    max_size=12,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t  re-run", b" dont re run "),
        ("ÉTÉ, à Łódź", b" ete a lodz "),
        ("Ｗｈａｔ？", b" what "),
        ("为什么，…比较", " 为什么 比较 ".encode()),
        ("e\u0301te\u0301", b" ete "),
        ("\ud800", b"  "),
    ],
)
def test_words_are_left(text: str, words: bytes):
    assert fold(text) == words


@given(MIXED)
def test_compatible_letters_are_the_same(text: str):
    assert fold(text) == fold(unicodedata.normalize("NFKC", text))
