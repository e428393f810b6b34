"""Whether a value fits a JSON schema that a client has sent, for as much work as it is worth.

A schema is a program of whoever wrote it: it may name addresses to be fetched, patterns that take
for ever, references that multiply. So nothing is ever fetched, patterns are RE2's, whose time is
linear, and every step is counted. Whatever goes wrong, the result is that nobody can tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache, partial
from typing import Any, Final

import re2

from gearshift.extras import extra, require

_PURPOSE: Final = "a check of JSON against a schema"
_MOST_CHARACTERS: Final = {"schema": 65_536, "value": 1_000_000}
_DEEPEST: Final = 64
_STEPS: Final = 40_000  # about half a second's work
_SECONDS: Final = 3.0  # of this thread's own work: a busy machine must not change what is said
_LONGEST_PATTERN: Final = 1_000
_PATTERN_MEMORY: Final = 1 << 20  # bytes
_NUMBER: Final = (int, float)
_SCHEMA: Final = (dict, bool)
_SHAPES: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems", "enum"), (list,)),
    **dict.fromkeys(("properties", "patternProperties", "dependentRequired"), (dict,)),
    **dict.fromkeys(("dependentSchemas", "dependencies"), (dict,)),
    **dict.fromkeys(("pattern", "$ref", "$dynamicRef"), (str,)),
    **dict.fromkeys(("not", "if", "contains", "propertyNames", "additionalProperties"), _SCHEMA),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), _SCHEMA),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    **dict.fromkeys(("multipleOf", "minLength", "maxLength", "minItems", "maxItems"), _NUMBER),
    **dict.fromkeys(("minProperties", "maxProperties", "minContains", "maxContains"), _NUMBER),
    "items": (dict, bool, list),
    "required": (list, bool),  # a boolean in draft 3
    "type": (str, list),
    "uniqueItems": (bool,),
}
"""What a keyword's value must be; the library would make something of most others."""

Errors = Iterable[Any]
Keyword = Callable[[Any, Any, Any, Any], Errors | None]


class _CannotTellError(Exception):
    """The schema is not one, or takes too much."""


class _Budget:
    """What one question may cost, and how large its parts are."""

    def __init__(self, value: Any, schema: Any) -> None:
        self._sizes: dict[int, int] = {}
        self._left = _STEPS
        self._until = time.thread_time() + _SECONDS
        for name, whole in (("value", value), ("schema", schema)):
            self._room = _MOST_CHARACTERS[name]
            self._measure(whole, _DEEPEST)

    def spend(self, steps: int) -> None:
        """Count steps of work."""
        self._left -= steps
        if self._left < 0 or time.thread_time() > self._until:
            raise _CannotTellError

    def size(self, part: Any) -> int:
        """About as many characters as it is written with."""
        if isinstance(part, str):
            return len(part) + 2
        return self._sizes.get(id(part), 8)

    def _measure(self, part: Any, levels: int) -> int:
        is_whole = isinstance(part, dict | list)
        size = 2 if is_whole else self.size(part)
        self._room -= size
        if not levels or self._room < 0:
            raise _CannotTellError
        if not is_whole:
            return size
        for name, inner in part.items() if isinstance(part, dict) else (("", one) for one in part):
            self._room -= self.size(name)
            size += self.size(name) + self._measure(inner, levels - 1)
        self._sizes[id(part)] = size
        return size


_BUDGET: ContextVar[_Budget] = ContextVar("budget")


def fits(value: Any, schema: Mapping[str, Any]) -> bool | None:
    """Whether a decoded value fits a decoded schema, of the draft that it names or 2020-12.

    Returns:
        `None` where nobody can tell: the schema is broken, refers to what is not in it, needs
        patterns that RE2 does not know, or takes too much work.

    >>> fits({"a": 1}, {"required": ["a"]}), fits({}, {"$ref": "http://127.0.0.1/schema"})
    (True, None)
    """
    require("quality", _PURPOSE, "jsonschema")
    try:
        return _fits(value, schema)
    except Exception:  # noqa: BLE001 - whatever a stranger's schema leads to
        return None


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    with extra("quality", _PURPOSE):
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry
    draft = _bounded(validator_for(schema, default=Draft202012Validator))
    # A part that names a draft would be read by the library's own class of it, without bounds.
    whole = {name: part for name, part in schema.items() if name != "$schema"}
    budget = _Budget(value, whole)
    names = _names(whole)
    # The library looks for the latter with Python's patterns.
    if "$schema" in names or {"patternProperties", "unevaluatedProperties"} <= names:
        raise _CannotTellError
    token = _BUDGET.set(budget)
    try:
        return bool(draft(whole, registry=Registry()).is_valid(value))
    finally:
        _BUDGET.reset(token)


def _names(part: Any) -> set[str]:
    """Every name in a schema, however deep."""
    names: set[str] = set()
    waiting = [part]
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict):
            names.update(schema)
            waiting.extend(schema.values())
        elif isinstance(schema, list):
            waiting.extend(schema)
    return names


@cache
def _bounded(draft: Any) -> Any:
    """A draft of the standard in which every step counts, and patterns are RE2's."""
    with extra("quality", _PURPOSE):
        from jsonschema.validators import extend

    own = {name: word for name, word in _OWN.items() if name in draft.VALIDATORS}
    keywords = {**draft.VALIDATORS, **own}
    return extend(draft, {name: partial(_counted, name, word) for name, word in keywords.items()})


def _counted(
    name: str, keyword: Keyword, validator: Any, wanted: Any, instance: Any, schema: Any
) -> Errors | None:
    if not isinstance(wanted, _SHAPES.get(name, object)):
        raise _CannotTellError
    budget = _BUDGET.get()
    # Values are compared with all of `enum`; of `anyOf` every part is gone through; and what does
    # not fit is written out in the library's words.
    each = 20 if name in ("enum", "const", "required") else 100
    budget.spend(1 + budget.size(wanted) // each + budget.size(instance) // 1_000)
    return keyword(validator, wanted, instance, schema)


def _matches(pattern: str, words: str) -> bool:
    if len(pattern) > _LONGEST_PATTERN:
        raise _CannotTellError
    _BUDGET.get().spend(1 + len(pattern) * len(words) // 10_000)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    return re2.compile(pattern, options).search(words) is not None


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield _misfit()


def _pattern_properties(
    validator: Any, patterns: dict[str, Any], instance: Any, _: Any
) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name, inner in instance.items():
                if _matches(pattern, name):
                    yield from validator.descend(inner, schema)


def _additional_properties(
    validator: Any, wanted: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, inner in instance.items():
        if name not in properties and not any(_matches(pattern, name) for pattern in patterns):
            if isinstance(wanted, dict):
                yield from validator.descend(inner, wanted)
            elif not wanted:
                yield _misfit()


def _unique_items(validator: Any, wanted: bool, instance: Any, _: Any) -> Iterator[Any]:
    if wanted and isinstance(instance, list):
        budget = _BUDGET.get()
        budget.spend(budget.size(instance) // 20)
        if len(set(map(_key, instance))) < len(instance):
            yield _misfit()


def _key(value: Any) -> Any:
    """Equal for values that are the same to JSON: 1 is 1.0, and no boolean."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list):
        return list, tuple(map(_key, value))
    if isinstance(value, dict):
        return dict, frozenset((name, _key(inner)) for name, inner in value.items())
    return value


def _misfit() -> Any:
    with extra("quality", _PURPOSE):
        from jsonschema import ValidationError

    return ValidationError("")  # nobody reads more of it than that it is there


_OWN: Final[Mapping[str, Keyword]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
"""Keywords for which the library uses Python's `re`, or compares everything with everything."""
