"""Anthropic's events as bytes: set off as its clients want them, and with another model's name."""

from __future__ import annotations

import re
from typing import Final

import orjson

from gearshift.dialects.anthropic.answer import kind_of
from gearshift.dialects.decoding import BOM
from gearshift.dialects.splice import splice_model
from gearshift.dialects.sse import document_in, read_event
from gearshift.types import Frame

_MODEL: Final = re.compile(rb'"model"\s*:\s*("(?:[^"\\]++|\\.)*+")', re.DOTALL)


def framed(raw: bytes) -> bytes:
    """The one event in `raw` with its name and its blank line."""
    event, document = read_event(raw), document_in(raw)
    try:
        kind = kind_of(event, orjson.loads(document))
    except (ValueError, AttributeError):
        kind = event.name.decode(errors="replace")
    if not document or not kind or "\n" in kind or "\r" in kind:
        return raw
    return b"event: " + kind.encode() + b"\ndata: " + document + b"\n\n"


def rewrite_model(frame: Frame, model: str) -> bytes:
    """The frame's bytes with `model` in place of the name that stands in it.

    A whole answer has the name at its top, the first event of a stream in its `message`.
    """
    raw, chunk = frame.raw.removeprefix(BOM), frame.chunk
    if chunk is None or chunk.model is None or chunk.model == model:
        return raw
    if frame.is_end:
        return splice_model(raw, model)
    names = [*_MODEL.finditer(raw)]
    if len(names) == 1 and orjson.loads(names[0][1]) == chunk.model:
        start, end = names[0].span(1)
        return raw[:start] + orjson.dumps(model) + raw[end:]
    event = read_event(raw)
    try:
        data = orjson.loads(event.data or b"")
        data["message"]["model"] = model
    except (ValueError, LookupError, TypeError):
        return raw
    return framed(orjson.dumps(data))
