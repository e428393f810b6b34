"""Both planes, running: in one process, or with the data plane in several."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gearshift.admin.app import AdminPlane
from gearshift.admin.context import AdminContext
from gearshift.config.loading import Settings
from gearshift.http.server.server import HttpServer
from gearshift.providers.base import UpstreamConfig
from gearshift.serving.listeners import Listeners, is_loopback
from gearshift.serving.live_interface import LiveInterface
from gearshift.serving.log_owner import log_owner
from gearshift.serving.logs import notice
from gearshift.serving.reload import Replace
from gearshift.serving.run import limit, model_states, running_gateway
from gearshift.serving.workers import Workers
from gearshift.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Planes:
    """What is asked of planes that run.

    Attributes:
        put: Activates other settings.
        context: What the admin plane works with.
        live: The live interface of this process.
    """

    put: Replace
    context: AdminContext
    live: LiveInterface


@asynccontextmanager
async def running_planes(
    settings: Settings,
    upstreams: tuple[UpstreamConfig, ...],
    listeners: Listeners,
    *,
    workers: int,
    file: Path | None,
) -> AsyncIterator[Planes]:
    """Both planes until the context ends, which drains them.

    Args:
        settings: Those to begin with.
        upstreams: The upstreams to begin with.
        listeners: Where they listen.
        workers: Processes of the data plane; 1 is this one.
        file: The configuration file, where `auto_tune` writes.

    Raises:
        GearshiftError: An upstream or a worker cannot be started.
    """
    is_single = workers == 1
    planes = _one_process(settings, upstreams, listeners, file) if is_single else None
    async with planes or _several(settings, upstreams, listeners, file, workers) as running:
        yield running


@asynccontextmanager
async def _one_process(
    settings: Settings,
    upstreams: tuple[UpstreamConfig, ...],
    listeners: Listeners,
    file: Path | None,
) -> AsyncIterator[Planes]:
    gateway = running_gateway(settings, upstreams, listeners.data, with_log=True)
    async with gateway as running:
        live = running.live

        async def put(settings: Settings, upstreams: tuple[UpstreamConfig, ...]) -> None:
            await live.prepare(settings, upstreams)
            live.commit()

        async with _admin(live, running.metrics, listeners, file) as context:
            yield Planes(put, context, live)


@asynccontextmanager
async def _several(
    settings: Settings,
    upstreams: tuple[UpstreamConfig, ...],
    listeners: Listeners,
    file: Path | None,
    count: int,
) -> AsyncIterator[Planes]:
    """Engines and admin plane in this process, the data plane in `count` others."""
    async with AsyncExitStack() as stack:
        workers = stack.enter_context(Workers(listeners.data, count))
        metrics = Metrics()
        live = await stack.enter_async_context(LiveInterface(settings, upstreams))
        metrics.watch(lambda: model_states(live.llm))
        context = await stack.enter_async_context(_admin(live, metrics, listeners, file))
        stack.push_async_callback(workers.stop)
        context.cache_contents = workers.cache_contents
        await workers.start(settings, live.llm.running_upstreams())
        # Before they stop: what is queued at a socket that nobody accepts from is never answered.
        stack.callback(listeners.data.close)

        async def put(settings: Settings, upstreams: tuple[UpstreamConfig, ...]) -> None:
            await live.prepare(settings, upstreams)
            try:
                drained = await workers.change(settings, live.prepared_upstreams())
            except BaseException:
                await live.abort()
                raise
            live.commit(drained)

        yield Planes(put, context, live)


@asynccontextmanager
async def _admin(
    live: LiveInterface, metrics: Metrics, listeners: Listeners, file: Path | None
) -> AsyncIterator[AdminContext]:
    token = _admin_token(live.llm.settings, listeners.host)
    admin = AdminPlane(live.llm, metrics, listeners.host, token)
    live.follow(admin.switch_to)
    server = HttpServer(admin.handle, admin.refusal, drain_seconds=1.0)
    live.follow(lambda llm: limit(server, llm.settings))
    await server.start(listeners.admin)
    with log_owner(live, metrics, file):
        try:
            yield admin.context
        finally:
            await server.stop()
            admin.context.close()


def _admin_token(settings: Settings, host: str) -> str:
    """What users of the admin plane must send: the configured token, or one where it is needed."""
    token = settings.admin.token.get_secret_value()
    if token or is_loopback(host):
        return token
    token = secrets.token_urlsafe(18)
    notice(
        f"the admin port is reachable from other machines; its password for this run is {token} "
        "(any user name, or as bearer token; set admin.token to choose it)"
    )
    return token
