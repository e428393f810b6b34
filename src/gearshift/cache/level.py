"""Level: one back end, asked while it answers in time, and left alone while it does not.

A failure, or several slow answers within a second, and no request waits for it any more: a probe
in the background asks now and then, and the first answer in time ends that. What cannot be written
(a full Redis, a replica) does not keep anybody from reading.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from gearshift.cache.base import CacheBackend, LocalBackend
from gearshift.redis.deadline import Deadline
from gearshift.redis.outage import Outage, cause_of

_LOG: Final = logging.getLogger(__name__)
_WRITING_SECONDS: Final = 2.0
_MOST_WRITES: Final = 64
_MOST_SLOW: Final = 3
_SLOW_WITHIN_SECONDS: Final = 1.0
_CONNECT_SECONDS: Final = 3.0
_PROBED_KEY: Final = "probe"
_INSTEAD: Final = "requests are answered without it until it works again"

Write = Callable[[CacheBackend], Awaitable[None]]


class _Opened(NamedTuple):
    """A back end; once more as `local` where nobody waits for it."""

    backend: CacheBackend
    local: LocalBackend | None


class Level:
    """A back end whose failures are no request's business; each outage is logged once.

    Args:
        make: Makes the back end; called now, and again should it be used after `close`.
        clock: Seconds; never goes back.

    Attributes:
        name: The back end's `level`.

    Raises:
        ConfigError: The back end cannot be made.
    """

    def __init__(
        self, make: Callable[[], CacheBackend], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = make
        self._clock = clock
        self._opened: _Opened | None = None
        self.name: Final = self.backend.level
        self._outage, self._writing = (
            Outage(f"the cache {self.name!r}", _INSTEAD, clock) for _ in range(2)
        )
        self._slow: deque[float] = deque(maxlen=_MOST_SLOW)
        self._within = 1.0
        self._probe: asyncio.Task[None] | None = None
        self._writes: set[asyncio.Task[None]] = set()

    @property
    def is_local(self) -> bool:
        """Whether nobody waits for it."""
        return self._open().local is not None

    @property
    def is_out(self) -> bool:
        """Whether it is left alone."""
        return self._outage.is_on

    @property
    def backend(self) -> CacheBackend:
        """The back end itself, made anew where it was closed."""
        return self._open().backend

    async def get(self, key: str, within_seconds: float) -> bytes | None:
        """The value of a key; `None` where there is none, or not in time."""
        if self._opened is not None and self._opened.local is not None:
            return self._opened.local.get_now(key)
        if self._outage.is_on:
            return None
        self._within = within_seconds
        try:
            return await self._asked(key, within_seconds)
        except TimeoutError as error:
            self._was_slow(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the upstream answers
            self._goes_out(error)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            self._goes_out(error)  # of its own making
        return None

    def get_now(self, key: str) -> bytes | None:
        """The same where nobody has to be waited for; else `None`."""
        local = None if self._opened is None else self._opened.local
        return None if local is None else local.get_now(key)

    def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Have a value kept: at once where it can be, else in a moment; not while it is out."""
        local = self._open().local
        if local is not None:
            local.set_now(key, value, ttl_seconds)
        else:
            self._write(lambda backend: backend.set(key, value, ttl_seconds))

    def set_all(self, values: Mapping[str, bytes], ttl_seconds: float) -> None:
        """As `set` for many, which count as one of the writes that may wait."""

        async def write(backend: CacheBackend) -> None:
            for key, value in values.items():
                await backend.set(key, value, ttl_seconds)

        if self.is_local:
            for key, value in values.items():
                self.set(key, value, ttl_seconds)
        elif values:
            self._write(write)

    def delete(self, key: str) -> None:
        """Have a value forgotten, in a moment."""
        self._write(lambda backend: backend.delete(key))

    def start(self, within_seconds: float) -> None:
        """Connect before the first request needs it; what keeps that from succeeding is logged."""
        if not self.is_local and self._probe is None:
            self._within = within_seconds
            self._begin_probing(0.0)

    async def close(self) -> None:
        """Write what is waiting, then close the back end."""
        if self._probe is not None:
            self._probe.cancel()
            self._probe = None
        writes = [task for task in self._writes if task.get_loop() is asyncio.get_running_loop()]
        await asyncio.gather(*writes, return_exceptions=True)
        self._writes.clear()
        opened, self._opened = self._opened, None
        if opened is not None:
            try:
                async with asyncio.timeout(_WRITING_SECONDS):
                    await opened.backend.close()
            except Exception as error:  # noqa: BLE001 - there is nothing left to be done with it
                _LOG.warning("the cache %r failed while closing: %s", self.name, cause_of(error))

    def _open(self) -> _Opened:
        opened = self._opened
        if opened is None:
            backend = self._make()
            # Once, as Python takes longer to find out than a hit in memory takes.
            local = backend if isinstance(backend, LocalBackend) else None
            opened = self._opened = _Opened(backend, local)
        return opened

    async def _asked(self, key: str, within_seconds: float) -> bytes | None:
        async with asyncio.timeout(None) as limit:
            deadline = Deadline(limit, within_seconds)
            try:
                return await self.backend.get(key)
            finally:
                deadline.cancel()

    def _was_slow(self, error: TimeoutError) -> None:
        now = self._clock()
        self._slow.append(now)
        if len(self._slow) == _MOST_SLOW and now - self._slow[0] <= _SLOW_WITHIN_SECONDS:
            self._goes_out(error)

    def _goes_out(self, error: BaseException) -> None:
        pause = self._outage.begin("reading", error)
        self._slow.clear()
        if self._probe is None:
            self._begin_probing(pause)

    def _begin_probing(self, pause: float) -> None:
        self._probe = asyncio.get_running_loop().create_task(self._until_it_answers(pause))

    async def _until_it_answers(self, pause: float) -> None:
        while True:
            # Not all processes at the same time.
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            try:
                await self._asked(_PROBED_KEY, _CONNECT_SECONDS)  # it may have to connect
                await self._asked(_PROBED_KEY, self._within)
            except Exception as error:  # noqa: BLE001 - it is still out
                pause = self._outage.begin("reading", error)
            else:
                break
        self._outage.end()
        self._probe = None

    def _write(self, write: Write) -> None:
        is_paused = self._outage.is_on or self._writing.is_pausing
        if not is_paused and len(self._writes) < _MOST_WRITES:
            task = asyncio.get_running_loop().create_task(self._written(write))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def _written(self, write: Write) -> None:
        try:
            async with asyncio.timeout(_WRITING_SECONDS):
                await write(self.backend)
        except Exception as error:  # noqa: BLE001 - then it is not kept
            if not self._outage.is_on:
                self._writing.begin("writing", error)
        else:
            self._writing.end()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
