"""Verdicts of users on their way to the decision log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gearshift.errors import RequestError
from gearshift.threads import Purpose, in_thread

if TYPE_CHECKING:  # SQLAlchemy is imported only where there is a log
    from gearshift.decision_log.feedback import Feedback

_TRIES: Final = 3
_BETWEEN_SECONDS: Final = 0.4  # the writer has what is new within a quarter of a second
_MOST_AT_ONCE: Final = 64


class Inbox:
    """Takes verdicts of users for the decision log; only so many may be on their way at once.

    Args:
        feedback: Writes them.
    """

    def __init__(self, feedback: Feedback) -> None:
        self._feedback = feedback
        self._under_way = 0

    async def give(self, decision_id: str, verdict: str, comment: str | None) -> bool:
        """Keep a verdict; `False` where nobody knows the decision, not even a moment later.

        Raises:
            DecisionLogError: The log cannot be written now.
            RequestError: 503 where too many wait for the log already.
        """
        if self._under_way >= _MOST_AT_ONCE:
            raise RequestError(
                f"{_MOST_AT_ONCE} verdicts are already waiting for the decision log; try again",
                status=503,
                code="log_unavailable",
                headers={"Retry-After": "1"},
            )
        self._under_way += 1
        try:
            return await self._given(decision_id, verdict, comment)
        finally:
            self._under_way -= 1

    async def _given(self, decision_id: str, verdict: str, comment: str | None) -> bool:
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_BETWEEN_SECONDS)
            give = self._feedback.give
            if await in_thread(Purpose.FEEDBACK, give, decision_id, verdict, comment):
                return True
        return False
