"""Lease: which of several processes with one database does what must not be done twice.

A row with its holder and its end, by the database's clock, and not an advisory lock: such a lock
belongs to a connection, which a pooler (PgBouncer and the like) hands to somebody else after
every transaction; and it outlives by far a holder whose machine has vanished. What a paused
former holder would still do is stopped where it does harm: it acts in transactions that begin
with proof that the lease is still its own, and nobody takes the lease over within one of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, NamedTuple

from sqlalchemy import Update, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from gearshift.decision_log.database import time_of
from gearshift.decision_log.schema import FACTS
from gearshift.errors import GearshiftError

OWNER: Final = "owner"
"""The lease of retention, partitions, alarms and automatic tuning."""
SECONDS: Final = 15.0
"""How long it is held without being renewed."""

_LONGEST_SECONDS: Final = 60.0
_IDLE_MILLISECONDS: Final = 5_000


Begin = Callable[[Engine], AbstractContextManager[Connection]]
"""Begins a transaction: `Engine.begin`, or `Lease.acting` where only the holder may."""


class LeaseLostError(GearshiftError):
    """Somebody else holds the lease by now, so nothing was done."""


class Holder(NamedTuple):
    """Who holds a lease.

    Attributes:
        token: Grows by one each time the lease changes hands.
        until: Seconds since 1970, by the database's clock.
        name: Of the process.
    """

    token: int
    until: float
    name: str

    def holds_at(self, now: float) -> bool:
        """Whether it lasts; one that ends too late was written under another clock."""
        return now < self.until <= now + _LONGEST_SECONDS


class Lease:
    """One process's part in a lease; any thread may ask.

    Args:
        holder: The name of this process, for people to read.
        name: Of the lease.
        seconds: How long it lasts, at most 60.
        clock: Seconds, never back.
    """

    def __init__(
        self,
        holder: str,
        name: str = OWNER,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._holder = " ".join(holder.split())
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._token: int | None = None
        self._until = float("-inf")

    @property
    def is_held(self) -> bool:
        """Whether it is ours, as far as can be known without asking; what counts is `acting`."""
        return self._token is not None and self._clock() < self._until

    def take(self, engine: Engine) -> bool:
        """Take or renew it; `False` where somebody else holds it.

        Raises:
            SQLAlchemyError: The database is in trouble.
        """
        with self._lock:
            asked = self._clock()
            with engine.begin() as connection:
                token = self._taken(connection)
            self._token = token
            if token is not None:
                self._until = asked + self._seconds
            return token is not None

    def release(self, engine: Engine) -> None:
        """Let somebody else have it at once.

        Raises:
            SQLAlchemyError: The database is in trouble; it ends by itself.
        """
        with self._lock:
            token, self._token = self._token, None
            if token is None:
                return
            with engine.begin() as connection:
                # Kept with its token, which must not be given out again.
                connection.execute(_mine(self._name, token).values(value=f"{token} 0 "))

    @contextmanager
    def acting(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that only the holder can have; meanwhile nobody else takes the lease.

        Raises:
            LeaseLostError: The lease is not ours (any more).
        """
        token = self._token
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # One that is paused in here must not keep the lease from others for ever.
                idle = f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_MILLISECONDS}"
                connection.execute(text(idle))
            # Locks the row, which in SQLite begins the writing, too.
            proof = _mine(self._name, token).values(value=FACTS.c.value)
            if connection.execute(proof).rowcount != 1:
                raise LeaseLostError(f"the lease {self._name!r} is held by another process by now")
            yield connection

    def _taken(self, connection: Connection) -> int | None:
        """The token, if it is ours now: whoever changes the row that all have read has it."""
        found, value, now = _read(connection, self._name)
        if found is not None and found.token != self._token and found.holds_at(now):
            return None
        last = 0 if found is None else found.token
        token = last if last and last == self._token else last + 1
        mine = f"{token} {now + self._seconds:.3f} {self._holder}"
        if value is None:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            first = insert(FACTS).values(name=self._name, value=mine).on_conflict_do_nothing()
            is_ours = connection.execute(first.returning(FACTS.c.name)).first() is not None
        else:
            unchanged = FACTS.update().where(FACTS.c.name == self._name, FACTS.c.value == value)
            is_ours = connection.execute(unchanged.values(value=mine)).rowcount == 1
        return token if is_ours else None


def holder_of(engine: Engine, name: str = OWNER) -> Holder | None:
    """Who holds a lease now, if anybody does."""
    with engine.connect() as connection:
        found, _, now = _read(connection, name)
    return found if found is not None and found.holds_at(now) else None


def _mine(name: str, token: int | None) -> Update:
    return FACTS.update().where(FACTS.c.name == name, FACTS.c.value.like(f"{token} %"))


def _read(connection: Connection, name: str) -> tuple[Holder | None, str | None, float]:
    """What is written, as such and as a text, and the database's time."""
    now = time_of(connection)
    value = connection.scalar(select(FACTS.c.value).where(FACTS.c.name == name))
    return None if value is None else _parsed(value), value, now


def _parsed(value: str) -> Holder | None:
    token, _, rest = value.partition(" ")
    until, _, name = rest.partition(" ")
    try:
        return Holder(int(token), float(until), name)
    except ValueError:
        return None
