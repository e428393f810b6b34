"""Turns pydantic's findings into problems in plain words that name the nearest valid key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import PydanticCustomError

from gearshift.errors import Problem

_WORDS: Final = {
    "bool_parsing": "true or false is expected",
    "bool_type": "true or false is expected",
    "dict_type": "a mapping is expected",
    "finite_number": "a finite number is expected",
    "float_parsing": "a number is expected",
    "float_type": "a number is expected",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "int_from_float": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_parsing_size": "the number is too large",
    "int_type": "a whole number is expected",
    "invalid_key": "a key must be a string",
    "less_than_equal": "must be at most {le:g}",
    "missing": "is required",
    "model_attributes_type": "a mapping of settings is expected",
    "model_type": "a mapping of settings is expected",
    "string_pattern_mismatch": "does not match {pattern}",
    "string_too_short": "must not be empty",
    "string_type": "a string is expected",
    "too_short": "must have at least {min_length}",
    "tuple_type": "a list is expected",
}
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]*@")


def problems_of(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[Problem]:
    """One problem per finding, with a dotted key below `prefix` and what to do about it."""
    return [_problem(dict(finding), model, prefix) for finding in error.errors()]


def setting_error(at: str, message: str, suggestion: str = "") -> PydanticCustomError:
    """What a validator raises so that its finding has a key (`at`, may be empty) and advice."""
    context = {"at": at, "message": message, "suggestion": suggestion}
    return PydanticCustomError("setting", "{message}", context)


def nearest(word: str, choices: Sequence[str], *, cutoff: float = 0.6) -> str | None:
    """The choice that `word` was probably meant to be, or `None` if nothing is close."""
    folded = {choice.lower().replace("-", "_"): choice for choice in choices}
    wanted = word.lower().replace("-", "_")
    matches = difflib.get_close_matches(wanted, list(folded), n=1, cutoff=cutoff)
    return folded[matches[0]] if matches else None


def redacted(text: str) -> str:
    """A text without the user and password that a URL in it may carry."""
    return _USERINFO.sub("***@", text)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The settings model inside an annotation such as `tuple[Model, ...]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict, Annotated):
        for argument in get_args(annotation):
            model = model_in(argument)
            if model is not None:
                return model
    return None


def _problem(finding: Mapping[str, Any], model: type[BaseModel], prefix: str) -> Problem:
    location = tuple(finding["loc"])
    context = finding.get("ctx") or {}
    parts = (*((prefix,) if prefix else ()), *location)
    if finding["type"] == "setting":
        key = ".".join(str(part) for part in (*parts, context["at"]) if part != "")
        return Problem(key, context["message"], context["suggestion"])
    key = ".".join(str(part) for part in parts)
    if finding["type"] == "extra_forbidden":
        return Problem(key, "unknown key", _key_suggestion(model, location))
    message = _message(finding, context)
    given = finding.get("input")
    is_number_for_text = finding["type"] == "string_type" and isinstance(given, int | float)
    advice = "put it in quotes" if is_number_for_text else ""
    if finding["type"] == "missing" or _is_secret(model, location):
        return Problem(key, message, advice)
    if given is None:
        return Problem(key, f"{message}, got nothing")
    if isinstance(given, str | int | float):
        message += f", got {_shortened(given)}"
    return Problem(key, message, advice)


def _message(finding: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    words = _WORDS.get(finding["type"])
    if words is not None:
        return words.format(**context)
    message = str(finding["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _shortened(given: str | float) -> str:
    text = redacted(given) if isinstance(given, str) else given
    shown = repr(text)
    return shown if len(shown) <= 80 else f"{shown[:77]}…"


def _key_suggestion(model: type[BaseModel], location: Sequence[Any]) -> str:
    parent = _descend(model, location[:-1])
    valid = list(parent.model_fields) if parent else []
    guess = nearest(str(location[-1]), valid)
    if guess:
        return f"did you mean {guess!r}?"
    return f"valid keys: {', '.join(valid)}" if valid else ""


def _descend(model: type[BaseModel], location: Sequence[Any]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int):
            continue
        if current is None or part not in current.model_fields:
            return None
        current = model_in(current.model_fields[part].annotation)
    return current


def _is_secret(model: type[BaseModel], location: Sequence[Any]) -> bool:
    current: type[BaseModel] | None = model
    annotation: Any = None
    for part in location:
        if isinstance(part, str) and current is not None and part in current.model_fields:
            annotation = current.model_fields[part].annotation
            current = model_in(
                annotation
            )  # `None` for the values of a mapping: they are what it is
    return annotation is not None and _holds_secret(annotation)


def _holds_secret(annotation: Any) -> bool:
    """Whether the setting is a secret or a block of which one is a part."""
    if SecretStr.__name__ in str(annotation):
        return True
    inner = model_in(annotation)
    fields = inner.model_fields.values() if inner else ()
    return any(_holds_secret(field.annotation) for field in fields)
