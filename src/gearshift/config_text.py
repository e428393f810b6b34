"""Configuration text: YAML read strictly, and `${VAR}` put in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from gearshift.errors import ConfigError, Problem

MAX_FILE_BYTES: Final = 1_000_000
_MAX_ALIASES: Final = 100
_VARIABLE: Final = re.compile(r"(\$)?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class _StrictLoader(yaml.SafeLoader):
    """Refuses what YAML allows and nobody means: a key given twice, floods of aliases."""

    aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > _MAX_ALIASES:
                raise yaml.YAMLError(f"more than {_MAX_ALIASES} aliases")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if isinstance(key, str) and key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: the key {key!r} is given twice")
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML (or JSON) file holds; an empty file is an empty mapping.

    Raises:
        ConfigError: It cannot be read, is too large, or is not a mapping.
    """
    source = str(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError([Problem("", "larger than 1 MB; is this the right file?")], source)
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except FileNotFoundError as error:
        message = "no such file; `gearshift config show` prints the defaults to start from"
        raise ConfigError([Problem("", message)], source) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError([Problem("", f"cannot be read: {reason}")], source) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError([Problem("", "a mapping of settings is expected")], source)
    return {str(key): value for key, value in document.items()}


def parse_value(text: str) -> Any:
    """A value from an environment variable: a number, a list, a text … as YAML has it."""
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError:
        return text


def expand(value: Any, environ: Mapping[str, str], key: str = "") -> tuple[Any, list[Problem]]:
    """`value` with `${VAR}` and `${VAR:-default}` replaced in every text; `$${` is a `${`."""
    if isinstance(value, str):
        return _expand_text(value, environ, key)
    problems: list[Problem] = []
    if isinstance(value, dict):
        items: Any = {}
        for name, inner in value.items():
            items[name], more = expand(inner, environ, f"{key}.{name}" if key else str(name))
            problems += more
        return items, problems
    if isinstance(value, list):
        items = []
        for index, inner in enumerate(value):
            item, more = expand(inner, environ, f"{key}.{index}")
            items.append(item)
            problems += more
        return items, problems
    return value, problems


def _expand_text(text: str, environ: Mapping[str, str], key: str) -> tuple[str, list[Problem]]:
    problems = []

    def replaced(match: re.Match[str]) -> str:
        dollar, name, default = match.groups()
        if dollar:
            return match.group()[1:]
        value = environ.get(name)
        # As in a shell, `:-` also stands in for a variable that is set but empty.
        if default is not None:
            return value or default
        if value is None:
            hint = f"set {name}, or write ${{{name}:-default}}"
            problems.append(Problem(key, f"the environment variable {name} is not set", hint))
            return ""
        return value

    return _VARIABLE.sub(replaced, text), problems


def flatten(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of all values in nested mappings."""
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
