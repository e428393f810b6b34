"""CachedAnswer: an upstream's answer as bytes, with a version and a checksum."""

from __future__ import annotations

from json import JSONDecoder
from typing import Final, NamedTuple

import orjson

from gearshift.cache.sealed import content_of, seal, unseal
from gearshift.types import Usage

_MAGIC: Final = b"gearshift-answer 3\n"
_JSON: Final = JSONDecoder()


class CachedAnswer(NamedTuple):
    """What an upstream sent, frame by frame, so that it can be read again as if it came now.

    Attributes:
        dialect: The upstream's.
        is_stream: Whether it was asked for a stream.
        form: What the client asked for that shapes the bytes: its dialect and how it wanted them.
        usage: Tokens that it took, where the upstream told them.
        stored_at: When it was answered, seconds since 1970.
        frames: Its bytes.
        made_by: The tier and the model that answered.
    """

    dialect: str
    is_stream: bool
    form: str
    usage: Usage | None
    stored_at: float
    frames: tuple[bytes, ...]
    made_by: tuple[str, str] = ("", "")

    @property
    def size(self) -> int:
        """Bytes of its frames."""
        return sum(map(len, self.frames))


def encode(key: str, answer: CachedAnswer) -> bytes:
    """The answer as the value of `key`.

    >>> kept = encode("k", CachedAnswer("openai", False, "openai", None, 0.0, (b"{}",)))
    >>> decode("k", kept).frames, decode("another", kept)
    ((b'{}',), None)
    """
    dialect, is_stream, form, usage, stored_at, frames, made_by = answer
    tokens = None if usage is None else [*usage]
    lengths = [len(frame) for frame in frames]
    head = orjson.dumps([*made_by, dialect, is_stream, form, tokens, stored_at, lengths])
    content = b"\n".join((head, b"".join(frames)))
    return seal(_MAGIC, key, content)


def decode(key: str, value: bytes) -> CachedAnswer | None:
    """The answer that was kept as `value`; `None` where that is anything else, or another key's."""
    content = unseal(_MAGIC, key, value)
    if content is None:
        return None
    head, _, joined = content.partition(b"\n")
    tier, model, dialect, is_stream, form, tokens, stored_at, lengths = orjson.loads(head)
    frames = []
    position = 0
    for length in lengths:
        frames.append(joined[position : position + length])
        position += length
    usage = None if tokens is None else Usage(*tokens)
    return CachedAnswer(dialect, is_stream, form, usage, stored_at, tuple(frames), (tier, model))


def made_by(beginning: bytes) -> tuple[str, str] | None:
    """The tier and the model of a value of which only the beginning is there, unverified."""
    if not beginning.startswith(_MAGIC):
        return None
    text = content_of(_MAGIC, beginning).decode(errors="replace")
    try:
        tier, end = _JSON.raw_decode(text, 1)
        return tier, _JSON.raw_decode(text, end + 1)[0]
    except ValueError:
        return None
