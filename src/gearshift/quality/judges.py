"""Finds the judge that the configuration names."""

from __future__ import annotations

from gearshift import registry
from gearshift.errors import ConfigError, PluginError, Problem
from gearshift.quality.pair import AskModel, Judge


def load_judge(name: str, ask: AskModel, model: str | None) -> Judge:
    """Make the judge: one that the registry finds, or `module:name` of something that makes one.

    Args:
        name: As in `quality.judge`.
        ask: With which it may ask models.
        model: Which one it should ask, if it does.

    Raises:
        ConfigError: It cannot be imported or made.
    """
    try:
        kind = registry.load(name) if ":" in name else registry.find("judges", name)
        judge: Judge = kind(ask, model)
    except PluginError as error:
        raise ConfigError([Problem("quality.judge", str(error))]) from error
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigError(
            [Problem("quality.judge", f"{name!r} cannot be loaded: {error}")]
        ) from error
    return judge
