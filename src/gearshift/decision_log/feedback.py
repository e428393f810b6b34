"""Feedback: what users say of answers, kept beside the decision."""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import literal, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from gearshift.decision_log.database import DecisionLogError
from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.decision_log.rows import clean
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS

JUDGE: Final = "user"


class Feedback:
    """Writes verdicts of users; every method may block and belongs into a thread.

    Args:
        url: Of the log's database.
    """

    def __init__(self, url: str) -> None:
        self._database = LazyEngine(lambda: url)

    def give(self, decision_id: str, verdict: str, comment: str | None) -> bool:
        """Keep a verdict instead of the one that there was; `False` where there is no decision.

        Raises:
            DecisionLogError: The database is in trouble.
        """
        feedback = {
            "verdict": verdict,
            "time": time.time(),
            "comment": clean(comment or "") or None,
        }
        try:
            with self._database.get().begin() as connection:
                return _replaced(connection, decision_id, feedback) or _added(
                    connection, decision_id, feedback
                )
        except SQLAlchemyError as error:
            self.close()
            raise DecisionLogError("the decision log cannot be written now") from error

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


def _replaced(connection: Connection, decision_id: str, verdict: dict[str, Any]) -> bool:
    before = JUDGEMENTS.update().where(
        JUDGEMENTS.c.decision_id == decision_id, JUDGEMENTS.c.judge == JUDGE
    )
    return connection.execute(before.values(verdict)).rowcount > 0


def _added(connection: Connection, decision_id: str, verdict: dict[str, Any]) -> bool:
    """Add it; of two that come at once, the one behind replaces the other."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    columns = [
        "decision_id",
        "judge",
        "propensity",
        *verdict,
    ]
    values = (literal(value, JUDGEMENTS.c[name].type) for name, value in verdict.items())
    made = DECISIONS.c
    rows = select(made.id, literal(JUDGE), made.propensity, *values).where(made.id == decision_id)
    # Written out: of a parameter, a prepared statement does not know that the index is meant.
    only = JUDGEMENTS.c.judge == literal_column(f"'{JUDGE}'")
    first = (
        insert(JUDGEMENTS)
        .from_select(columns, rows)
        .on_conflict_do_update(index_elements=["decision_id"], index_where=only, set_=verdict)
        .returning(JUDGEMENTS.c.decision_id)
    )
    return connection.execute(first).first() is not None
