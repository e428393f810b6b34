"""Sinks are told together of what one turn of the loop finished, and harm nobody."""

import asyncio
import json

from gearshift.telemetry.batch import Batch
from gearshift.telemetry.events import RequestFinished
from gearshift.telemetry.log import RequestLog
from gearshift.types import Cause, Decision, Usage

DECISION = Decision(
    id="dec-1", time=1.0, tier="simple", model="small", upstream="u", provider="openai", score=1.5,
    factors={"code": 1.0}, contributions={"code": 1.5}, reason="why", cause=Cause.SCORED,
    scorer="rule", scorer_version="1", threshold=3.0, config_hash="h",
)  # fmt: skip
EVENT = RequestFinished(
    decision=DECISION, dialect="openai", status=200, streamed=True, duration_seconds=1.0,
    first_token_seconds=0.5, overhead_seconds=0.001, scoring_seconds=0.0001, usage=Usage(3, 4),
)  # fmt: skip


def record(event, *, scores=True, decisions=True):
    lines: list[bytes] = []
    RequestLog(lines.append, scores=scores, decisions=decisions).write([event])
    return json.loads(lines[0]) if lines else None


async def test_a_batch_tells_together_what_one_turn_of_the_loop_finished():
    told: list[list[int]] = []
    batch = Batch(lambda events: told.append([event.status for event in events]))
    batch.add(EVENT)
    batch.add(EVENT._replace(status=499))
    assert told == []
    await asyncio.sleep(0)
    assert told == [[200, 499]]
    batch.add(EVENT)
    batch.flush()
    await asyncio.sleep(0)
    assert told == [[200, 499], [200]]


async def test_a_sink_that_raises_harms_no_other_and_is_said_once_for_each_kind(caplog):
    first, last, failed = [], [], []
    errors = [OSError("gone"), OSError("gone"), ValueError("odd"), OSError("gone")]

    def broken(events):
        first.append(len(events))
        raise errors[len(first) - 1]

    batch = Batch(broken, lambda events: last.extend(events), failed=failed.append)
    for _ in errors:
        batch.add(EVENT)
        batch.add(EVENT)
        await asyncio.sleep(0)
    assert first == [2] * 4
    assert len(last) == 8
    assert len(failed) == 4
    assert "broken" in failed[0]
    assert [record.message.split()[0] for record in caplog.records] == ["OSError", "ValueError"]
