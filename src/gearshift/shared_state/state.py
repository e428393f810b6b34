"""SharedState: a Redis that the processes of a fleet share, asked while it answers in time.

A request asks it for what it needs at once, and waits for no more than 4 ms. All else is looked
at in rounds, every second and whenever another process says that something has changed: a message
that is lost is made good by the next round. While Redis fails nobody waits for it; the rounds go
on, and the first that succeeds ends that.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from gearshift.extras import extra
from gearshift.redis.address import redis_address
from gearshift.redis.deadline import Deadline
from gearshift.redis.errors import RedisError
from gearshift.redis.outage import Outage
from gearshift.shared_state.heartbeat import beat, leave
from gearshift.shared_state.keys import channel
from gearshift.shared_state.round import Round

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import RedisConnection

_LOG: Final = logging.getLogger(__name__)
WITHIN_SECONDS: Final = 0.004
"""How long a request waits for it at most."""

EVERY_SECONDS: Final = 1.0
"""How often all of it is looked at."""

_CONNECT_SECONDS: Final = 2.0
_ROUND_SECONDS: Final = 2.0
_FIRST_SECONDS: Final = 1.0
_LEAVE_SECONDS: Final = 0.5
_SHORTEST_GAP: Final = 0.02
_LONGEST_PAUSE: Final = 1.0
_JITTER: Final = 0.1
_MOST_SLOW: Final = 3
_SLOW_WITHIN_SECONDS: Final = 1.0
_TOO_SLOW: Final = f"it takes longer than {WITHIN_SECONDS * 1e3:g} ms"
_INSTEAD: Final = "each process goes on with what it knows itself until it works again"

T = TypeVar("T")
Question = Callable[["RedisConnection"], Awaitable[T]]


class Part(Protocol):
    """Something that processes share, looked at in every round."""

    async def look(self, round_: Round) -> None:
        """Read what others have written, and write what they have to know.

        Raises:
            RedisError: Redis does not do it: the round has failed.
        """
        ...

    async def leave(self, round_: Round) -> None:
        """Give back what nobody else can have while this process has it; it ends."""
        ...


class SharedState:
    """What processes share, as one of them sees it.

    Args:
        url: Of the Redis.
        clock: Seconds; never goes back.

    Attributes:
        member: The name of this process among the others.
        members: How many processes answer requests, as far as is known; at least 1.
        serves: Whether this one does.

    Raises:
        ValueError: It is not a URL of a Redis.
        MissingExtraError: The driver is not installed.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        with extra("redis", "shared state in Redis"):
            from gearshift.redis.lasting_connection import LastingConnection
            from gearshift.shared_state.subscription import Subscription
        address = redis_address(url)
        self._clock = clock
        self._line = LastingConnection(address, _CONNECT_SECONDS)
        self._channel = channel(address.database)
        self._subscription = Subscription(address, self._channel, self._told, _CONNECT_SECONDS)
        self._outage = Outage(f"the shared state at {address}", _INSTEAD, clock)
        self._slow: deque[float] = deque(maxlen=_MOST_SLOW)
        self._parts: list[Part] = []
        self._rounds: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()
        self._has_looked = False
        self._ahead = time.time() - clock()
        self.member: Final = secrets.token_hex(8)
        self.members = 1
        self.serves = False

    @property
    def is_available(self) -> bool:
        """Whether it answers, so that what is decided here is decided together."""
        return self._has_looked and not self._outage.is_on

    def now(self) -> float:
        """Seconds since 1970 by the clock of Redis, as far as is known."""
        return self._clock() + self._ahead

    def attach(self, *parts: Part) -> None:
        """Look at these, too, from the next round on."""
        self._parts += parts
        self._wake.set()

    def detach(self, *parts: Part) -> None:
        """Look at these no more."""
        self._parts = [part for part in self._parts if part not in parts]

    async def start(self) -> None:
        """Begin the rounds; returns after the first, or when it takes too long."""
        self._wake, self._looked = asyncio.Event(), asyncio.Event()
        self._rounds = asyncio.get_running_loop().create_task(self._run())
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_SECONDS):
                await self._looked.wait()

    async def ask(self, question: Question[T]) -> T | None:
        """What a request needs to know at once; `None` where it is not to be had in time.

        Args:
            question: Asks; what it raises beside a `RedisError` is a bug.
        """
        connection = None if self._outage.is_on else self._line.ready
        if connection is None:
            return None
        try:
            return await _in_time(question(connection))
        except TimeoutError as error:
            self._was_slow(error)
        except RedisError as error:
            self._outage.begin("asked for a request", error)
        return None

    def tell(self, *command: Any) -> None:
        """Have something written, in a moment; not while it is out."""
        connection = None if self._outage.is_on else self._line.ready
        if connection is not None:
            with suppress(RedisError):
                connection.ask(*command).add_done_callback(_seen)

    def announce(self) -> None:
        """Have the others look again at once."""
        self.tell("PUBLISH", self._channel, self.member)

    def look_again(self) -> None:
        """Have this process look again at once."""
        self._wake.set()

    async def aclose(self) -> None:
        """Tell the others that this process ends, then close the connections."""
        rounds, self._rounds = self._rounds, None
        if rounds is not None and rounds.get_loop() is asyncio.get_running_loop():
            rounds.cancel()
            await asyncio.gather(rounds, return_exceptions=True)
            with suppress(RedisError, TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await self._leave()
        self._has_looked = False
        self._subscription.close()
        self._line.close()

    async def _leave(self) -> None:
        connection = None if self._outage.is_on else self._line.ready
        if connection is None:
            return
        await leave(connection, self.member)
        for part in self._parts:
            await part.leave(Round(connection))
        self.announce()

    def _told(self, sender: object) -> None:
        if sender != self.member.encode():
            self._wake.set()

    async def _run(self) -> None:
        while True:
            pause = await self._round()
            self._looked.set()
            await asyncio.sleep(_SHORTEST_GAP)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(1 - _JITTER, 1.0)):
                    await self._wake.wait()
            self._wake.clear()

    async def _round(self) -> float:
        """Look at everything once; how many seconds to wait for the next time."""
        try:
            async with asyncio.timeout(_ROUND_SECONDS):
                await self._looked_at_all()
        except (RedisError, TimeoutError) as error:
            if isinstance(error, TimeoutError):  # it may be one that leads nowhere any more
                self._line.close()
                self._subscription.close()
            return min(_LONGEST_PAUSE, self._outage.begin("reading", error))
        except Exception:  # noqa: BLE001 - a bug in one part must not end the others for good
            _LOG.exception("a round of the shared state failed; the next one comes")
            return EVERY_SECONDS
        self._has_looked = True
        self._outage.end()
        return EVERY_SECONDS

    async def _looked_at_all(self) -> None:
        connection = await self._line.connection()
        self._subscription.keep()
        found = await beat(connection, self.member if self.serves else None)
        self.members = max(1, found.members)
        self._ahead = found.now - self._clock()
        for part in tuple(self._parts):
            await part.look(Round(connection, found.now))
        if self._outage.is_on:  # it works; now as quickly as requests need it
            try:
                await _in_time(connection.ask("PING"))
            except TimeoutError:  # the connection is good: all else goes on as it is
                raise RedisError(_TOO_SLOW) from None

    def _was_slow(self, error: TimeoutError) -> None:
        now = self._clock()
        self._slow.append(now)
        if len(self._slow) == _MOST_SLOW and now - self._slow[0] <= _SLOW_WITHIN_SECONDS:
            self._slow.clear()
            self._outage.begin("asked for a request", error)


async def _in_time(reply: Awaitable[T]) -> T:
    async with asyncio.timeout(None) as limit:
        deadline = Deadline(limit, WITHIN_SECONDS)
        try:
            return await reply
        finally:
            deadline.cancel()


def _seen(reply: asyncio.Future[Any]) -> None:
    if not reply.cancelled():
        reply.exception()  # the next round meets it, too
