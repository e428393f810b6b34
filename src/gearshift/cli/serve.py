"""`gearshift serve`: the gateway and the admin plane."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import resource
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from gearshift.admin.app import AdminPlane
from gearshift.admin.desk import Desk
from gearshift.cli.config_watch import ConfigWatch
from gearshift.cli.options import config_file, config_option, load_with_sources
from gearshift.cli.quality_watch import quality_watch
from gearshift.cli.reload import Reloader, Replace
from gearshift.cli.settings_change import SettingsChange
from gearshift.cli.upstream_choice import UpstreamChoice
from gearshift.cli.workers import Workers
from gearshift.discovery import Discovery
from gearshift.errors import GearshiftError
from gearshift.event_loop import run, settle
from gearshift.gateway.in_force import InForce
from gearshift.gateway.run import limit, model_states, running_gateway
from gearshift.http.server import HttpServer
from gearshift.http.tls import server_context
from gearshift.logs import configure_logs, write_lines
from gearshift.providers.base import UpstreamConfig
from gearshift.settings import LoadedSettings, Settings, unavailable, weak_keys
from gearshift.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two listening sockets, and their addresses as URLs; the file that is in use."""

    data: socket.socket
    admin: socket.socket
    host: str
    scheme: str = "http"
    config_file: Path | None = None

    def ready_line(self) -> str:
        """The first line on standard output."""
        data = _url(self.data, self.host, self.scheme)
        return f"gearshift ready {data} admin {_url(self.admin, self.host)}"


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=11435, show_default=True)
@click.option("--admin-port", type=click.IntRange(0, 65535), default=11436, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--demo", is_flag=True, help="Tiny demo models, whatever else there is.")
@click.option(
    "--model-path",
    "model_paths",
    multiple=True,
    metavar="[MODEL=]FILE",
    help="A GGUF file for the embedded engine; once for each tier, in their order, or by name.",
)
@config_option
def command(
    host: str,
    port: int,
    admin_port: int,
    workers: int,
    demo: bool,
    model_paths: tuple[str, ...],
    config: str | None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C; requests in flight are finished first.

    Port 0 picks a free one. The first line on standard output says where it listens.
    SIGHUP, or a change of the configuration file, puts the new configuration in force.
    """
    watch = ConfigWatch(lambda: config_file(config))
    loaded = load_with_sources(config)
    configure_logs()
    for warning in _warnings(host, loaded.settings):
        _notice(warning)
    _allow_many_files()
    scheme = "http" if server_context(loaded.settings.tls) is None else "https"
    run(
        _serve(
            loaded,
            replace(_listen(host, port, admin_port, scheme), config_file=loaded.file),
            workers=workers,
            choice=UpstreamChoice(demo, model_paths),
            reload=lambda: load_with_sources(config),
            watch=watch,
        )
    )


async def _serve(
    loaded: LoadedSettings,
    listeners: Listeners,
    *,
    workers: int,
    choice: UpstreamChoice,
    reload: Callable[[], LoadedSettings],
    watch: ConfigWatch,
) -> None:
    stop, asked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, stop)
    loop.add_signal_handler(signal.SIGHUP, _hung_up, stop, asked, _has_terminal())
    found = await choice.first(loaded.settings)
    for notice in found.notices:
        _notice(notice)
    one = workers == 1
    planes = _one_process(loaded.settings, found, listeners) if one else None
    async with planes or _several(loaded.settings, found, listeners, workers) as (put, desk):
        settle()
        _announce(listeners.ready_line())
        warnings = partial(_warnings, listeners.host)
        reloader = Reloader(reload, loaded, choice, found.upstreams, warnings)
        desk.changer = SettingsChange(reloader, put)
        watching = asyncio.create_task(reloader.run(put, watch, asked))
        await stop.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _warnings(host: str, settings: Settings) -> list[str]:
    found = [str(problem) for problem in (*unavailable(settings), *weak_keys(settings))]
    if not _is_loopback(host) and not settings.auth.api_keys:
        found.append(f"{host} can be reached from elsewhere and auth.api_keys is empty")
    return found


def _is_loopback(host: str) -> bool:
    """Whether only this machine reaches it; of a name that is no address, nobody knows."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _allow_many_files() -> None:
    """Each connection takes a descriptor or two; the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end(stop: asyncio.Event) -> None:
    """Drain at the first signal; at the second, do not wait for it."""
    if stop.is_set():
        _notice("second signal: ending without waiting for requests in flight")
        os._exit(1)  # engines and workers end when they see that their parent is gone
    stop.set()


def _hung_up(stop: asyncio.Event, asked: asyncio.Event, had_terminal: bool) -> None:
    """Reload when somebody asks for it; end when it is our terminal that was closed."""
    (stop if had_terminal and not _has_terminal() else asked).set()


def _has_terminal() -> bool:
    try:
        os.tcgetpgrp(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):  # no terminal, or no standard input at all
        return False
    return True


@asynccontextmanager
async def _one_process(
    settings: Settings, found: Discovery, listeners: Listeners
) -> AsyncIterator[tuple[Replace, Desk]]:
    gateway = running_gateway(settings, found.upstreams, listeners.data, with_log=True)
    async with gateway as running:
        in_force = running.in_force

        async def put(settings: Settings, upstreams: tuple[UpstreamConfig, ...]) -> None:
            await in_force.prepare(settings, upstreams)
            in_force.commit()

        async with _admin(in_force, running.metrics, listeners) as desk:
            yield put, desk


@asynccontextmanager
async def _several(
    settings: Settings, found: Discovery, listeners: Listeners, count: int
) -> AsyncIterator[tuple[Replace, Desk]]:
    """Engines and admin plane in this process, the data plane in `count` others."""
    async with AsyncExitStack() as stack:
        workers = stack.enter_context(Workers(listeners.data, count))
        metrics = Metrics()
        in_force = await stack.enter_async_context(InForce(settings, found.upstreams))
        metrics.watch(lambda: model_states(in_force.llm))
        desk = await stack.enter_async_context(_admin(in_force, metrics, listeners))
        stack.push_async_callback(workers.stop)
        await workers.start(settings, in_force.llm.running_upstreams())
        # Before they stop: what is queued at a socket that nobody accepts from is never answered.
        stack.callback(listeners.data.close)

        async def put(settings: Settings, upstreams: tuple[UpstreamConfig, ...]) -> None:
            await in_force.prepare(settings, upstreams)
            try:
                drained = await workers.change(settings, in_force.prepared_upstreams())
            except BaseException:
                await in_force.abort()
                raise
            in_force.commit(drained)

        yield put, desk


@asynccontextmanager
async def _admin(in_force: InForce, metrics: Metrics, listeners: Listeners) -> AsyncIterator[Desk]:
    token = _admin_token(in_force.llm.settings, listeners.host)
    admin = AdminPlane(in_force.llm, metrics, listeners.host, token)
    in_force.follow(admin.adopt)
    server = HttpServer(admin.handle, admin.refusal, drain_seconds=1.0)
    in_force.follow(lambda llm: limit(server, llm.settings))
    await server.start(listeners.admin)
    with quality_watch(in_force, metrics, listeners.config_file):
        try:
            yield admin.desk
        finally:
            await server.stop()
            admin.desk.close()


def _admin_token(settings: Settings, host: str) -> str:
    """What users of the admin plane must send: the configured token, or one where it is needed."""
    token = settings.admin.token.get_secret_value()
    if token or _is_loopback(host):
        return token
    token = secrets.token_urlsafe(18)
    _notice(
        f"the admin port can be reached from elsewhere; its password for this run is {token} "
        "(any user name, or as bearer token; set admin.token to choose it)"
    )
    return token


def _listen(host: str, port: int, admin_port: int, scheme: str) -> Listeners:
    data = _socket(host, port, "--port")
    try:
        return Listeners(data, _socket(host, admin_port, "--admin-port"), host, scheme)
    except GearshiftError:
        data.close()
        raise


def _socket(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise GearshiftError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; "
            f"is another gearshift running? Choose another with {option}, 0 for any free one"
        ) from error
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket, host: str, scheme: str = "http") -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{listener.getsockname()[1]}"


def _announce(line: str) -> None:
    """Say it on standard output; whoever reads that may be gone, and we serve all the same."""
    try:
        click.echo(line)
    except OSError as error:
        # Or what is left in the buffer would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _notice(f"standard output cannot be written ({error.strerror}); {line}")


def _notice(text: str) -> None:
    write_lines(f"gearshift: {text}\n".encode(errors="backslashreplace"))
