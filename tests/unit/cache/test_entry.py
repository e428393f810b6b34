"""An answer as bytes: what comes back is what was kept, or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.cache.entry import CachedAnswer, decode, encode
from gearshift.types import Usage

ANSWER = CachedAnswer(
    "ollama", True, "openai stream", Usage(3, 4, 1), 12.5, (b"data: a\n\n", b"", b"\x00\n")
)
KEPT = encode("key", ANSWER)


@given(
    st.lists(st.binary(max_size=20), max_size=5),
    st.text(max_size=5),
    st.booleans(),
    st.none() | st.builds(Usage, *[st.integers(0, 9)] * 4),
    st.floats(0, 2e9),
)
@settings(max_examples=30, deadline=None)
def test_what_is_kept_comes_back(frames, form, flag, usage, when):
    answer = CachedAnswer("openai", flag, form, usage, when, tuple(frames))
    assert decode("key", encode("key", answer)) == answer
    assert answer.size == sum(map(len, frames))


def test_no_byte_of_it_can_be_another_unnoticed():
    for place in range(len(KEPT)):
        changed = bytearray(KEPT)
        changed[place] ^= 1
        assert decode("key", bytes(changed)) is None


@pytest.mark.parametrize(
    "value", [b"", b"garbage", KEPT[:-1], KEPT + b"x", KEPT.replace(b"answer 3", b"answer 2"), "x"]
)
def test_anything_else_is_nothing(value):
    assert decode("key", value) is None


def test_another_keys_value_is_nothing():
    assert decode("another", KEPT) is None
