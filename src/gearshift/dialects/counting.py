"""About how many tokens a request has, before any engine has seen it."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final

import orjson

from gearshift.types import ChatRequest, Json

# English has about 4.2 bytes a token, code 3.2, Chinese 3; the tokenizers of open models differ by
# a fifth. What a client does with the number (how much of a conversation it keeps) bears that.
_BYTES_PER_TOKEN: Final = 3.6
_PER_TURN: Final = 4
_PER_IMAGE: Final = 1_000


def tokens_of(request: ChatRequest) -> int:
    """An estimate from the bytes of texts and tools, the number of turns and of images."""
    size, images = 0, 0
    for message in request.messages:
        for part in _parts(message.get("content")):
            if isinstance(part, dict) and part.get("type") == "image_url":
                images += 1
            else:
                size += _size(part)
        size += _size(message.get("tool_calls")) + _size(message.get("reasoning_content"))
    size += _size(request.options.get("tools"))
    turns = _PER_TURN * len(request.messages)
    return ceil(size / _BYTES_PER_TOKEN) + turns + _PER_IMAGE * images


def _parts(content: Json) -> Iterator[Json]:
    if isinstance(content, list):
        yield from content
    else:
        yield content


def _size(value: Json) -> int:
    if value is None:
        return 0
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        value = value["text"]
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    return len(orjson.dumps(value))
