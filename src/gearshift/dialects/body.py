"""Client bodies: decoded within bounds, and refused in words that name the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from gearshift.dialects.charsets import other_encoding
from gearshift.dialects.decoding import BOM, repaired
from gearshift.errors import RequestError
from gearshift.types import Json, JsonObject

MAX_STRUCTURE: Final = 100_000
"""Commas and opening brackets that a body may have outside its strings.

Decoding takes about 1 ns a byte and 100 ns a value, and no other Python code can run meanwhile:
20 MB of `[],` take more than a second. With this bound the worst 20 MB take 40 ms, and 1,000
tools or 30,000 messages still pass. What strings hold (long texts full of commas, base64
images) is not counted.
"""

Check = Callable[[Json], bool]


def decode_object(raw: bytes) -> JsonObject:
    """The JSON object that a client sent.

    Raises:
        RequestError: 400 if it is no JSON object, 413 if it has absurdly many values.
    """
    return readable_object(raw)[1]


def readable_object(raw: bytes, most_values: int = MAX_STRUCTURE) -> tuple[bytes, JsonObject]:
    """The client's bytes as every server can read them, and the JSON object that they are.

    The bytes stay as they are but for a byte order mark. Only where they hold halves of
    characters, which many servers refuse, are they written anew, with U+FFFD in their place.

    Args:
        raw: What the client sent.
        most_values: Commas and opening brackets that may stand outside strings.

    Raises:
        RequestError: 400 if it is no JSON object, 413 if it has absurdly many values.
    """
    raw = raw.removeprefix(BOM)
    if len(raw) > most_values and _structure(raw, most_values) > most_values:
        raise RequestError(
            f"The body has too many JSON values (more than about {most_values:,}).", status=413
        )
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        try:
            raw = repaired(raw)
            body = orjson.loads(raw)
        except ValueError:
            raise RequestError(_undecodable(raw, error)) from None
    if not isinstance(body, dict):
        raise RequestError(f"The body must be a JSON object, but it is {_kind(body)}.")
    return raw, body


def encode(value: Json) -> bytes:
    """`value` as JSON.

    Raises:
        RequestError: 400 if it is nested deeper than 250, or a text of it is no Unicode.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise RequestError(f"The request cannot be written as JSON: {error}.") from None


def refuse(field: str, problem: str) -> RequestError:
    """The error that says what is wrong with `field`."""
    return RequestError(f"'{field}' {problem}.", field=field)


def check_fields(body: Mapping[str, Any], rules: Mapping[str, Rule], prefix: str = "") -> None:
    """Refuse the first known field of a wrong type; absent and `null` fields pass.

    Raises:
        RequestError: 400 naming the field.
    """
    for name, value in body.items():
        rule = rules.get(name)
        if rule is not None and value is not None and not rule[0](value):
            raise refuse(prefix + name, f"must be {rule[1]}{_but(value, rule[1])}")


def text_field(body: Mapping[str, Any], name: str) -> str:
    """A field that is a text, or nothing at all.

    Raises:
        RequestError: 400 naming the field.
    """
    check_fields(body, {name: TEXT})
    return body.get(name) or ""


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Json) -> bool:
    if isinstance(value, float):
        return value.is_integer()  # JSON knows one kind of number: 64.0 is a whole one
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_objects(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


Rule = tuple[Check, str]

NUMBER: Final[Rule] = (_is_number, "a number")
WHOLE: Final[Rule] = (_is_whole, "a whole number")
FLAG: Final[Rule] = (lambda value: isinstance(value, bool), "true or false")
TEXT: Final[Rule] = (lambda value: isinstance(value, str), "a string")
TEXTS: Final[Rule] = (_is_texts, "a list of strings")
OBJECT: Final[Rule] = (lambda value: isinstance(value, dict), "an object")
OBJECTS: Final[Rule] = (_is_objects, "a list of objects")


def either(first: Rule, second: Rule) -> Rule:
    """A field that may be the one or the other."""
    return (lambda value: first[0](value) or second[0](value), f"{first[1]} or {second[1]}")


def _but(value: Json, wanted: str) -> str:
    if isinstance(value, list) and "list" in wanted:
        return ", but one of its items is not"
    return f", but it is {_kind(value)}"


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _undecodable(raw: bytes, error: orjson.JSONDecodeError) -> str:
    if not raw.strip():
        return "The body is empty; it must be a JSON object."
    if encoding := other_encoding(raw):
        return (
            f"The body is {encoding}, not UTF-8. Send it as UTF-8, or declare it: "
            f"'Content-Type: application/json; charset={encoding.lower()}'."
        )
    return f"The body is not valid JSON: {error}."


def _structure(raw: bytes, most: int) -> int:
    """Commas and opening brackets in `raw`, looking closer only if strings may hold them."""
    count = _marks(raw)
    if count <= most:
        return count
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"")  # every quote left delimits a string
    quotes = bare.count(b'"')
    if quotes > 4 * most:  # a key and a value to each comma
        return quotes
    return _marks(b"".join(bare.split(b'"')[::2]))


def _marks(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")
