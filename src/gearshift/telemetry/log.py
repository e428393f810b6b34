"""One structured log record for each finished request."""

from __future__ import annotations

import logging
from typing import Any

import orjson

from gearshift.telemetry.events import RequestFinished

logger = logging.getLogger("gearshift.requests")


class RequestLog:
    """Writes finished requests as JSON lines; hand `write` to `LLMInterface` as a sink.

    Args:
        scores: Tell score and factors.
        decisions: Tell where the request went and why. With both off, only failures are told.
    """

    def __init__(self, *, scores: bool, decisions: bool) -> None:
        self._scores = scores
        self._decisions = decisions

    def write(self, event: RequestFinished) -> None:
        """Log one finished request."""
        has_failed = event.status >= 500
        if not (self._scores or self._decisions or has_failed):
            return
        level = logging.WARNING if has_failed else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(level, "%s", orjson.dumps(self._record(event)).decode())

    def _record(self, event: RequestFinished) -> dict[str, Any]:
        decision = event.decision
        record = _outcome(event)
        if self._decisions:
            record |= {
                "tier": decision.tier,
                "model": decision.model,
                "upstream": decision.upstream,
                "cause": decision.cause.value,
                "reason": decision.reason,
            }
        if self._scores and decision.score is not None:
            record |= {"score": round(decision.score, 4), "factors": dict(decision.factors)}
        if decision.fallback is not None:
            record["fallback"] = decision.fallback
        return record


def _outcome(event: RequestFinished) -> dict[str, Any]:
    record: dict[str, Any] = {
        "event": "request",
        "time": round(event.decision.time, 3),
        "id": event.decision.id,
        "dialect": event.dialect,
        "status": event.status,
        "streamed": event.streamed,
        "duration_ms": round(event.duration_seconds * 1e3, 1),
        "overhead_us": round(event.overhead_seconds * 1e6),
    }
    if event.first_token_seconds is not None:
        record["first_token_ms"] = round(event.first_token_seconds * 1e3, 1)
    if event.usage is not None:
        record["prompt_tokens"] = event.usage.prompt_tokens
        record["completion_tokens"] = event.usage.completion_tokens
    if event.fault is not None:
        record["fault"] = event.fault
    if event.attempts:
        record["failed"] = [list(attempt) for attempt in event.attempts]
    if event.prompt is not None:
        record["prompt"] = event.prompt
    return record
