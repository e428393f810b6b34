"""`gearshift key`: makes an API key, shows it once, and prints the entry that lets it in."""

from __future__ import annotations

import getpass
import secrets
import sys
from typing import Final

import click
from pydantic import ValidationError

from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.sections.access import SAFE_CHARACTERS, ApiKeySettings
from gearshift.config_file.messages import problems_of
from gearshift.errors import ConfigError, Problem

_RANDOM_BYTES: Final = 32


@click.command(name="key")
@click.option(
    "--name", metavar="NAME", default=None, help="The client's name, as it appears in the logs."
)
@click.option(
    "--hash",
    "source",
    metavar="-",
    default=None,
    help="Hash the key on standard input instead of creating one.",
)
@config_option
@json_option
def command(name: str | None, source: str | None, config: str | None, as_json: bool) -> None:
    """Create a random API key, and print its entry for `auth.api_keys`.

    The entry contains only a hash of the key. The key itself is shown once and not stored.
    """
    if name is not None:
        _check_name_is_free(name, config)
    key = f"gs-{secrets.token_urlsafe(_RANDOM_BYTES)}" if source is None else _given(source)
    checked = _checked(key, name)
    if checked.is_short:
        short = f"a key with fewer than {SAFE_CHARACTERS} characters can be guessed"
        click.echo(f"gearshift: {short}; `gearshift key` makes a longer one", err=True)
    entry = {**({"name": name} if name else {}), "hash": checked.kept}
    if as_json:
        shown = {"key": key} if source is None else {}
        print_json({**shown, "hash": entry["hash"], "entry": entry})
        return
    if source is None:
        click.echo(f"key, shown only now: {key}\n")
    click.echo("auth:\n  api_keys:")
    click.echo("    - {" + ", ".join(f'{field}: "{text}"' for field, text in entry.items()) + "}")


def _given(source: str) -> str:
    if source != "-":
        raise click.BadParameter(
            "write `--hash -` and pass the key on standard input: other users can see arguments",
            param_hint="--hash",
        )
    if sys.stdin.isatty():
        return getpass.getpass("key: ")
    return sys.stdin.read()


def _checked(key: str, name: str | None) -> ApiKeySettings:
    """The entry of the configuration, as the settings themselves read it."""
    try:
        return ApiKeySettings.model_validate({"name": name, "key": key})
    except ValidationError as error:
        problems = problems_of(error, ApiKeySettings)
        raise click.UsageError("; ".join(map(str, problems))) from None


def _check_name_is_free(name: str, config: str | None) -> None:
    if any(key.name == name for key in load(config).auth.api_keys):
        raise ConfigError([Problem("auth.api_keys", f"duplicate key name {name!r}")])
