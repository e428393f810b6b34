"""Feedback: what users say of answers, kept beside the decision."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from gearshift.decision_log.database import DecisionLogError, open_database
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS

JUDGE: Final = "user"
_TRIES: Final = 3
_BETWEEN_SECONDS: Final = 0.4  # the writer has what is new within a quarter of a second


class Feedback:
    """Writes verdicts of users; every method may block and belongs into a thread.

    Args:
        url: Of the log's database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Engine | None = None

    def give(self, decision_id: str, verdict: str, comment: str | None) -> bool:
        """Keep a verdict; `False` where there is no such decision.

        Raises:
            DecisionLogError: The database is in trouble.
        """
        try:
            for attempt in range(_TRIES):
                if self._given(decision_id, verdict, comment):
                    return True
                if attempt < _TRIES - 1:
                    time.sleep(_BETWEEN_SECONDS)
        except SQLAlchemyError as error:
            self.close()
            raise DecisionLogError("the decision log cannot be written now") from error
        return False

    def close(self) -> None:
        """Let go of the database."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _given(self, decision_id: str, verdict: str, comment: str | None) -> bool:
        engine = self._engine = self._engine or open_database(self._url)
        with engine.begin() as connection:
            known = connection.execute(
                select(DECISIONS.c.id, DECISIONS.c.propensity).where(DECISIONS.c.id == decision_id)
            ).first()
            if known is None:
                return False
            connection.execute(
                JUDGEMENTS.insert().values(
                    decision_id=decision_id,
                    time=time.time(),
                    judge=JUDGE,
                    verdict=verdict,
                    propensity=known.propensity,
                    comment=comment,
                )
            )
        return True
