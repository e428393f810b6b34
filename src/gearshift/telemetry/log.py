"""One structured log record for each finished request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.events import RequestFinished
from gearshift.types import Usage


class RequestLog:
    """Writes finished requests as JSON lines; hand `write` to a `Batch`.

    Not by `logging`, which takes longer for a record than the rest of a request together.

    Args:
        out: Takes the bytes of one or more whole lines.
        scores: Tell score and factors.
        decisions: Tell where the request went and why. With both off, only failures are told.
        accounting: Counts the compute that kept answers have spared.
    """

    def __init__(
        self,
        out: Callable[[bytes], object],
        *,
        scores: bool,
        decisions: bool,
        accounting: Accounting | None = None,
    ) -> None:
        self._out = out
        self._accounting = accounting
        self._scores = scores
        self._decisions = decisions

    def write(self, events: Sequence[RequestFinished]) -> None:
        """Log finished requests."""
        if not (self._scores or self._decisions):
            events = [event for event in events if event.status >= 500]
        lines = [
            orjson.dumps(self._record(event), option=orjson.OPT_APPEND_NEWLINE) for event in events
        ]
        if lines:
            self._out(b"".join(lines))

    def _record(self, event: RequestFinished) -> dict[str, Any]:
        decision = event.decision
        record = _outcome(event)
        if event.is_background:
            record["background"] = True
        if event.saved is not None:
            record |= self._saved(event, event.saved)
        if self._decisions:
            record["tier"] = decision.tier
            record["model"] = decision.model
            record["upstream"] = decision.upstream
            record["cause"] = decision.cause
            record["reason"] = decision.reason
        if self._scores and decision.score is not None:
            record["score"] = round(decision.score, 4)
            record["factors"] = decision.factors
        if decision.fallback is not None:
            record["fallback"] = decision.fallback
        return record

    def _saved(self, event: RequestFinished, tokens: Usage) -> dict[str, Any]:
        compute = None if self._accounting is None else self._accounting.of(event)
        return {
            "saved_prompt_tokens": tokens.prompt_tokens,
            "saved_completion_tokens": tokens.completion_tokens,
            **({} if compute is None else {"saved_flops": compute.spared}),
        }


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
    if event.client is not None:
        record["key"] = event.client
    if event.first_token_seconds is not None:
        record["first_token_ms"] = round(event.first_token_seconds * 1e3, 1)
    if event.usage is not None:
        record["prompt_tokens"] = event.usage.prompt_tokens
        record["completion_tokens"] = event.usage.completion_tokens
    if event.cache is not None:
        record["cache"] = event.cache.result
    if event.fault is not None:
        record["fault"] = event.fault
    if event.attempts:
        record["failed"] = event.attempts
    if event.prompt is not None:
        record["prompt"] = event.prompt
    return record
