"""`gearshift cache`: what the answer cache keeps, in running gateways and in Redis; clearing it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import click

from gearshift.cache.base import CacheConfig
from gearshift.cache.contents import Selection, cleared, counted
from gearshift.cache.loading import open_backend
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError, UnavailableError
from gearshift.types import JsonObject

_ADMIN_URL: Final = "http://127.0.0.1:11436"
_SECONDS: Final = 60.0


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--prefix", default="", help="Only keys that begin so: answer:, vector:."),
        click.option("--tier", help="Only answers of this tier; embeddings for vectors."),
        click.option("--model", help="Only answers of this model."),
        click.option(
            "--admin-url",
            default=_ADMIN_URL,
            show_default=True,
            metavar="URL",
            help="Admin plane of the gateway whose memory is meant.",
        ),
        config_option,
        json_option,
    ):
        command = option(command)
    return command


@click.group(name="cache")
def command() -> None:
    """Show or clear what the answer cache keeps: in a running gateway's memory, and in Redis."""


@command.command(name="stats")
@_options
def stats(
    prefix: str,
    tier: str | None,
    model: str | None,
    admin_url: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Count entries and bytes, by tier and model."""
    which = Selection(prefix, tier, model)
    levels = _everywhere(load(config), admin_url, which, clear=False)
    if as_json:
        print_json({"levels": levels})
        return
    for facts in levels:
        click.echo(f"{facts['level']}: {facts['entries']:,} entries, {facts['bytes']:,} bytes")
        for kind in ("tiers", "models"):
            shares = ", ".join(f"{name or 'unknown'} {n:,}" for name, n in facts[kind].items())
            click.echo(f"  {kind}: {shares or '-'}")


@command.command(name="clear")
@_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(
    prefix: str,
    tier: str | None,
    model: str | None,
    admin_url: str,
    config: str | None,
    as_json: bool,
    yes: bool,
) -> None:
    """Forget entries: all, or those of a tier, a model or a prefix."""
    settings, which = load(config), Selection(prefix, tier, model)
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here: add --yes")
        click.confirm(f"Clear {_told(which)}?", abort=True)
    levels = _everywhere(settings, admin_url, which, clear=True)
    if as_json:
        print_json({"levels": levels})
        return
    for facts in levels:
        click.echo(f"{facts['level']}: {facts['cleared']:,} entries cleared")


def _told(which: Selection) -> str:
    given = [f"{name} {value}" for name, value in which._asdict().items() if value]
    return f"the cached answers of {', '.join(given)}" if given else "all cached answers"


def _everywhere(
    settings: Settings, admin_url: str, which: Selection, *, clear: bool
) -> list[JsonObject]:
    """Redis first: a memory that is cleared before it would be filled from there again."""
    if not settings.cache.enabled:
        raise GearshiftError("the answer cache is off: set cache.enabled to true")
    urls = [location for name, location in settings.cache.places() if name == "redis"]
    levels = [asyncio.run(_in_redis(url, which, clear=clear)) for url in urls]
    try:
        return [*levels, *_in_gateway(settings, admin_url, which, clear=clear)]
    except URLError as error:
        advice = "start it, or name another with --admin-url"
        message = f"no gateway answers at {admin_url}: {error.reason}; {advice}"
        if not levels:
            raise GearshiftError(message) from error
        click.echo(f"gearshift: warning: {message}; only Redis is included", err=True)
        return levels


async def _in_redis(url: str | None, which: Selection, *, clear: bool) -> JsonObject:
    backend = open_backend("redis", CacheConfig(1, url))
    try:
        return await (cleared if clear else counted)("redis", backend, which)
    except UnavailableError as error:
        raise GearshiftError(f"cache.redis_url: {error}") from error
    finally:
        await backend.close()


def _in_gateway(
    settings: Settings, admin_url: str, which: Selection, *, clear: bool
) -> list[JsonObject]:
    if urlsplit(admin_url).scheme not in ("http", "https"):
        raise click.UsageError(f"--admin-url {admin_url!r}: must start with http:// or https://")
    selected = {name: value for name, value in which._asdict().items() if value}
    address = f"{admin_url.rstrip('/')}/admin/api/cache"
    request = (
        Request(f"{address}/clear", json.dumps(selected).encode())
        if clear
        else Request(f"{address}?{urlencode(selected)}")
    )
    request.add_header("content-type", "application/json")
    token = settings.admin.token.get_secret_value()
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as response:
            return list(json.load(response)["memories"])
    except HTTPError as error:
        with error:
            raise GearshiftError(f"{admin_url}: {_message(error)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise GearshiftError(f"{admin_url} is not the admin plane of a gateway") from error


def _message(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {error.code}: is it the admin plane of a gateway?"
