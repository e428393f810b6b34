"""CachedVector: one text's vector as bytes, in the form in which the upstream gave it."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from gearshift.cache.sealed import content_of, seal, unseal
from gearshift.types import Vector

_KIND: Final = b"gearshift-vector 2\n"
_FORMS: Final = (b"f", b"b")


class CachedVector(NamedTuple):
    """What an upstream made of one input.

    Attributes:
        vector: As it came.
        tokens: Of the input, as far as the upstream told the tokens of all.
        stored_at: Seconds since 1970.
        model: Who made it.
    """

    vector: Vector
    tokens: int
    stored_at: float
    model: str = ""


def encode(key: str, kept: CachedVector) -> bytes:
    """The vector as the value of `key`.

    >>> value = encode("k", CachedVector(b"[0.5]", 3, 1.5))
    >>> decode("k", value)
    CachedVector(vector=b'[0.5]', tokens=3, stored_at=1.5, model='')
    """
    vector = kept.vector
    form, data = (b"b", vector.encode()) if isinstance(vector, str) else (b"f", vector)
    head = f"{kept.tokens} {kept.stored_at!r} {quote(kept.model)} ".encode()
    return seal(_KIND, key, b"".join((head, form, data)))


def decode(key: str, value: bytes) -> CachedVector | None:
    """The vector that was kept as `value`; `None` where that is anything else."""
    content = unseal(_KIND, key, value)
    if content is None:
        return None
    tokens, stored_at, model, written = content.split(b" ", 3)
    form, data = written[:1], written[1:]
    if form not in _FORMS:
        return None
    vector: Vector = data.decode() if form == b"b" else data
    return CachedVector(vector, int(tokens), float(stored_at), unquote(model.decode()))


def made_by(beginning: bytes) -> str | None:
    """The model of a value of which only the beginning is there, unverified."""
    parts = content_of(_KIND, beginning).split(b" ", 3)
    is_one = beginning.startswith(_KIND) and len(parts) > 3
    return unquote(parts[2].decode(errors="replace")) if is_one else None
