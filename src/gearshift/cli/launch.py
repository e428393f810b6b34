"""`gearshift launch`: starts a client that is pointed at a running gateway."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import orjson

from gearshift.cli.launch_clients import CLIENTS, KEY, KEY_VARIABLE, Client, Pointed, Target
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings
from gearshift.errors import FailureKind, GearshiftError, UpstreamError
from gearshift.http.client.client import MAX_ANSWER_BYTES, HttpClient
from gearshift.serving.listeners import DEFAULT_HOST, DEFAULT_PORT, is_loopback

_PATIENCE_SECONDS: Final = 5.0
_OK, _UNAUTHORIZED = 200, 401
_IGNORED: Final = (signal.SIGPIPE, signal.SIGXFSZ)
"""By Python, for itself: a program that it becomes would go on ignoring them."""
_NO_PROXY: Final = ("NO_PROXY", "no_proxy")


class _Launch(click.Command):
    """Says how arguments reach the client."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As any command, with advice about an option that is not known here."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = error.format_message().rstrip(".")
            advice = "write `--` before the client's own arguments"
            raise click.UsageError(f"{message}; {advice}", error.ctx) from None


@click.command(name="launch", cls=_Launch)
@click.argument("client", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@click.option("--url", default=None, metavar="URL", help="The gateway. Default: on this machine.")
@click.option(
    "--model",
    default="auto",
    show_default=True,
    callback=lambda _context, _option, name: checked_model(name),
    help="auto, a tier or a model.",
)
@click.option("--print", "only_prints", is_flag=True, help="Print what would be set, as a script.")
@config_option
@json_option
def command(
    client: str | None,
    arguments: tuple[str, ...],
    url: str | None,
    model: str,
    only_prints: bool,
    config: str | None,
    as_json: bool,
) -> None:
    """Start CLIENT pointed at the running gateway; ARGS are the client's own.

    Its environment and arguments are set for this start alone: the client's own configuration is
    neither changed nor needed. If the gateway requires an API key, it is taken from
    GEARSHIFT_API_KEY. Without CLIENT, the known ones are listed.
    """
    if client is None:
        _list(as_json=as_json)
        return
    known = _known(client)
    settings = load(config)
    only_prints = only_prints or as_json
    at = _target(client, settings, url, model, only_prints=only_prints)
    pointed = known.point(at)
    if only_prints:
        _print(known, at, pointed, arguments, as_json=as_json)
        return
    path = shutil.which(known.executable)
    if path is None:
        raise GearshiftError(
            f"{known.title} is not installed: there is no `{known.executable}` on the PATH; "
            f"to install it: {known.install}"
        )
    asyncio.run(_check(at))
    _start(path, known, at, pointed, arguments)


def _key() -> str:
    return os.environ.get(KEY_VARIABLE, "").strip()


def _known(name: str) -> Client:
    client = CLIENTS.get(name)
    if client is None:
        close = get_close_matches(name, CLIENTS, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        raise click.UsageError(
            f"unknown client {name!r}: {guess}Known are {', '.join(CLIENTS)}. Any other client "
            "works with the gateway's address as its base URL"
        )
    return client


def _list(*, as_json: bool) -> None:
    facts = {
        name: {
            "title": client.title,
            "executable": shutil.which(client.executable),
            "install": client.install,
        }
        for name, client in CLIENTS.items()
    }
    if as_json:
        print_json({"clients": facts})
        return
    for name, fact in facts.items():
        found = fact["executable"] or f"not installed ({fact['install']})"
        click.echo(f"{name:<11} {fact['title']:<12} {found}")


def _target(
    name: str, settings: Settings, url: str | None, model: str, *, only_prints: bool
) -> Target:
    if url is None:
        scheme = "https" if settings.tls.certificate else "http"
        url = f"{scheme}://{DEFAULT_HOST}:{DEFAULT_PORT}"
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Target(
        url=_checked(url),
        model=model,
        needs_key=bool(_key() or (only_prints and settings.auth.api_keys)),
        folder=str(Path(state, "gearshift", "launch", name)),
    )


def checked_model(name: str) -> str:
    """A name that every client reads as it is, whatever it is written in: JSON, TOML or YAML.

    Raises:
        click.BadParameter: It is none.
    """
    if not name or not name.isprintable():
        raise click.BadParameter(
            f"auto, a tier or the name of a model is expected, but it is {name[:100]!a}",
            param_hint="--model",
        )
    return name


def _checked(url: str) -> str:
    """The URL without the path that some clients want after it."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or parts.username is not None:
        raise click.BadParameter(
            "a URL such as http://127.0.0.1:11435 is expected", param_hint="--url"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"


async def _check(at: Target) -> None:
    """The gateway answers, accepts the key, and knows the model.

    Raises:
        GearshiftError: It does not; what to do about it.
    """
    listed = await _models(at, _key())
    entries = listed.get("data") if isinstance(listed, dict) else None
    entries = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    if not any(str(entry.get("owned_by", "")).startswith("gearshift") for entry in entries):
        raise GearshiftError(
            f"what answers at {at.url} is not gearshift; name the gateway with --url, or start "
            "one with `gearshift serve`"
        )
    names = [str(entry.get("id")) for entry in entries]
    if at.model not in names and f"{at.model}:latest" not in names:
        raise GearshiftError(
            f"the gateway at {at.url} has no model {at.model!r}; it has {', '.join(names)}"
        )


async def _models(at: Target, key: str) -> Any:
    async with HttpClient(at.url, key, _PATIENCE_SECONDS) as http:
        try:
            response = await http.request("GET", "/v1/models", within_seconds=_PATIENCE_SECONDS)
            body = await response.body(MAX_ANSWER_BYTES)
        except UpstreamError as error:
            advice = "start one with `gearshift serve`, or name another one with --url"
            if error.fault is not FailureKind.UNREACHABLE:
                advice = "name another one with --url"
            raise GearshiftError(f"no gateway answers at {at.url} ({error}); {advice}") from None
    if response.status == _UNAUTHORIZED:
        raise GearshiftError(
            f"the gateway at {at.url} rejects the API key in {KEY_VARIABLE}; set it to a valid one"
            if key
            else f"the gateway at {at.url} requires an API key; set {KEY_VARIABLE} to it "
            "(`gearshift key` creates one)"
        )
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def _start(
    path: str, client: Client, at: Target, pointed: Pointed, arguments: tuple[str, ...]
) -> None:
    """Become the client: its exit code is ours, and signals reach it."""
    for name, content in pointed.files.items():
        file = Path(at.folder, name)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(content, "utf-8")
    environment = dict(os.environ)
    for name, value in _variables(at, pointed).items():
        if value:
            environment[name] = _key() if value == KEY else value
        else:
            environment.pop(name, None)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(path, [client.executable, *pointed.arguments, *arguments], environment)


def _variables(at: Target, pointed: Pointed) -> dict[str, str]:
    """The client's, and that a proxy of the environment is not asked for this machine."""
    host = urlsplit(at.url).hostname or ""
    has_proxy = any(name.lower().endswith("_proxy") for name in os.environ)
    if not has_proxy or not is_loopback(host):
        return dict(pointed.variables)
    exempt = (part.strip() for name in _NO_PROXY for part in os.environ.get(name, "").split(","))
    hosts = ",".join(dict.fromkeys([*filter(None, exempt), host]))
    return {**pointed.variables, **dict.fromkeys(_NO_PROXY, hosts)}


def _print(
    client: Client, at: Target, pointed: Pointed, arguments: tuple[str, ...], *, as_json: bool
) -> None:
    variables = _variables(at, pointed)
    command = [client.executable, *pointed.arguments, *arguments]
    if as_json:
        files = {str(Path(at.folder, name)): text for name, text in pointed.files.items()}
        facts = {"client": client.title, "url": at.url, "model": at.model, "command": command}
        unset = [name for name, value in variables.items() if not value]
        settings = {name: value for name, value in variables.items() if value}
        print_json({**facts, "variables": settings, "unset": unset, "files": files})
        return
    for line in (*_file_lines(at, pointed.files), *_variable_lines(variables)):
        click.echo(line)
    click.echo(shlex.join(command))


def _file_lines(at: Target, files: Mapping[str, str]) -> Iterator[str]:
    if files:
        yield f"mkdir -p {shlex.quote(at.folder)}"
    for name, text in files.items():
        yield f"cat > {shlex.quote(str(Path(at.folder, name)))} <<'END'\n{text}\nEND"


def _variable_lines(variables: Mapping[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        if not value:
            yield f"unset {name}"
        elif value != KEY:
            yield f"export {name}={shlex.quote(value)}"
        elif name != KEY_VARIABLE:
            yield f'export {name}="{KEY}"'
