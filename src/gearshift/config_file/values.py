"""Another value at one place in a configuration's text, every other byte and value as it was."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

import yaml

from gearshift.config_file.text import parse_text
from gearshift.errors import GearshiftError

_ALIAS: Final = re.compile(r"\s*:\s*(?P<alias>\*[^\s,\[\]{}]+)")
_NOTHING: Final = object()

Scalar = bool | int | float | str


def with_value(text: str, path: tuple[str, ...], value: Scalar, name: str) -> str:
    """The text with another value at a path of keys; read again, it says that and nothing else.

    Raises:
        GearshiftError: There is no one place for it.
    """
    values = values_of(text, name)
    current = value_at(values, path)
    if isinstance(current, str) and "${" in current:
        raise GearshiftError(f"{name}: {'.'.join(path)} comes from the environment")
    written = value.replace("${", "$${") if isinstance(value, str) else value
    shown = _scalar(written)
    new = _edited(text, path, shown)
    if new is None or not _says(new, _replaced(values, path, written)):
        raise GearshiftError(f"{name}: write `{path[-1]}: {shown}` under `{path[0]}` by hand")
    return new


def without_value(text: str, path: tuple[str, ...], name: str) -> str:
    """The text without the line that sets the value at a path of keys.

    Raises:
        GearshiftError: It is more or less than a line, or others need it.
    """
    values = values_of(text, name)
    spot = _spot(text, path)
    if spot.key is not None and spot.depth == len(path):
        start = text.rfind("\n", 0, spot.key.start_mark.index) + 1
        end = text.find("\n", spot.key.end_mark.index) + 1 or len(text)
        new = text[:start] + text[end:]
        if _says(new, _removed(values, path)):
            return new
    raise GearshiftError(f"{name}: remove `{path[-1]}` under `{path[0]}` by hand")


class _Spot(NamedTuple):
    """The last part of a path of keys that is there, its key, and how far it is."""

    node: yaml.Node | None
    key: yaml.Node | None
    depth: int


def _edited(text: str, path: tuple[str, ...], shown: str) -> str | None:
    """The text with a value where its place seems to be."""
    node, key, depth = _spot(text, path)
    line = "\r\n" if "\r\n" in text else "\n"
    if node is None or key is None:
        return f"{text.rstrip()}{line}{line}{_nested(path, shown, 0, line)}{line}".lstrip()
    start, end = node.start_mark.index, node.end_mark.index
    if start < key.end_mark.index:  # an alias stands for what is written elsewhere
        alias = _ALIAS.match(text, key.end_mark.index)
        start, end = alias.span("alias") if alias else (start, end)
    old = text[start:end]
    if isinstance(node, yaml.ScalarNode):
        if depth == len(path):  # a block of text holds the end of its line
            return text[:start] + shown + old[len(old.rstrip()) :] + text[end:]
        if not old:
            column = key.start_mark.column + 2
            below = _nested(path[depth:], shown, column, line)
            return f"{text[:start]}{line}{' ' * column}{below}{text[start:]}"
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        first = node.value[0][0].start_mark
        below = _nested(path[depth:], shown, first.column, line)
        return f"{text[: first.index]}{below}{line}{' ' * first.column}{text[first.index :]}"
    return None


def _spot(text: str, path: tuple[str, ...]) -> _Spot:
    node, key, depth = yaml.compose(text, Loader=yaml.SafeLoader), None, 0
    while node is not None and depth < len(path):
        pair = _pair(node, path[depth])
        if pair is None:
            break
        (key, node), depth = pair, depth + 1
    return _Spot(node if depth else None, key, depth)


def _pair(node: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(((name, value) for name, value in node.value if name.value == key), None)


def _nested(path: tuple[str, ...], shown: str, column: int, line: str) -> str:
    """Keys below each other with the value at the last, the first of them not indented."""
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(path)]
    lines[-1] += f" {shown}"
    return f"{line}{' ' * column}".join(lines)


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    short = f"{value:g}"
    shown = short if float(short) == value and "e" not in short else repr(value)
    # YAML takes an exponent for a number's only behind a point.
    return shown if "." in shown else shown.replace("e", ".0e")


# --- what a text says


def values_of(text: str, name: str) -> dict[str, Any]:
    """What a text says.

    Raises:
        GearshiftError: It is no configuration.
    """
    try:
        return parse_text(text)
    except ValueError as error:
        raise GearshiftError(f"{name}: {error}") from error


def _says(text: str, values: Any) -> bool:
    try:
        return _is_same(parse_text(text), values)
    except ValueError:
        return False


def _is_same(value: Any, other: Any) -> bool:
    """Equal, and no flag where a number was."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_is_same(value[k], other[k]) for k in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_is_same, value, other))
    if isinstance(value, float) and value != value:  # not a number, which equals nothing
        return isinstance(other, float) and other != other
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def value_at(values: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of keys; `None` where nothing does."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _replaced(values: Any, path: tuple[str, ...], value: Scalar) -> Any:
    if not path:
        return value
    first, *rest = path
    block = {} if values is None else values
    if not isinstance(block, dict):
        return _NOTHING  # which no text says
    return {**block, first: _replaced(block.get(first), tuple(rest), value)}


def _removed(values: Any, path: tuple[str, ...]) -> Any:
    first, *rest = path
    if rest:
        return {**values, first: _removed(values[first], tuple(rest))}
    return {key: value for key, value in values.items() if key != first} or None
