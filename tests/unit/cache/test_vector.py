"""A vector as bytes: in either form it comes back as it came."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.cache.sealed import seal
from gearshift.cache.vector import CachedVector, decode, encode


@given(st.binary(max_size=20) | st.text(max_size=20), st.integers(0, 9_999), st.floats(0, 2e9))
@settings(max_examples=30, deadline=None)
def test_what_is_kept_comes_back(vector, tokens, when):
    kept = CachedVector(vector, tokens, when)
    assert decode("key", encode("key", kept)) == kept


@pytest.mark.parametrize("value", [b"", b"garbage", encode("k", CachedVector(b"[1]", 1, 0.0))])
def test_anything_else_is_nothing(value):
    assert decode("key", value) is None


def test_an_unknown_form_is_nothing():
    assert decode("key", seal(b"gearshift-vector 1\n", "key", b"1 0.0 xy")) is None
