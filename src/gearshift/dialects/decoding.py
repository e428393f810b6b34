"""JSON as clients and servers really write it: with byte order marks and halves of characters."""

from __future__ import annotations

import json
from typing import Final, NoReturn

import orjson

from gearshift.dialects.characters import whole_characters
from gearshift.types import Json

BOM: Final = b"\xef\xbb\xbf"


def decode(raw: bytes) -> tuple[Json, bool]:
    r"""What an upstream said, and whether all of it is in whole characters.

    Half of a character stays one, for the next piece may complete it.

    Raises:
        ValueError: It is not JSON.

    >>> decode(b'\xef\xbb\xbf{"content":"\\ud83d"}')
    ({'content': '\ud83d'}, False)
    """
    try:
        return orjson.loads(raw), True
    except orjson.JSONDecodeError:
        return _decoded(raw, is_strict=False), False


def decode_whole(raw: bytes) -> Json:
    """What an upstream said where no more follows: U+FFFD for each half of a character.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return orjson.loads(_encoded(_decoded(raw, is_strict=False)))


def repaired(raw: bytes) -> bytes:
    r"""`raw` as JSON that every server takes: no byte order mark, U+FFFD for halves of characters.

    Raises:
        ValueError: It is not JSON even so.

    >>> repaired(b'{"a": "\\ud83d \xff"}').decode()
    '{"a":"\ufffd \ufffd"}'
    """
    return _encoded(_decoded(raw, is_strict=True))


def _decoded(raw: bytes, *, is_strict: bool) -> Json:
    text = raw.removeprefix(BOM).decode("utf-8", "surrogateescape")
    try:
        if is_strict:
            return json.loads(text, parse_constant=_refuse)
        return json.loads(text, strict=False, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _encoded(value: Json) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return whole_characters(text).encode()


def _no_number(_: str) -> None:
    """NaN and Infinity, which some engines write for probabilities, are no value."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
