"""Where settings come from: file, environment and arguments, merged with their origins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from gearshift.config_file.messages import model_in, nearest
from gearshift.config_file.text import Document, parse_value, read_document
from gearshift.errors import Problem

PREFIX: Final = "GEARSHIFT_"
CONFIG_VARIABLE: Final = "GEARSHIFT_CONFIG"
FILE_NAME: Final = "ssot_config.yaml"
_USER_FILE_NAMES: Final = (FILE_NAME, "config.yaml")
DEFAULT: Final = "default"

# Ours but no setting, and what Kubernetes sets for a service that is called `gearshift`.
_NO_SETTING: Final = re.compile(r"GEARSHIFT_(CONFIG$|API_KEY$|TEST_|INTERNAL_|PORT(_|$)|SERVICE_)")


@dataclass(frozen=True, slots=True)
class Located:
    """The file to read, if there is one.

    Attributes:
        is_explicit: Somebody named it, so that it must exist and say something.
    """

    path: Path
    shown: str
    is_explicit: bool


@dataclass(slots=True)
class Layers:
    """Values of rising priority, each remembered with where it came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def add(self, values: Mapping[str, Any], label: Callable[[str], str]) -> None:
        """Lay `values` over what is there; `label` names the origin of a dotted key."""
        self._merge(self.values, values, "", label)

    def origin(self, key: str) -> str:
        """Where the value at a dotted key, or the nearest block around it, came from."""
        while key:
            if key in self.origins:
                return self.origins[key]
            key = key.rpartition(".")[0]
        return DEFAULT

    def _merge(
        self, into: dict[str, Any], over: Mapping[str, Any], at: str, label: Callable[[str], str]
    ) -> None:
        for name, value in over.items():
            key = f"{at}.{name}" if at else str(name)
            current = into.get(name)
            if isinstance(value, Mapping) and (current is None or isinstance(current, dict)):
                inner = into[name] = {} if current is None else current
                self.origins.setdefault(key, label(key))
                self._merge(inner, value, key, label)
                continue
            if name in into:
                for old in [k for k in self.origins if k == key or k.startswith(f"{key}.")]:
                    del self.origins[old]
            into[name] = value
            for inner_key in _keys(value, key):
                self.origins[inner_key] = label(inner_key)


def locate(path: str | None, environ: Mapping[str, str], cwd: Path) -> Located | None:
    """The configuration file: `--config`, the variable, the working folder, the user's folder."""
    for named in (path, environ.get(CONFIG_VARIABLE) or None):
        if named is not None:
            return Located(cwd / _with_home(named, environ), named, is_explicit=True)
    local = Path("config") / FILE_NAME
    if (cwd / local).is_file():
        return Located(cwd / local, str(local), is_explicit=False)
    folder = _user_folder(environ)
    candidates = [folder / "gearshift" / name for name in _USER_FILE_NAMES] if folder else []
    for candidate in candidates:
        if candidate.is_file():
            return Located(candidate, str(candidate), is_explicit=False)
    return None


def read(located: Located | None) -> Document:
    """The file's content; nothing without a file.

    Raises:
        ConfigError: The file cannot be used.
    """
    if located is None:
        return Document({})
    return read_document(located.path, source=located.shown, may_be_empty=not located.is_explicit)


def from_environment(
    model: type[BaseModel], environ: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], list[Problem]]:
    """The settings in `GEARSHIFT_…` variables: values, variable by dotted key, problems."""
    settings = {variable: (key, kind) for variable, key, kind in _variables(model, PREFIX, ())}
    values: dict[str, Any] = {}
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    # Blocks before what is inside them, so that the more specific variable wins.
    for name in sorted(environ, key=lambda name: (name.count("__"), name)):
        if not name.startswith(PREFIX) or _NO_SETTING.match(name) or not environ[name].strip():
            continue
        if name not in settings:
            problems += _unknown(name, list(settings))
            continue
        path, annotation = settings[name]
        try:
            value = _parsed(environ[name], annotation)
        except ValueError as error:
            problems.append(Problem(".".join(path), f"{name} {error}"))
            continue
        _put(values, path, value)
        variables.update(dict.fromkeys(_keys(value, ".".join(path)), name))
    return values, variables, problems


def nested(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with dotted keys as a tree."""
    values: dict[str, Any] = {}
    for key, value in overrides.items():
        _put(values, tuple(key.split(".")), value)
    return values


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting below `value` with its dotted key; a list of plain values is one setting."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{key}.{index}")
    else:
        yield key, value


def _keys(value: Any, key: str) -> Iterator[str]:
    yield key
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _keys(inner, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _keys(inner, f"{key}.{index}")


def _variables(
    model: type[BaseModel], prefix: str, path: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    for name, info in model.model_fields.items():
        variable, inner_path = f"{prefix}{name.upper()}", (*path, name)
        yield variable, inner_path, info.annotation
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _variables(inner, f"{variable}__", inner_path)


def _parsed(text: str, annotation: Any) -> Any:
    is_structured = get_origin(annotation) in (tuple, list, dict) or model_in(annotation)
    # A star would begin an alias, of which one value has none: it is a pattern.
    if is_structured and not text.lstrip().startswith("*"):
        return parse_value(text)
    if type(None) in get_args(annotation) and text.strip().lower() in ("null", "none"):
        return None
    return text.strip()


def _unknown(name: str, names: list[str]) -> list[Problem]:
    """A problem if the name looks like a setting's; other programs may use the prefix too."""
    word = name.removeprefix(PREFIX)
    by_word = {variable.removeprefix(PREFIX): variable for variable in names}
    last_parts = {w.rpartition("__")[2]: w for w in reversed(by_word)}
    guess = nearest(word, list(by_word), cutoff=0.75)
    guess = guess or last_parts.get(nearest(word, list(last_parts), cutoff=0.8) or "")
    if "__" not in word and guess is None:
        return []
    guess = guess or nearest(word, list(by_word), cutoff=0.5)
    advice = f"did you mean {by_word[guess]}?" if guess else "`gearshift config show` lists them"
    return [Problem(name, "this environment variable does not name a setting", advice)]


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        inner = values.get(part)
        if not isinstance(inner, dict):
            inner = values[part] = {}
        values = inner
    values[path[-1]] = value


def _with_home(path: str, environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    if home and (path == "~" or path.startswith("~/")):
        return Path(home) / path[2:]
    return Path(path)


def _user_folder(environ: Mapping[str, str]) -> Path | None:
    configured = environ.get("XDG_CONFIG_HOME", "")
    if configured and Path(configured).is_absolute():  # the standard ignores relative ones
        return Path(configured)
    home = environ.get("HOME")
    return Path(home) / ".config" if home else None
