"""Requests of a log that can be planned from: two tiers in turn, each with a speed of its own."""

from __future__ import annotations

import time

import numpy as np
from tests.fakes.finished import finished

from gearshift.telemetry.events import RequestFinished
from gearshift.types import Usage


def busy_log(count: int = 240, every: float = 5.0, **changes: object) -> list[RequestFinished]:
    """Requests until now, simple ones at 100 tokens/s and complex ones at 20, that never overlap.

    Args:
        count: How many.
        every: Seconds from one to the next.
        changes: Of all of them.
    """
    rng = np.random.default_rng(1)
    events = []
    for number in range(count):
        tier = ("simple", "complex")[number % 2]
        completion = int(rng.integers(50, 150))
        event = finished(
            tier,
            time=time.time() - (count - number) * every,
            seconds=0.1 + completion / (100 if tier == "simple" else 20),
            usage=Usage(100, completion, 0),
            **changes,
        )
        score = float(rng.uniform(0, 3) if tier == "simple" else rng.uniform(3, 6))
        events.append(event._replace(decision=event.decision._replace(score=score, movable=True)))
    return events
