"""AnswerStore: answers in a back end, whose failures are no request's business."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from gearshift.cache.base import CacheBackend
from gearshift.cache.entry import CachedAnswer, decode, encode

_LOG: Final = logging.getLogger(__name__)
_WRITING_SECONDS: Final = 2.0
_MOST_WRITES: Final = 64


class AnswerStore:
    """Asks a back end within a short time, writes behind its readers' backs, and never raises.

    Each kind of failure is logged once.

    Args:
        make: Makes the back end; called now, and again should it be used after `close`.

    Raises:
        ConfigError: The back end cannot be made.
    """

    def __init__(self, make: Callable[[], CacheBackend]) -> None:
        self._make = make
        self._backend: CacheBackend | None = make()
        self.level: Final = self._backend.level
        self._writes: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()

    async def get(self, key: str, within_seconds: float) -> CachedAnswer | None:
        """The answer that is kept under a key; `None` where there is none, or not in time."""
        try:
            async with asyncio.timeout(within_seconds):
                value = await self._opened().get(key)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            self._tell("reading", error)  # of its own making
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, the upstream answers
            self._tell("reading", error)
            return None
        if value is None:
            return None
        answer = decode(key, value)
        if answer is None:
            self.forget(key)
        return answer

    def put(self, key: str, answer: CachedAnswer, ttl_seconds: float) -> None:
        """Have an answer kept, in a moment; not while the back end is far behind."""
        self._write(lambda backend: backend.set(key, encode(key, answer), ttl_seconds))

    def forget(self, key: str) -> None:
        """Have a value forgotten, in a moment."""
        self._write(lambda backend: backend.delete(key))

    async def close(self) -> None:
        """Write what is waiting, then close the back end."""
        writes = [task for task in self._writes if task.get_loop() is asyncio.get_running_loop()]
        await asyncio.gather(*writes, return_exceptions=True)
        self._writes.clear()
        backend, self._backend = self._backend, None
        if backend is not None:
            try:
                async with asyncio.timeout(_WRITING_SECONDS):
                    await backend.close()
            except Exception as error:  # noqa: BLE001 - there is nothing left to be done with it
                self._tell("closing", error)

    def _write(self, write: Callable[[CacheBackend], Coroutine[Any, Any, None]]) -> None:
        if len(self._writes) < _MOST_WRITES:
            task = asyncio.get_running_loop().create_task(self._written(write))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def _written(self, write: Callable[[CacheBackend], Coroutine[Any, Any, None]]) -> None:
        try:
            async with asyncio.timeout(_WRITING_SECONDS):
                await write(self._opened())
        except Exception as error:  # noqa: BLE001 - then it is not kept
            self._tell("writing", error)

    def _opened(self) -> CacheBackend:
        if self._backend is None:
            self._backend = self._make()
        return self._backend

    def _tell(self, doing: str, error: BaseException) -> None:
        kind = f"{doing} {type(error).__name__}"
        if kind not in self._told:
            self._told.add(kind)
            # Not its own words: they may quote what it was given.
            cause = "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
            _LOG.warning("the cache %r failed while %s: %s; upstreams answer in the "
                         "meantime; logged once", self.level, doing, cause)  # fmt: skip


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
