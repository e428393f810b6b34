"""Folding: case, width, accents and punctuation make no difference."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.tiered_routing.text import encode, fold

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


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", "  "),
        ("Hello, World!", " hello world "),
        ("Don’t  re-run", " dont re run "),
        ("don't re run", " dont re run "),
        ("C++ and C#", " c++ and c# "),
        ("Café naïve Straße", " cafe naive strasse "),
        ("Łódź œuvre ærø", " lodz oeuvre aero "),
        ("ÀÉÎÕÜ", " aeiou "),
        ("ısı", " isi "),
        ("ёлка", " елка "),
        ("أهلاً", " اهلا "),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", " full width "),
        ("“quoted” — dash…", " quoted dash "),
        ("什么、为什么？", " 什么 为什么 "),
        ("a\u200bb\u00adc", " abc "),
        ("\ttabs\nand\r\nlines ", " tabs and lines "),
        ("\ud800x", " x "),
        ("1,000.5 %", " 1 000 5 "),
    ],
)
def test_words_are_all_that_is_left(text, folded):
    assert fold(text).decode() == folded


@given(st.text(st.characters(), max_size=60))
def test_folding_is_done_once_and_for_all(text):
    folded = fold(text)
    assert folded.startswith(b" ")
    assert folded.endswith(b" ")
    assert fold(folded.decode()) == folded


# Where accents are written, a backtick is taken for an apostrophe.
@given(st.text(st.characters(max_codepoint=127, exclude_characters="`"), max_size=60))
def test_ascii_takes_the_short_way_to_the_same_words(text):
    assert fold(text + " é").decode() == fold(text).decode().rstrip() + " e "


@given(st.text(st.characters(), max_size=30))
def test_every_text_has_its_bytes(text):
    assert len(encode(text).decode("utf-8")) == len(text)


def test_what_has_no_encoding_is_a_question_mark():
    assert encode("a\ud800é") == "a?é".encode()
