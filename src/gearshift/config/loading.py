"""Settings: gathered from defaults, file, environment and arguments, each with its source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gearshift.config.checks import (
    deployment_problems,
    embeddings_problems,
    key_problems,
    unavailable,
    weak_keys,
)
from gearshift.config.model import Settings
from gearshift.config.sources import (
    DEFAULT,
    Layers,
    from_environment,
    leaves,
    locate,
    nested,
    read,
)
from gearshift.config_file.messages import problems_of
from gearshift.config_file.text import expand
from gearshift.errors import ConfigError, GearshiftError, Problem

__all__ = [
    "LoadedSettings",
    "Settings",
    "check_is_from_file",
    "load_settings",
    "unavailable",
    "weak_keys",
]


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with where they came from.

    Attributes:
        sources: By dotted key: `default`, `file:line`, `env NAME` or `argument`.
        file: The file that was read, if there was one.
    """

    settings: Settings
    sources: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


def load_settings(
    path: str | os.PathLike[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> LoadedSettings:
    """Load the settings; precedence, lowest first: defaults, YAML file, environment, arguments.

    Args:
        path: The file (`--config`); searched for in the usual places if `None`.
        environ: Environment variables; those of the process if `None`.
        cwd: The folder to which relative paths refer; the working folder if `None`.
        overrides: Arguments by dotted key (`tiered_routing.scorer`).

    Returns:
        The settings, where each value comes from, and the file that was read.

    Raises:
        ConfigError: With every problem that was found.

    Example:
        >>> loaded = load_settings(
        ...     "config/ssot_config.yaml",
        ...     environ={"GEARSHIFT_LIMITS__MAX_QUEUE": "8"},
        ...     overrides={"tiered_routing.scorer": "learned"},
        ... )
        >>> loaded.settings.limits.max_queue, loaded.sources["limits.max_queue"]
        (8, 'env GEARSHIFT_LIMITS__MAX_QUEUE')
        >>> loaded.settings.tiered_routing.scorer, loaded.sources["tiered_routing.scorer"]
        ('learned', 'argument')
    """
    environ = os.environ if environ is None else environ
    located = locate(None if path is None else os.fspath(path), environ, cwd or Path.cwd())
    shown = located.shown if located else ""
    document = read(located)
    in_file, problems = expand(document.values, environ)
    in_environment, variables, env_problems = from_environment(Settings, environ)
    layers = Layers()
    layers.add(in_file, lambda key: f"{shown}:{document.lines.get(key, '?')}".removesuffix(":?"))
    layers.add(in_environment, lambda key: f"env {variables.get(key, '')}".strip())
    layers.add(nested(overrides or {}), lambda _: "argument")
    settings, unresolved = _validated(layers.values)
    reported = {problem.key for problem in problems}
    problems += env_problems + [problem for problem in unresolved if problem.key not in reported]
    if settings is None or problems:
        raise ConfigError([_with_origin(p, layers, shown) for p in problems], shown)
    sources = {
        key: layers.origins.get(key, DEFAULT) for key, _ in leaves(settings.model_dump(mode="json"))
    }
    return LoadedSettings(settings, sources, located.path if located else None)


def check_is_from_file(file: Path, key: str, environ: Mapping[str, str] | None = None) -> None:
    """See that a value in a file would take effect, and not that of a variable.

    Raises:
        GearshiftError: The environment sets it, so that a change in the file would do nothing.
    """
    source = load_settings(str(file), environ=environ).sources.get(key, DEFAULT)
    if source.startswith("env "):
        raise GearshiftError(
            f"{key} is set by {source}, which counts more than {file}: nothing is written; "
            "change it there, or unset it"
        )


def _validated(values: Mapping[str, Any]) -> tuple[Settings | None, list[Problem]]:
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        return None, problems_of(error, Settings)
    problems = deployment_problems(settings.tiered_routing, settings.upstream_configs())
    return settings, problems + embeddings_problems(settings) + key_problems(settings)


def _with_origin(problem: Problem, layers: Layers, shown: str) -> Problem:
    """The problem, saying which line, variable or argument it comes from."""
    origin = layers.origin(problem.key)
    line = origin.removeprefix(f"{shown}:")
    if origin == DEFAULT or problem.key == "":
        return problem
    if shown and line != origin:
        where = f"line {line}"
    elif origin == shown:
        return problem
    else:
        where = f"from {origin}"
    return Problem(problem.key, f"{problem.message} [{where}]", problem.suggestion)
