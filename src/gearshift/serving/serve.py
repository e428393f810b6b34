"""Serve: the gateway and its admin plane, until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Final

from gearshift.config.loading import LoadedSettings, Settings, unavailable, weak_keys
from gearshift.serving.event_loop import settled
from gearshift.serving.file_watch import ConfigWatch
from gearshift.serving.listeners import Addresses, is_loopback, listen
from gearshift.serving.logs import notice
from gearshift.serving.planes import running_planes
from gearshift.serving.reload import Reloader
from gearshift.serving.settings_change import SettingsChange
from gearshift.serving.signals import heed_signals
from gearshift.serving.tls import server_context
from gearshift.serving.upstream_choice import UpstreamChoice

_NO_FILE: Final = ConfigWatch(lambda: None)


async def serve(
    settings: Settings | LoadedSettings | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 11435,
    admin_port: int = 11436,
    workers: int = 1,
    demo: bool = False,
    model_paths: Sequence[str] = (),
    ready: Callable[[Addresses], None] = lambda _: None,
    reload: Callable[[], LoadedSettings] | None = None,
    watch: ConfigWatch | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run the gateway and its admin plane; requests in flight are finished at the end.

    It ends when `stop` is set or the task is cancelled. Without `stop` it heeds signals, and so
    must run in the main thread: SIGTERM and SIGINT end it, SIGHUP calls `reload`.

    Args:
        settings: Defaults where none are given.
        host: Address to listen on.
        port: Of the data plane; 0 for any that is free.
        admin_port: Of the admin plane, likewise.
        workers: Processes that share the data plane; 1 is this one.
        demo: Tiny demo models, whatever is configured.
        model_paths: GGUF files for the embedded engine, `FILE` or `MODEL=FILE`.
        ready: Called once both planes listen.
        reload: Reads the settings again; those given at the start otherwise.
        watch: Tells when the configuration file has changed.
        stop: Ends it.

    Raises:
        GearshiftError: A port is taken, an upstream cannot be started, or settings are of no use.

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
        found = await choice.first(loaded.settings)
        for text in found.notices:
            notice(text)
        planes = running_planes(
            loaded.settings, found.upstreams, listeners, workers=workers, file=loaded.file
        )
        async with planes as running:
            read, warnings = reload or (lambda: loaded), partial(_warnings, host)
            reloader = Reloader(read, loaded, choice, found.upstreams, warnings)
            running.context.changer = SettingsChange(reloader, running.put)
            with settled():
                ready(listeners.addresses())
                await _until(stop, reloader.run(running.put, watch or _NO_FILE, asked))


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
