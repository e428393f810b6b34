"""Serve: the gateway and its admin plane, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from gearshift.config.loading import LoadedSettings, Settings, unavailable, weak_keys
from gearshift.serving.event_loop import settled
from gearshift.serving.file_watch import ConfigWatch
from gearshift.serving.listeners import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    Addresses,
    is_loopback,
    listen,
)
from gearshift.serving.logs import notice
from gearshift.serving.planes import Planes, running_planes
from gearshift.serving.reload import Reloader
from gearshift.serving.settings_change import SettingsChange
from gearshift.serving.shared_settings import SharedSettings
from gearshift.serving.signals import heed_signals
from gearshift.serving.tls import server_context
from gearshift.serving.upstream_choice import UpstreamChoice

_NO_FILE: Final = ConfigWatch(lambda: None)


async def serve(
    settings: Settings | LoadedSettings | None = None,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    admin_port: int = 11436,
    workers: int = 1,
    demo: bool = False,
    model_paths: Sequence[str] = (),
    ready: Callable[[Addresses], None] = lambda _: None,
    reload: Callable[[], LoadedSettings] | None = None,
    watch: ConfigWatch | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run the gateway and its admin plane; at the end, requests in flight are finished.

    It stops when `stop` is set or the task is cancelled. Without `stop` it handles signals, and
    therefore must run in the main thread: SIGTERM and SIGINT stop it, SIGHUP calls `reload`.

    Args:
        settings: All settings; the defaults if `None`.
        host: Address to listen on.
        port: Port of the data plane; 0 picks a free one.
        admin_port: Port of the admin plane; 0 picks a free one.
        workers: Number of processes that serve the data plane; with 1, it is this one.
        demo: Use tiny demo models, even if upstreams are configured.
        model_paths: GGUF files for the embedded engine, `FILE` or `MODEL=FILE`.
        ready: Called with the addresses once both planes listen.
        reload: Returns the settings after a reload; by default `settings` again.
        watch: Detects changes of the configuration file.
        stop: Event that stops the gateway.

    Raises:
        GearshiftError: A port is taken, an upstream cannot be started, or a setting cannot be used.

    Example:
        >>> async def main() -> None:
        ...     stop = asyncio.Event()
        ...     def ready(addresses: Addresses) -> None:
        ...         print(addresses.data.startswith("http://127.0.0.1:"))
        ...         stop.set()
        ...     await serve(port=0, admin_port=0, ready=ready, stop=stop)
        >>> asyncio.run(main())
        True
    """
    loaded = settings if isinstance(settings, LoadedSettings) else _alone(settings or Settings())
    for warning in _warnings(host, loaded.settings):
        notice(warning)
    _allow_many_files()
    asked = asyncio.Event()
    if stop is None:
        stop = asyncio.Event()
        heed_signals(stop, asked)
    scheme = "http" if server_context(loaded.settings.tls) is None else "https"
    with contextlib.closing(listen(host, port, admin_port, scheme)) as listeners:
        choice = UpstreamChoice(demo, model_paths)
        discovery = await choice.first(loaded.settings)
        for text in discovery.notices:
            notice(text)
        planes = running_planes(
            loaded.settings, discovery.upstreams, listeners, workers=workers, file=loaded.file
        )
        async with planes as running:
            read, warnings = reload or (lambda: loaded), partial(_warnings, host)
            reloader = Reloader(read, loaded, choice, discovery.upstreams, warnings)
            async with _changes(reloader, running) as changer:
                running.context.changer = changer
                with settled():
                    ready(listeners.addresses())
                    await _until(stop, reloader.run(running.put, watch or _NO_FILE, asked))


@asynccontextmanager
async def _changes(reloader: Reloader, running: Planes) -> AsyncIterator[SettingsChange]:
    """What changes settings at this replica, and at all others that share their state with it."""
    follower = SettingsChange(reloader, running.put)
    shared = SharedSettings(follower.follow, lambda: reloader.loaded.settings)
    running.live.follow(shared.switch_to)
    await shared.start()
    try:
        yield SettingsChange(reloader, running.put, shared.changed)
    finally:
        await shared.aclose()


async def _until(stop: asyncio.Event, beside: Coroutine[None, None, None]) -> None:
    """Wait for the end; something else runs meanwhile."""
    task = asyncio.create_task(beside)
    try:
        await stop.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _alone(settings: Settings) -> LoadedSettings:
    """Settings that come from nowhere but the caller."""
    return LoadedSettings(settings)


def _warnings(host: str, settings: Settings) -> list[str]:
    warnings = [str(problem) for problem in (*unavailable(settings), *weak_keys(settings))]
    if not is_loopback(host) and not settings.auth.api_keys:
        warnings.append(
            f"{host} is reachable from other machines, and without auth.api_keys anybody can use "
            "the gateway; `gearshift key` creates a key"
        )
    return warnings


def _allow_many_files() -> None:
    """Each connection takes a descriptor or two; the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
