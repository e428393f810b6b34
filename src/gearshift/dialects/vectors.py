"""Vectors in the bodies of answers: found without decoding everything at once, in either form."""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Sequence
from typing import Final

import orjson

from gearshift.dialects.decoding import BOM, decode_whole
from gearshift.dialects.errors import error_of_frame
from gearshift.types import EmbeddingRequest, Json, JsonObject, Vector

FLOAT: Final = "float"
BASE64: Final = "base64"
_STARTS: Final = b"-0123456789"
_NUMBERS: Final = frozenset({int, float})
# Stands where a list of numbers was. No answer has it by chance, and it is no base64.
_MARK: Final = "\x00"
_BYTES_OF_A_FLOAT: Final = 4


def decoded_answer(raw: bytes) -> tuple[JsonObject, list[bytes]]:
    """An answer with a mark for each list of numbers, and these lists' own text.

    Each list is decoded by itself, so that in a thread a large answer lets others run in between.

    Raises:
        ValueError: It is no JSON object, or says that something failed.
    """
    text, lists = _hollowed(raw.removeprefix(BOM))
    try:
        data = decode_whole(text)
    except ValueError as problem:
        raise ValueError(f"the answer is not JSON: {problem}") from None
    if not isinstance(data, dict):
        raise ValueError("the answer is not a JSON object")
    if error := error_of_frame(data):
        raise ValueError(error)
    return data, lists


def _hollowed(raw: bytes) -> tuple[bytes, list[bytes]]:
    pieces: list[bytes] = []
    lists: list[bytes] = []
    done = 0
    start = raw.find(b"[")
    while start >= 0 and (end := raw.find(b"]", start)) >= 0:
        start = raw.rfind(b"[", start, end)  # the innermost
        found = raw[start : end + 1]
        if _is_list_of_numbers(found):
            pieces += (raw[done:start], orjson.dumps(f"{_MARK}{len(lists)}"))
            lists.append(found)
            done = end + 1
        start = raw.find(b"[", end)
    return b"".join((*pieces, raw[done:])), lists


def _is_list_of_numbers(text: bytes) -> bool:
    if text[1:9].lstrip()[:1] not in _STARTS:
        return False
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return bool(values) and set(map(type, values)) <= _NUMBERS


def vector_in(value: Json, lists: Sequence[bytes]) -> Vector:
    """The vector that stands in a decoded answer.

    Raises:
        ValueError: It is none, or not all of its values are numbers.
    """
    if not isinstance(value, str) or not value:
        raise ValueError("the answer has a vector that is not a list of numbers")
    if value.startswith(_MARK):
        number = value.removeprefix(_MARK)
        if not number.isdecimal() or int(number) >= len(lists):
            raise ValueError("the answer has a vector that is not a list of numbers")
        return lists[int(number)]
    numbers_of(value)
    return value


def numbers_of(vector: Vector) -> list[float]:
    """Its numbers; of base64 with the precision that they have.

    Raises:
        ValueError: It is no base64 of finite 32-bit numbers.
    """
    if isinstance(vector, bytes):
        numbers: list[float] = orjson.loads(vector)
        return numbers
    try:
        packed = base64.b64decode(vector, validate=True)
    except binascii.Error:
        raise ValueError("the answer has a vector that is not base64") from None
    if not packed or len(packed) % _BYTES_OF_A_FLOAT:
        raise ValueError("the answer has a vector that is not base64 of 32-bit numbers")
    values = array("f", packed)
    if sys.byteorder == "big":
        values.byteswap()
    if not math.isfinite(sum(values)):
        raise ValueError("the answer has a vector with values that are no numbers")
    return values.tolist()


def as_json(vector: Vector) -> orjson.Fragment:
    """A vector as a list of numbers, to be written into JSON."""
    return orjson.Fragment(
        vector if isinstance(vector, bytes) else orjson.dumps(numbers_of(vector))
    )


def as_base64(vector: Vector) -> str:
    """A vector as base64 of 32-bit floats, the lowest byte first."""
    if isinstance(vector, str):
        return vector
    values = array("f", numbers_of(vector))
    if sys.byteorder == "big":
        values.byteswap()
    return base64.b64encode(values.tobytes()).decode()


def checked(request: EmbeddingRequest, vectors: Sequence[Vector]) -> tuple[Vector, ...]:
    """The vectors, if they are what was asked for.

    Raises:
        ValueError: They are more or fewer than the inputs, or longer than `dimensions`.
    """
    if len(vectors) != len(request.inputs):
        raise ValueError(f"the answer has {len(vectors)} vectors for {len(request.inputs)} inputs")
    if request.dimensions is not None and vectors:
        length = len(numbers_of(vectors[0]))
        if length > request.dimensions:
            raise ValueError(
                f"this model or server does not support 'dimensions': its vectors have {length} "
                f"numbers, not {request.dimensions}"
            )
    return tuple(vectors)


def is_in_form(vectors: Sequence[Vector], encoding: str) -> bool:
    """Whether vectors have the form that a client wants."""
    wanted = str if encoding == BASE64 else bytes
    return all(isinstance(vector, wanted) for vector in vectors)
