"""`/v1/feedback`: a user says whether an answer was good."""

from __future__ import annotations

from typing import Any, Final

import orjson

from gearshift.dialects.body import decode_object
from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.http.values import HttpRequest, HttpResponse

_VERDICTS: Final = ("good", "bad")
_LONGEST_COMMENT: Final = 2_000
_LONGEST_ID: Final = 40


async def give(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Keep the verdict with its decision; 202, or 404 for a decision that nobody knows."""
    decision_id, verdict, comment = _read(received.body)
    if context.feedback is None:
        raise RequestError(
            "feedback is kept in the decision log, which is off (decision_log.enabled)",
            status=404,
            code="not_available",
        )
    from gearshift.decision_log.database import DecisionLogError

    try:
        is_known = await context.feedback.give(decision_id, verdict, comment)
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
    body = decode_object(raw)
    decision_id = _text(body, "decision_id", _LONGEST_ID)
    verdict = _text(body, "verdict", _LONGEST_ID)
    if verdict not in _VERDICTS:
        raise RequestError("verdict must be 'good' or 'bad'", field="verdict")
    comment = None if body.get("comment") is None else _text(body, "comment", _LONGEST_COMMENT)
    return decision_id, verdict, comment


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise RequestError(f"{name} must be a string", field=name)
    if len(value) > longest:
        raise RequestError(f"{name} has more than {longest:,} characters", field=name)
    return value
