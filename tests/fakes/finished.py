"""Finished requests that never were."""

from __future__ import annotations

import itertools
import time

from gearshift.telemetry.events import RequestFinished
from gearshift.types import Cause, Decision, Usage

_NUMBERS = itertools.count()
FACTORS = {"length": 1.0, "code": 0.5, "technical": 2.0, "multi_step": 0.0, "question": 1.0}


def decision(tier="simple", **changes) -> Decision:
    made = Decision(
        id=f"dec-{next(_NUMBERS):024x}",
        time=time.time(),
        tier=tier,
        model={"simple": "gemma2:2b", "complex": "mistral:7b-instruct"}.get(tier, tier),
        upstream="local",
        provider="openai",
        score=2.5 if tier == "simple" else 5.0,
        factors=FACTORS,
        contributions=FACTORS,
        reason="",
        cause=Cause.SCORED,
        scorer="rule",
        scorer_version="1",
        threshold=3.0,
        config_hash="0123456789ab",
        session="my session",
    )
    return made._replace(**changes)


def finished(tier="simple", *, prompt="my secret words", seconds=0.5, **changes) -> RequestFinished:
    of_decision = ("id", "time", "cause", "fallback")
    decided = {name: changes.pop(name) for name in of_decision if name in changes}
    event = RequestFinished(
        decision=decision(tier, **decided),
        dialect="openai",
        status=200,
        streamed=False,
        duration_seconds=seconds,
        first_token_seconds=seconds / 2,
        overhead_seconds=0.001,
        scoring_seconds=0.0001,
        usage=Usage(100, 50, 20),
        messages=[{"role": "user", "content": prompt}],
    )
    return event._replace(**changes)
