"""`gearshift serve`: the gateway and the admin plane."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from gearshift.admin.app import AdminPlane
from gearshift.cli.options import config_option, load
from gearshift.cli.workers import Workers
from gearshift.discovery import Discovery, discover
from gearshift.errors import GearshiftError
from gearshift.event_loop import run, settle
from gearshift.gateway.run import model_states, running_gateway
from gearshift.http.limits import http_limits
from gearshift.http.server import HttpServer
from gearshift.interface import LLMInterface
from gearshift.logs import configure_logs
from gearshift.settings import Settings, unavailable, weak_keys
from gearshift.telemetry.metrics import Metrics

_LOOPBACK = ("127.", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two listening sockets, and their addresses as URLs."""

    data: socket.socket
    admin: socket.socket
    host: str

    def ready_line(self) -> str:
        """The first line on standard output."""
        return f"gearshift ready {_url(self.data, self.host)} admin {_url(self.admin, self.host)}"


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
    """
    settings = load(config)
    configure_logs()
    for problem in (*unavailable(settings), *weak_keys(settings)):
        _notice(str(problem))
    if not host.startswith(_LOOPBACK) and not settings.auth.api_keys:
        _notice(f"{host} can be reached from elsewhere and auth.api_keys is empty")
    listeners = _listen(host, port, admin_port)
    paths = _named_paths(settings, model_paths)
    run(_serve(settings, listeners, workers=workers, demo=demo, model_paths=paths))


async def _serve(
    settings: Settings,
    listeners: Listeners,
    *,
    workers: int,
    demo: bool,
    model_paths: dict[str, str],
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _end, stop)
    found = await discover(settings, demo=demo, model_paths=model_paths)
    for notice in found.notices:
        _notice(notice)
    one = workers == 1
    planes = _one_process(settings, found, listeners) if one else None
    async with planes or _several(settings, found, listeners, workers):
        settle()
        click.echo(listeners.ready_line())
        sys.stdout.flush()
        await stop.wait()


def _end(stop: asyncio.Event) -> None:
    """Drain at the first signal; at the second, do not wait for it."""
    if stop.is_set():
        _notice("second signal: ending without waiting for requests in flight")
        os._exit(1)  # engines and workers end when they see that their parent is gone
    stop.set()


@asynccontextmanager
async def _one_process(
    settings: Settings, found: Discovery, listeners: Listeners
) -> AsyncIterator[None]:
    async with running_gateway(settings, found.upstreams, listeners.data) as gateway:
        admin = AdminPlane(gateway.llm, gateway.metrics, listeners.host)
        async with _served(admin, settings, listeners.admin):
            yield


@asynccontextmanager
async def _several(
    settings: Settings, found: Discovery, listeners: Listeners, count: int
) -> AsyncIterator[None]:
    """Engines and admin plane in this process, the data plane in `count` others."""
    async with AsyncExitStack() as stack:
        workers = stack.enter_context(Workers(settings, listeners.data, count))
        metrics = Metrics()
        llm = await stack.enter_async_context(LLMInterface(settings, upstreams=found.upstreams))
        metrics.watch(lambda: model_states(llm))
        admin = AdminPlane(llm, metrics, listeners.host)
        await stack.enter_async_context(_served(admin, settings, listeners.admin))
        stack.push_async_callback(workers.stop)
        await workers.start(llm.running_upstreams())
        yield


@asynccontextmanager
async def _served(
    admin: AdminPlane, settings: Settings, listener: socket.socket
) -> AsyncIterator[None]:
    server = HttpServer(
        admin.handle,
        admin.refusal,
        limits=http_limits(settings),
        drain_seconds=1.0,
    )
    await server.start(listener)
    try:
        yield
    finally:
        await server.stop()


def _listen(host: str, port: int, admin_port: int) -> Listeners:
    data = _socket(host, port, "--port")
    try:
        return Listeners(data, _socket(host, admin_port, "--admin-port"), host)
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


def _url(listener: socket.socket, host: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def _named_paths(settings: Settings, given: tuple[str, ...]) -> dict[str, str]:
    """Which model each GGUF file stands for: named ones first, the rest tier by tier."""
    unnamed = iter([tier.name for tier in settings.tiered_routing.ordered_tiers])
    paths: dict[str, str] = {}
    for text in given:
        name, separator, path = text.partition("=")
        if separator and not Path(text).exists():
            paths[name] = path
            continue
        tier = next(unnamed, None)
        if tier is None:
            raise GearshiftError(f"--model-path {text}: there is no tier left; write MODEL=FILE")
        paths[settings.first_model(tier)] = text
    for tier in unnamed if paths else ():
        # One file alone serves every tier.
        paths.setdefault(settings.first_model(tier), next(iter(paths.values())))
    return paths


def _notice(text: str) -> None:
    click.echo(f"gearshift: {text}", err=True)
