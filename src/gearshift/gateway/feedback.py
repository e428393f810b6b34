"""`/v1/feedback`: a user says whether an answer was good."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import orjson

from gearshift.errors import RequestError
from gearshift.http.values import HttpRequest, HttpResponse
from gearshift.threads import Purpose, in_thread

if TYPE_CHECKING:
    from gearshift.decision_log.feedback import Feedback
    from gearshift.gateway.app import Gateway

_VERDICTS: Final = ("good", "bad")
_LONGEST_COMMENT: Final = 2_000
_LONGEST_ID: Final = 40
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
                f"{_MOST_AT_ONCE} verdicts wait for the decision log already",
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


async def give(gateway: Gateway, received: HttpRequest) -> HttpResponse:
    """Keep the verdict with its decision; 202, or 404 for a decision that nobody knows."""
    decision_id, verdict, comment = _read(received.body)
    if gateway.feedback is None:
        raise RequestError(
            "feedback is kept in the decision log, which is off (decision_log.enabled)",
            status=404,
            code="not_available",
        )
    from gearshift.decision_log.database import DecisionLogError

    try:
        is_known = await gateway.feedback.give(decision_id, verdict, comment)
    except DecisionLogError as error:
        raise RequestError(
            str(error), status=503, code="log_unavailable", headers={"Retry-After": "5"}
        ) from error
    if not is_known:
        raise RequestError(
            f"no decision {decision_id!r}; use the x-gearshift-decision-id of an answer",
            status=404,
            field="decision_id",
            code="unknown_decision",
        )
    body = orjson.dumps({"decision_id": decision_id, "verdict": verdict})
    return HttpResponse(202, {"content-type": "application/json"}, body)


def _read(raw: bytes) -> tuple[str, str, str | None]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise RequestError("the body must be an object with decision_id and verdict")
    decision_id = _text(body, "decision_id", _LONGEST_ID)
    verdict = _text(body, "verdict", _LONGEST_ID)
    if verdict not in _VERDICTS:
        raise RequestError("verdict must be 'good' or 'bad'", field="verdict")
    comment = None if body.get("comment") is None else _text(body, "comment", _LONGEST_COMMENT)
    return decision_id, verdict, comment


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise RequestError(f"{name} must be a text", field=name)
    if len(value) > longest:
        raise RequestError(f"{name} has more than {longest:,} characters", field=name)
    return value
