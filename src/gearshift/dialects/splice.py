"""One top-level value of a JSON text replaced, and every other byte left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import orjson

_KEY: Final = b'"model"'
_VALUE: Final = re.compile(rb'\s*:\s*("(?:[^"\\]++|\\.)*+"|null)', re.DOTALL)
_FIRST_KEY: Final = re.compile(rb'\s*\{\s*"model"\s*:\s*("(?:[^"\\]++|\\.)*+"|null)', re.DOTALL)
_ESCAPED_LETTER: Final = b"\\u006"  # the letters of "model" are U+006C to U+006F, and 64, 65
_LONGEST_KEY: Final = 5 * len("\\u006d")

Span = tuple[int, int]


def splice_model(raw: bytes, model: str) -> bytes:
    """`raw`, a valid JSON object, with `model` as its top-level `model`.

    Spacing, escapes, number formats and the order of keys stay as they are. Where the key is
    written twice, both are replaced: engines differ in which one they believe.

    >>> splice_model(b'{ "model":"auto", "x": 1.0 }', "gemma2:2b")
    b'{ "model":"gemma2:2b", "x": 1.0 }'
    """
    name = orjson.dumps(model)
    first = _FIRST_KEY.match(raw)
    if first is not None and raw.count(_KEY) == 1 and _ESCAPED_LETTER not in raw:
        return b"".join((raw[: first.start(1)], name, raw[first.end(1) :]))
    spans = _obvious_spans(raw)
    if spans is None:
        spans = _top_level_spans(raw)
    if not spans:
        return _inserted(raw, name)
    for start, end in reversed(spans):
        raw = b"".join((raw[:start], name, raw[end:]))
    return raw


def _obvious_spans(raw: bytes) -> list[Span] | None:
    """The model's span, or none, if a look around proves it; `None` if that proves nothing."""
    keys = list(_plain_keys(raw))
    if len(keys) > 1 or _ESCAPED_LETTER in raw:
        return None
    if not keys:
        return []
    value = _VALUE.match(raw, keys[0] + len(_KEY))
    if value is None or (_opens(raw, keys[0]) > 1 and _closes(raw, value.end()) > 1):
        return None
    return [value.span(1)]


def _plain_keys(raw: bytes) -> Iterator[int]:
    """Where `"model"` stands with a quote that no backslash escapes, at any depth."""
    position = raw.find(_KEY)
    while position >= 0:
        if raw[position - 1 : position] != b"\\":
            yield position
        position = raw.find(_KEY, position + len(_KEY))


def _opens(raw: bytes, end: int) -> int:
    return raw.count(b"{", 0, end) + raw.count(b"[", 0, end)


def _closes(raw: bytes, start: int) -> int:
    return raw.count(b"}", start) + raw.count(b"]", start)


def _top_level_spans(raw: bytes) -> list[Span]:
    """Where the values of every top-level `model` are, found by reading string by string."""
    bare = raw.replace(b"\\\\", b"..").replace(b'\\"', b"..")  # every quote left delimits
    spans = []
    depth = offset = 0
    for index, piece in enumerate(bare.split(b'"')):
        end = offset + len(piece)
        if index % 2 == 0:
            depth += _opens(piece, len(piece)) - _closes(piece, 0)
        elif depth == 1 and _is_model(raw[offset - 1 : end + 1]):
            value = _VALUE.match(raw, end + 1)
            spans += [value.span(1)] if value else []
        offset = end + 1
    return spans


def _is_model(token: bytes) -> bool:
    if token == _KEY:
        return True
    if _ESCAPED_LETTER not in token or len(token) > _LONGEST_KEY + 2:
        return False
    try:
        return bool(orjson.loads(token) == "model")
    except orjson.JSONDecodeError:  # half of a character
        return False


def _inserted(raw: bytes, name: bytes) -> bytes:
    start = raw.index(b"{") + 1
    comma = b"" if raw[start:].lstrip()[:1] == b"}" else b","
    return b"".join((raw[:start], b'"model":', name, comma, raw[start:]))
