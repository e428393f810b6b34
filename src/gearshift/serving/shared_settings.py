"""SharedSettings: a change made at one replica is made at all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.config.sources import nested
from gearshift.errors import GearshiftError
from gearshift.interface import LLMInterface
from gearshift.serving.held_changes import routing_values
from gearshift.shared_state.round import Round
from gearshift.shared_state.settings_document import (
    Changed,
    SettingsDocument,
    keep,
    read,
    write,
)
from gearshift.shared_state.state import SharedState
from gearshift.types import JsonObject

logger = logging.getLogger(__name__)

_FIRST_SECONDS: Final = 2.0
_SCORER: Final = "scorer"

Apply = Callable[[JsonObject], Awaitable[None]]
"""Activates some settings of routing, and writes them down; raises to refuse."""


class SharedSettings:
    """Follows the document that replicas share, and adds what is changed here.

    At the start the file has the last word where it says neither what files said before a change
    nor what was changed: somebody has written it since. Later each change counts.

    Args:
        apply: Activates settings in all workers of this replica.
        active: The active settings.
    """

    def __init__(self, apply: Apply, active: Callable[[], Settings]) -> None:
        self._apply = apply
        self._active = active
        self._shared: SharedState | None = None
        self._document: SettingsDocument | None = None
        self._pending: dict[str, Changed] = {}
        self._wanted: dict[str, Any] = {}
        self._is_wanted = asyncio.Event()
        self._is_settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def switch_to(self, llm: LLMInterface) -> None:
        """Share by the settings of this one."""
        if llm.shared_state is self._shared:
            return
        if self._shared is not None:
            self._shared.detach(self)
        self._shared = llm.shared_state
        if self._shared is not None:
            self._shared.attach(self)

    async def start(self) -> None:
        """Begin to follow; returns when what was changed before is active here, if it can be."""
        self._task = asyncio.create_task(self._run())
        if self._shared is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_SECONDS):
                    await self._is_settled.wait()

    async def aclose(self) -> None:
        """Follow no more."""
        if self._shared is not None:
            self._shared.detach(self)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def changed(self, before: Settings, after: Settings) -> None:
        """Have the others make a change that was made here."""
        if self._shared is None:
            return
        old, new = routing_values(before), routing_values(after)
        for key, value in new.items():
            if value != old.get(key):
                self._pending[key] = Changed(value, (old.get(key),))
        self._shared.look_again()

    async def look(self, round_: Round) -> None:
        """Take what others have changed, and give them what was changed here."""
        found, known = await read(round_), self._document
        if known is None or found.version > known.version:
            self._take(found, known)
        document = self._document
        assert document is not None, "it was taken"
        if self._pending:
            await self._give(round_, document)
        elif found.version < document.version:  # Redis has lost it
            await write(round_, document)
        elif document.version:
            await keep(round_)

    async def leave(self, round_: Round) -> None:
        """Nothing is this process's alone."""

    def _take(self, found: SettingsDocument, known: SettingsDocument | None) -> None:
        self._document = found
        changes = found.newer_than(known or SettingsDocument())
        if known is None:
            changes = self._after_the_file(changes)
        news = {key: change.value for key, change in changes.items() if key not in self._pending}
        self._wanted |= news
        if self._wanted:
            self._is_wanted.set()
        else:
            self._is_settled.set()

    async def _give(self, round_: Round, document: SettingsDocument) -> None:
        pending = dict(self._pending)
        mine = document.with_changes(pending)
        shared = self._shared
        if not await write(round_, mine):
            if shared is not None:  # somebody was faster; on top of that, then
                shared.look_again()
            return
        self._document = mine
        for key, change in pending.items():
            if self._pending.get(key) == change:
                del self._pending[key]
        if shared is not None:
            shared.announce()

    def _after_the_file(self, changes: dict[str, Changed]) -> dict[str, Changed]:
        """Those that the file does not know of yet, and does not say something else about."""
        values = routing_values(self._active())
        newer = [key for key, change in changes.items() if not change.follows(values.get(key))]
        if newer:
            names = ", ".join(newer)
            logger.warning("changed in a dashboard, but the configuration says otherwise: %s; "
                           "the configuration counts", names)  # fmt: skip
        return {key: change for key, change in changes.items() if key not in newer}

    async def _run(self) -> None:
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            wanted, self._wanted = self._wanted, {}
            await self._follow(wanted)
            self._is_settled.set()

    async def _follow(self, wanted: dict[str, Any]) -> None:
        values = routing_values(self._active())
        news = {key: value for key, value in wanted.items() if values.get(key) != value}
        # What Redis says must not decide which code is run here.
        if _SCORER in news and not registry.has("scorers", str(news[_SCORER])):
            logger.error("scorer: %r has to be set in each replica's own configuration",
                         news.pop(_SCORER))  # fmt: skip
        if not news:
            return
        try:
            await self._apply(nested(news))
        except GearshiftError as error:
            reason = " ".join(str(error).split())
            logger.error("not changed as at another replica: %s", reason)
        except Exception:  # this replica must go on with what it has
            logger.exception("a change made at another replica could not be activated")
        else:
            hash_ = self._active().config_hash
            logger.info("changed as at another replica (config %s): %s", hash_, ", ".join(news))
