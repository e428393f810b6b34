"""LogWriter: writes finished requests in a thread of its own; no request ever waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from gearshift.decision_log.database import (
    DecisionLogError,
    file_of,
    open_database,
    salt_of,
    shown,
)
from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.statements import Statements
from gearshift.decision_log.works import UNWRITABLE, Works
from gearshift.decision_log.write_queue import WriteBatch, WriteQueue
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.events import RequestFinished

logger = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 0.25
_AGAIN_SECONDS: Final = 2.0
_MOST_KEPT: Final = 50_000
_MOST_BYTES: Final = 64_000_000
_STOP_SECONDS: Final = 5.0


class LogWriter:
    """Keeps what has finished until it is written; `add` is a `BatchSink`.

    Whatever is wrong with the database, requests go on: up to 50,000 decisions, and 64 MB of them,
    wait for it to come back; further ones are dropped and counted. Writing rows and doing what
    else was asked for do not stop each other.

    Args:
        url: Of the database.
        accounting: Counts compute.
        with_prompts: Keep the user's words.
        dropped: Told how many decisions were lost, each time.
        given_up: Told each time something that was to be done `later` is given up.
    """

    def __init__(
        self,
        url: str,
        accounting: Accounting,
        *,
        with_prompts: bool,
        dropped: Callable[[int], object] = lambda count: None,
        given_up: Callable[[], object] = lambda: None,
    ) -> None:
        self._url = url
        self._accounting = accounting
        self._with_prompts = with_prompts
        self._dropped = dropped
        self._waiting = WriteQueue(_MOST_KEPT, _MOST_BYTES)
        self._works = Works(given_up)
        self._said: set[type[Exception]] = set()
        self._stop = threading.Event()
        self._is_in_trouble = False
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting and end; gives up after five seconds, at once if never started."""
        self._stop.set()
        if self._thread.ident is None:
            self._let_go()
        else:
            self._thread.join(_STOP_SECONDS)

    @property
    def waiting(self) -> int:
        """How many are not written yet."""
        return len(self._waiting)

    def add(self, events: Sequence[RequestFinished]) -> None:
        """Take finished requests; never waits, never fails."""
        lost = self._waiting.add(events)
        if lost:
            self._dropped(lost)

    def submit(self, run: Callable[[Connection], None], size: int = 0) -> None:
        """Do something else in the database, after what waits now is written; never waits.

        Args:
            run: May be run again where it fails; what fails eight times is given up.
            size: Bytes that it keeps in memory until then.
        """
        self._works.add(run, size)

    def _run(self) -> None:
        session: _Session | None = None
        is_last = False
        while not is_last:
            is_last = self._stop.wait(_AGAIN_SECONDS if self._is_in_trouble else _EVERY_SECONDS)
            session = self._turn(session, is_last=is_last)
        self._let_go()
        if session is not None:
            session.close()

    def _let_go(self) -> None:
        """Forget what could not be written."""
        rest = self._waiting.clear()
        if rest:
            logger.warning("decision log: %d decisions could not be written", rest)
            self._dropped(rest)
        self._works.give_up()

    def _turn(self, session: _Session | None, *, is_last: bool = False) -> _Session | None:
        """Write what waits; the session to go on with, `None` where the next one must open one."""
        # Before the rows are written, so that all they are about is in the log.
        works = self._works.take(at_last=is_last)
        try:
            if session is not None and session.is_gone:
                session.close()
                session = None
            session = session or self._session()
            self._write_all(session)
        except (SQLAlchemyError, DecisionLogError, OSError) as error:
            self._works.requeue(works)
            self._failed(session, error)
            return None
        except Exception as error:  # noqa: BLE001 - a bug of ours must not end the log for good
            self._works.requeue(works)
            self._defect(error)
            return session
        try:
            self._works.do(works, session.engine)
        except (SQLAlchemyError, OSError) as error:
            self._failed(session, error)
            return None
        self._recovered()
        return session

    def _session(self) -> _Session:
        engine = open_database(self._url)
        self._lost(
            self._waiting.opened(RowMaker(salt_of(engine), self._accounting, self._with_prompts))
        )
        return _Session(engine, Statements.of(engine))

    def _write_all(self, session: _Session) -> None:
        while (batch := self._waiting.take()) is not None:
            try:
                self._lost(session.write(batch))
            except (SQLAlchemyError, OSError):
                self._waiting.requeue(batch)
                raise
            except Exception:  # rows that cannot be written must be counted, whatever is wrong
                self._dropped(len(batch.rows))
                raise

    def _lost(self, count: int) -> None:
        if count:
            logger.warning(
                "decision log: %d decisions are dropped, because the database rejects them", count
            )
            self._dropped(count)

    def _defect(self, error: Exception) -> None:
        """Say it, of each kind once."""
        if type(error) not in self._said:
            self._said.add(type(error))
            logger.error("internal error in the decision log, in writing", exc_info=error)

    def _failed(self, session: _Session | None, error: Exception) -> None:
        """The database is in trouble; the next turn opens it anew."""
        if session is not None:
            session.close()
        if not self._is_in_trouble:
            cause = " ".join(str(getattr(error, "orig", None) or error).split())
            logger.warning(
                "decision log %s: %s; requests are not affected, decisions wait",
                shown(self._url),
                cause,
            )
        self._is_in_trouble = True

    def _recovered(self) -> None:
        if self._is_in_trouble:
            logger.info("decision log %s: works again", shown(self._url))
        self._is_in_trouble = False


class _Session:
    """One open database."""

    def __init__(self, engine: Engine, statements: Statements) -> None:
        self.engine = engine
        self._statements = statements
        self._file = file_of(engine)

    @property
    def is_gone(self) -> bool:
        """Somebody has removed or replaced the file; what is written to the old one is lost."""
        return self.engine.dialect.name == "sqlite" and file_of(self.engine) != self._file

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def write(self, batch: WriteBatch) -> int:
        """Write these; how many could not be written whatever is done.

        Raises:
            SQLAlchemyError: The database is in trouble; none of them is written.
        """
        try:
            with self.engine.begin() as connection:
                # All of it or nothing: if a lost connection has hidden that it was written, it
                # is not added to the sums again.
                is_repeated = batch.is_repeated and not batch.is_divided
                self._statements.write(connection, batch.rows, batch.sums, is_repeated=is_repeated)
        except UNWRITABLE:
            batch.is_divided = True
            lost = self._write_singly(batch.rows)
            with self.engine.begin() as connection:
                self._statements.write(connection, [], batch.sums)
            return lost
        return 0

    def _write_singly(self, rows: Sequence[tuple[Any, ...]]) -> int:
        """Those that can be written, halving what cannot until it is one."""
        try:
            with self.engine.begin() as connection:
                self._statements.write(connection, list(rows), Sums())
        except UNWRITABLE:
            if len(rows) == 1:
                return 1
            half = len(rows) // 2
            return self._write_singly(rows[:half]) + self._write_singly(rows[half:])
        return 0
