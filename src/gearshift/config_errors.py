"""Turns pydantic's findings into problems that name the nearest valid key."""

from __future__ import annotations

import difflib
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gearshift.errors import Problem


def problems_of(error: ValidationError, model: type[BaseModel], prefix: str = "") -> list[Problem]:
    """One problem per finding, with a dotted key below `prefix` and what to do about it."""
    return [_problem(dict(finding), model, prefix) for finding in error.errors()]


def nearest(word: str, choices: list[str]) -> str | None:
    """The choice that `word` was probably meant to be, or `None` if nothing is close."""
    matches = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    return matches[0] if matches else None


def _problem(finding: dict[str, Any], model: type[BaseModel], prefix: str) -> Problem:
    location = tuple(finding["loc"])
    key = ".".join(str(part) for part in ((prefix, *location) if prefix else location))
    if finding["type"] == "extra_forbidden":
        return Problem(key, "unknown key", _key_suggestion(model, location))
    message = str(finding["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    given = finding.get("input")
    if isinstance(given, str | int | float) and finding["type"] != "value_error":
        message += f", got {given!r}"
    return Problem(key, message)


def _key_suggestion(model: type[BaseModel], location: tuple[Any, ...]) -> str:
    parent = _descend(model, location[:-1])
    valid = list(parent.model_fields) if parent else []
    guess = nearest(str(location[-1]), valid)
    if guess:
        return f"did you mean {guess!r}?"
    return f"valid keys: {', '.join(valid)}" if valid else ""


def _descend(model: type[BaseModel], location: tuple[Any, ...]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int):
            continue
        if current is None or part not in current.model_fields:
            return None
        current = _model_in(current.model_fields[part].annotation)
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    origin = get_origin(annotation)
    if origin in (Union, UnionType, tuple, list, dict):
        for argument in get_args(annotation):
            found = _model_in(argument)
            if found is not None:
                return found
    return None
