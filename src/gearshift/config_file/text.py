"""Configuration as text: strict, bounded YAML with line numbers, and `${VAR}` in its strings."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gearshift.errors import ConfigError, Problem

MAX_BYTES: Final = 1_000_000
_MAX_VALUES: Final = 100_000
_MAX_DEPTH: Final = 50
_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_BODY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_MERGE_TAG: Final = "tag:yaml.org,2002:merge"
_TIMESTAMP_TAG: Final = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file.

    Attributes:
        values: What it says; empty where it says nothing.
        lines: The line (from 1) on which each dotted key stands.
    """

    values: dict[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, without dates: nothing in a configuration is one."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and shape that yaml looks for
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP_TAG]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _TextError(Exception):
    """Why a text is not a configuration."""


def read_document(path: Path, *, source: str = "", may_be_empty: bool = False) -> Document:
    """Read and parse a file.

    Args:
        path: The file.
        source: What messages call it; its path otherwise.
        may_be_empty: An empty file means that nothing is set; otherwise it is an error.

    Raises:
        ConfigError: It cannot be read, is too large, empty, or no mapping in YAML.
    """
    source = source or str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        problem = Problem("", "does not exist", "check the path")
        raise ConfigError([problem], source) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError([Problem("", f"cannot be read: {reason.lower()}")], source) from error
    try:
        document = _document(_decoded(raw))
    except _TextError as error:
        raise ConfigError([Problem("", str(error))], source) from error
    if document is None and not may_be_empty:
        raise ConfigError([Problem("", "is empty", "`gearshift config show` prints one")], source)
    return document or Document({})


def parse_value(text: str) -> Any:
    """One value in YAML or JSON, as it stands in an environment variable.

    Raises:
        ValueError: It is not valid.
    """
    try:
        return _parse(text)[0]
    except _TextError as error:
        raise ValueError(str(error)) from error


def parse_text(text: str) -> dict[str, Any]:
    """What the text of a configuration file says, its `${VAR}` as they stand there.

    Raises:
        ValueError: It is not valid.
    """
    try:
        document = _document(text.removeprefix("\ufeff"))
    except _TextError as error:
        raise ValueError(str(error)) from error
    return document.values if document else {}


def expand(value: Any, environ: Mapping[str, str], key: str = "") -> tuple[Any, list[Problem]]:
    """Replace `${VAR}` and `${VAR:-default}` in every string below `value`.

    `$${` stands for `${` itself. The default is also taken where the variable is empty.
    """
    problems: list[Problem] = []

    def walk(part: Any, at: str) -> Any:
        if isinstance(part, Mapping):
            return {name: walk(inner, _join(at, name)) for name, inner in part.items()}
        if isinstance(part, list):
            return [walk(inner, _join(at, index)) for index, inner in enumerate(part)]
        if isinstance(part, str) and "${" in part:
            return _REFERENCE.sub(lambda match: _replaced(match, environ, at, problems), part)
        return part

    return walk(value, key), problems


def _replaced(
    match: re.Match[str], environ: Mapping[str, str], key: str, problems: list[Problem]
) -> str:
    text = match.group()
    if text == "$${":
        return "${"
    body = _BODY.fullmatch(match.group(1))
    if not text.endswith("}") or body is None or "${" in (body.group(2) or ""):
        advice = "write ${VAR} or ${VAR:-default}, and $${ for a literal ${"
        problems.append(Problem(key, "contains a malformed ${…}", advice))
        return text
    name, default = body.groups()
    value = environ.get(name)
    if default is not None:
        return value or default
    if value is None:
        advice = f"set it, or give a default: ${{{name}:-…}}"
        problems.append(Problem(key, f"environment variable {name} is not set", advice))
        return ""
    return value


def _decoded(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise _TextError(f"is larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _TextError(f"is not UTF-8 (line {line})") from error


def _document(text: str) -> Document | None:
    values, node = _parse(text)
    if values is None:
        return None
    if not isinstance(values, dict):
        raise _TextError("a mapping of settings is expected")
    return Document(values, dict(_lines(node, "")))


def _parse(text: str) -> tuple[Any, Node | None]:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None, None
        _check_size(node, {}, set())
        _check_duplicates(node, set())
        return loader.construct_document(node), node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _TextError(f"is not valid YAML: {where}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise _TextError(f"is not valid YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise _TextError("is nested too deeply") from error
    except ValueError as error:  # a number or binary that only looks like one
        raise _TextError(f"is not valid YAML: {error}") from error
    except (AttributeError, LookupError, TypeError) as error:  # so do these: `!!timestamp x`
        raise _TextError("is not valid YAML: a value is not what its tag (!!…) says") from error


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def _check_size(node: Node, sizes: dict[int, int], open_nodes: set[int]) -> int:
    """Count the values as they are once every alias is written out, without doing so."""
    counted = sizes.get(id(node))
    if counted is not None:
        return counted
    if id(node) in open_nodes:
        raise _TextError(f"an alias contains itself (line {node.start_mark.line + 1})")
    if len(open_nodes) > _MAX_DEPTH:
        raise _TextError(f"is nested too deeply (line {node.start_mark.line + 1})")
    open_nodes.add(id(node))
    size = 1 + sum(_check_size(child, sizes, open_nodes) for child in _children(node))
    open_nodes.discard(id(node))
    if size > _MAX_VALUES:
        raise _TextError(f"has more than {_MAX_VALUES} values")
    sizes[id(node)] = size
    return size


def _check_duplicates(node: Node, seen_nodes: set[int]) -> None:
    if id(node) in seen_nodes:
        return
    seen_nodes.add(id(node))
    if isinstance(node, MappingNode):
        seen: dict[Hashable, int] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode) or key.tag == _MERGE_TAG:
                continue
            line = key.start_mark.line + 1
            if key.value in seen:
                first = seen[key.value]
                raise _TextError(f"line {line}: key {key.value!r} is already in line {first}")
            seen[key.value] = line
    for child in _children(node):
        _check_duplicates(child, seen_nodes)


def _lines(node: Node | None, key: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if isinstance(name, ScalarNode):
                inner = _join(key, name.value)
                yield inner, name.start_mark.line + 1
                yield from _lines(value, inner)
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            inner = _join(key, index)
            yield inner, value.start_mark.line + 1
            yield from _lines(value, inner)


def _join(key: str, part: object) -> str:
    return f"{key}.{part}" if key else str(part)
