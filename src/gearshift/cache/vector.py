"""CachedVector: one text's vector as bytes, in the form in which the upstream gave it."""

from __future__ import annotations

from typing import Final, NamedTuple

from gearshift.cache.sealed import seal, unseal
from gearshift.types import Vector

_KIND: Final = b"gearshift-vector 1\n"
_FORMS: Final = (b"f", b"b")


class CachedVector(NamedTuple):
    """What an upstream made of one input.

    Attributes:
        vector: As it came.
        tokens: Of the input, as far as the upstream told the tokens of all.
        stored_at: Seconds since 1970.
    """

    vector: Vector
    tokens: int
    stored_at: float


def encode(key: str, kept: CachedVector) -> bytes:
    """The vector as the value of `key`.

    >>> value = encode("k", CachedVector(b"[0.5]", 3, 1.5))
    >>> decode("k", value)
    CachedVector(vector=b'[0.5]', tokens=3, stored_at=1.5)
    """
    vector = kept.vector
    form, data = (b"b", vector.encode()) if isinstance(vector, str) else (b"f", vector)
    head = f"{kept.tokens} {kept.stored_at!r} ".encode()
    return seal(_KIND, key, b"".join((head, form, data)))


def decode(key: str, value: bytes) -> CachedVector | None:
    """The vector that was kept as `value`; `None` where that is anything else."""
    content = unseal(_KIND, key, value)
    if content is None:
        return None
    tokens, stored_at, written = content.split(b" ", 2)
    form, data = written[:1], written[1:]
    if form not in _FORMS:
        return None
    vector: Vector = data.decode() if form == b"b" else data
    return CachedVector(vector, int(tokens), float(stored_at))
