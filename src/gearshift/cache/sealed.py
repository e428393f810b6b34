"""Sealed values: bytes that say what they are, and that they are those of their key."""

from __future__ import annotations

import hashlib
from typing import Final

_CHECKSUM_BYTES: Final = 16


def seal(kind: bytes, key: str, content: bytes) -> bytes:
    """The content as the value of `key`; `kind` names what it is, with its version.

    >>> unseal(b"a 1", "k", seal(b"a 1", "k", b"x")), unseal(b"a 2", "k", seal(b"a 1", "k", b"x"))
    (b'x', None)
    """
    return b"".join((kind, _checksum(key, content), content))


def unseal(kind: bytes, key: str, value: bytes) -> bytes | None:
    """The content of a value; `None` where it is anything else, or another key's."""
    start = len(kind) + _CHECKSUM_BYTES
    if not isinstance(value, bytes) or value[: len(kind)] != kind:
        return None
    content = value[start:]
    return content if value[len(kind) : start] == _checksum(key, content) else None


def content_of(kind: bytes, value: bytes) -> bytes:
    """The content of a value of a kind, as far as it is there, unverified."""
    return value[len(kind) + _CHECKSUM_BYTES :]


def _checksum(key: str, content: bytes) -> bytes:
    named = hashlib.blake2b(key.encode(), digest_size=_CHECKSUM_BYTES)
    named.update(content)
    return named.digest()
