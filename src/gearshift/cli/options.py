"""What the commands share: options, loading of settings, JSON output."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import orjson

from gearshift.config.loading import LoadedSettings, Settings, load_settings
from gearshift.config.sources import locate

config_option = click.option(
    "--config",
    metavar="FILE",
    default=None,
    help="Configuration file. Default: $GEARSHIFT_CONFIG, else ./config/ssot_config.yaml, else the "
    "one in the user's configuration folder.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
since_option = click.option(
    "--since", metavar="SPAN", help="Only requests of the last SPAN, such as 6h, 7d or 4w."
)
rounds_option = click.option(
    "--rounds",
    type=click.IntRange(20, 100_000),
    default=1_000,
    show_default=True,
    help="Bootstrap resamples for each interval.",
)


def load_with_sources(path: str | None, **overrides: Any) -> LoadedSettings:
    """The settings and where each came from; `overrides` of `None` are left out.

    Raises:
        ConfigError: They are not valid.
    """
    given = {key.replace("__", "."): value for key, value in overrides.items() if value is not None}
    return load_settings(path, overrides=given)


def config_file(path: str | None) -> Path | None:
    """The file that `load` would read."""
    located = locate(path, os.environ, Path.cwd())
    return located.path if located else None


def load(path: str | None, **overrides: Any) -> Settings:
    """The settings alone.

    Raises:
        ConfigError: They are not valid.
    """
    return load_with_sources(path, **overrides).settings


def print_json(value: Any) -> None:
    """Print one JSON value, indented, in UTF-8."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    click.echo(orjson.dumps(value, option=option, default=dict).decode())
