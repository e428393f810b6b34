"""Refreshing: stale answers that were given are answered anew in the background, each once.

Only where the upstream has a place at that moment; otherwise whoever gets the stale answer next
has it tried again. It is a request of its own in log and metrics, because it takes compute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gearshift.errors import GearshiftError
from gearshift.http.server.internal_errors import log_internal_error
from gearshift.pipeline.call import Call, Handler
from gearshift.types import Decision

_MOST: Final = 16
_SUFFIX: Final = "-refresh"
_REASON: Final = "refreshes a stale answer; "


class Refreshing:
    """The refreshes that are under way.

    Args:
        ask: Has a call answered by an upstream, and keeps what it says.
        has_place: Whether the upstream of a decision would answer at once.
    """

    def __init__(self, ask: Handler, has_place: Callable[[Decision], bool]) -> None:
        self._ask = ask
        self._has_place = has_place
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, key: str, call: Call) -> None:
        """Have the answer under `key` asked for again, unless it is, or this is no time for it."""
        if key in self._tasks or len(self._tasks) >= _MOST or not self._has_place(call.decision):
            return
        task = asyncio.get_running_loop().create_task(self._refresh(_background(call)))
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key))

    async def aclose(self) -> None:
        """Stop them."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _refresh(self, call: Call) -> None:
        try:
            response = await self._ask(call)
            try:
                while await response.frames.read() is not None:
                    pass
            finally:
                await response.frames.aclose()
        except GearshiftError:
            pass  # it is in the log, and the stale answer is there while it may be
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            log_internal_error(error, "refreshing a cached answer")


def _background(call: Call) -> Call:
    """The call as one of its own, which chance and judges leave alone."""
    decision = call.decision
    own = decision._replace(
        id=decision.id + _SUFFIX,
        time=time.time(),
        reason=_REASON + decision.reason,
        movable=False,
    )
    return replace(
        call,
        decision=own,
        started_at=time.perf_counter(),
        scoring_seconds=0.0,
        attempts=[],
        cache=None,
        is_from_cache=False,
        saved=None,
        spared=None,
        is_background=True,
    )
