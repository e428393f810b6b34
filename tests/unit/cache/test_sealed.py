"""A sealed value is its key's, of its kind and version, and whole; else it is nothing."""

import pytest

from gearshift.cache.sealed import seal, unseal

SEALED = seal(b"kind 1\n", "key", b"content")


def test_what_is_sealed_comes_back():
    assert unseal(b"kind 1\n", "key", SEALED) == b"content"


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_no_byte_of_it_can_be_another_unnoticed(place):
    changed = bytearray(SEALED)
    changed[place] ^= 1
    assert unseal(b"kind 1\n", "key", bytes(changed)) is None


@pytest.mark.parametrize("value", [b"", SEALED[:-1], SEALED + b"x", "text", None])
def test_anything_else_is_nothing(value):
    assert unseal(b"kind 1\n", "key", value) is None
    assert unseal(b"kind 1\n", "another", SEALED) is None
    assert unseal(b"kind 2\n", "key", SEALED) is None
