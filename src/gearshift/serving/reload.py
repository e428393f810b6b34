"""Reloader: reads the configuration again and activates it, or says why not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from gearshift.config.diff import changes, needing_restart, summary
from gearshift.config.loading import LoadedSettings, Settings
from gearshift.errors import ConfigError, GearshiftError, Problem
from gearshift.providers.base import UpstreamConfig
from gearshift.serving.file_watch import ConfigWatch
from gearshift.serving.held_changes import HeldChanges
from gearshift.serving.upstream_choice import UpstreamChoice
from gearshift.threads import Purpose, in_thread

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 1.0

Replace = Callable[[Settings, tuple[UpstreamConfig, ...]], Awaitable[None]]
"""Activates settings everywhere, or raises and leaves the previous ones active."""


class Reloader:
    """Knows the active settings, and changes them when asked or when the file has changed.

    Args:
        load: Reads and validates the settings, from where they came at the start.
        loaded: What `load` gave at the start.
        choice: Finds the upstreams.
        upstreams: Those found at the start.
        warnings: What people should know of settings.
    """

    def __init__(
        self,
        load: Callable[[], LoadedSettings],
        loaded: LoadedSettings,
        choice: UpstreamChoice,
        upstreams: tuple[UpstreamConfig, ...],
        warnings: Callable[[Settings], Sequence[str]],
    ) -> None:
        self._load = load
        self._loaded = loaded
        self._choice = choice
        self._upstreams = upstreams
        self._warnings = warnings
        self._changing = asyncio.Lock()
        self._held = HeldChanges()

    @property
    def loaded(self) -> LoadedSettings:
        """The active settings, and where they come from."""
        return self._loaded

    async def update(
        self,
        change: Callable[[LoadedSettings], Settings],
        put: Replace,
        written: Callable[[Settings, Settings], Mapping[str, bool]],
    ) -> None:
        """Change the active settings, one change at a time, so that none undoes another.

        Args:
            change: The new settings, from those active at that moment; raises to refuse.
            put: Activates them.
            written: Given old and new settings, writes down what has changed, in a
                thread; for each key of routing whether the file has it now.

        Raises:
            GearshiftError: They cannot be activated; the previous ones stay active.
        """
        async with self._changing:
            old = self._loaded
            settings = change(old)
            if settings == old.settings:
                return
            chosen = await self._choice.again(settings, old.settings, self._upstreams)
            await put(settings, chosen.upstreams)
            self._loaded, self._upstreams = replace(old, settings=settings), chosen.upstreams
            done = await in_thread(Purpose.SETTINGS, written, old.settings, settings)
            self._held.note(old.settings, settings, done)

    async def run(self, put: Replace, watch: ConfigWatch, asked: asyncio.Event) -> None:
        """Reload whenever `asked` is set or the file has changed, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await asked.wait()
            if asked.is_set():
                asked.clear()
                watch.accept()
            elif not watch.has_changed():
                continue
            await self.reload(put)

    async def reload(self, put: Replace) -> None:
        """Read, validate, activate; never raises, and says in one line how it went."""
        try:
            await self._reload(put)
        except (GearshiftError, OSError) as error:
            reason = " ".join(str(error).split())
            logger.error("configuration not reloaded: %s; the previous one stays active", reason)
        except Exception:  # the gateway must go on with what it has
            logger.exception("configuration not reloaded; the previous one stays active")

    async def _reload(self, put: Replace) -> None:
        async with self._changing:
            await self._reload_all(put)

    async def _reload_all(self, put: Replace) -> None:
        old = self._loaded
        new = await in_thread(Purpose.SETTINGS, self._load)
        if old.file is not None and new.file is None:
            raise ConfigError([Problem("", "the file is gone")], str(old.file))
        new = replace(new, settings=self._held.over(new.settings))
        name = str(new.file or "environment")
        differences = changes(old.settings, new.settings)
        if not differences:
            self._loaded = new
            logger.info("configuration unchanged: %s has the active settings", name)
            return
        chosen = await self._choice.again(new.settings, old.settings, self._upstreams)
        await put(new.settings, chosen.upstreams)
        notices = chosen.notices if chosen.upstreams != self._upstreams else ()
        for warning in (*self._warnings(new.settings), *notices):
            logger.warning("%s", warning)
        self._loaded, self._upstreams = new, chosen.upstreams
        restart = needing_restart(differences)
        logger.info(
            "configuration reloaded from %s (config %s): %s%s",
            name,
            new.settings.config_hash,
            summary(differences),
            f"; needs a restart: {', '.join(restart)}" if restart else "",
        )
