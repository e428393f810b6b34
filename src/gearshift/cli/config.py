"""`gearshift config`: checks the configuration, or shows it with each value's source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import click
import yaml

from gearshift.cli.options import config_option, json_option, load_with_sources, print_json
from gearshift.config.loading import LoadedSettings, unavailable, weak_keys
from gearshift.errors import ConfigError
from gearshift.serving.tls import server_context
from gearshift.tiered_routing.scorer_loading import load_scorer

_COMMENT_COLUMN: Final = 50


@click.group(name="config")
def command() -> None:
    """Check or show the configuration."""


@command.command(name="check")
@config_option
@json_option
@click.pass_context
def check(context: click.Context, config: str | None, as_json: bool) -> None:
    """Validate the configuration: list every problem; exit with 2 if there is one."""
    try:
        loaded = load_with_sources(config)
        load_scorer(loaded.settings.tiered_routing)
        server_context(loaded.settings.tls)
    except ConfigError as error:
        if not as_json:
            raise
        problems = [asdict(problem) for problem in error.problems]
        print_json({"ok": False, "errors": problems, "warnings": [], "file": error.source or None})
        context.exit(2)
    warnings = [*unavailable(loaded.settings), *weak_keys(loaded.settings)]
    if as_json:
        shown = [asdict(warning) for warning in warnings]
        print_json({"ok": True, "errors": [], "warnings": shown, "file": _file(loaded)})
        return
    for warning in warnings:
        click.echo(f"gearshift: warning: {warning}", err=True)
    click.echo(f"ok: {_file(loaded) or 'no file, built-in defaults'}")


@command.command(name="show")
@config_option
@json_option
def show(config: str | None, as_json: bool) -> None:
    """Print the effective configuration, each value with its source; secrets are masked."""
    loaded = load_with_sources(config)
    values = loaded.settings.model_dump(mode="json")
    if as_json:
        facts = {"settings": values, "sources": dict(loaded.sources), "file": _file(loaded)}
        print_json({**facts, "config_hash": loaded.settings.config_hash})
        return
    click.echo(f"# file: {_file(loaded) or 'none, built-in defaults'}")
    for text, source in _lines(values, "", loaded.sources, ""):
        click.echo(f"{text:<{_COMMENT_COLUMN}}  # {source}" if source else text)


def _file(loaded: LoadedSettings) -> str | None:
    return str(loaded.file) if loaded.file else None


def _lines(
    values: Mapping[str, Any], key: str, sources: Mapping[str, str], indent: str
) -> Iterator[tuple[str, str]]:
    """The settings as lines of YAML, each with its source where it is a value."""
    for name, value in values.items():
        inner = f"{key}.{name}" if key else name
        label = f"{indent}{_scalar(name)}:"
        if isinstance(value, Mapping) and value:
            yield label, ""
            yield from _lines(value, inner, sources, f"{indent}  ")
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            yield label, ""
            for index, item in enumerate(value):
                yield from _item(item, f"{inner}.{index}", sources, indent)
        else:
            yield f"{label} {_scalar(value)}", sources.get(inner, "")


def _item(
    item: Any, key: str, sources: Mapping[str, str], indent: str
) -> Iterator[tuple[str, str]]:
    """One entry of a list with blocks: as a block, with a dash before its first line."""
    if not isinstance(item, Mapping):
        yield f"{indent}  - {_scalar(item)}", sources.get(key, "")
        return
    for number, (text, source) in enumerate(_lines(item, key, sources, f"{indent}    ")):
        yield (f"{indent}  - {text.lstrip()}" if number == 0 else text), source


def _scalar(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=float("inf"), allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")
