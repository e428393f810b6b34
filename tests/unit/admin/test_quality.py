"""What judges and users said, day by day, and what may be concluded."""

import time

import pytest
from tests.fakes.finished import finished

from gearshift.admin import quality
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.guarantees.alarms import Alarm
from gearshift.quality.alarm_record import update_alarms

NOW = time.time()


def judged(context, events, verdicts, at=NOW):
    engine = open_database(context.llm.settings.decision_log.url)
    with engine.begin() as connection:
        for event, verdict in zip(events, verdicts, strict=True):
            row = JudgementRow(event.decision.id, at, "checks", verdict, 0.5, 1.0, 1.0)
            insert_judgement(connection, row)
    engine.dispose()


async def test_nothing_was_judged(desks):
    found = await quality.facts(desks(), {})
    assert (found["days"], found["latest"], found["alarms"]) == ([], [], [])
    assert found["all"] == {"judged": 0, "losses": 0, "estimate": None, "ci": None}


async def test_verdicts_are_bounded_by_day_and_all_together(desks):
    events = [finished() for _ in range(4)]
    context = desks(events)
    judged(context, events, ["loss", "tie", "tie", "win"])
    found = await quality.facts(context, {})
    (day,) = found["days"]
    assert (day["judged"], day["losses"], day["estimate"]) == (4, 1, 0.25)
    low, high = found["all"]["ci"]
    assert low < 0.25 < high
    assert [one["verdict"] for one in found["latest"]].count("tie") == 2


async def test_the_span_bounds_what_is_shown(desks):
    events = [finished()]
    context = desks(events)
    judged(context, events, ["loss"], at=NOW - 2 * 3600)
    assert (await quality.facts(context, {"since": "1h"}))["all"]["judged"] == 0
    assert (await quality.facts(context, {"since": "6h"}))["all"]["judged"] == 1


async def test_alarms_are_told_until_they_are_over_and_after(desks):
    context = desks()
    engine = open_database(context.llm.settings.decision_log.url)
    update_alarms(engine, 10.0, [Alarm("drift", 0.5, 0.25, "it drifts")])
    update_alarms(engine, 20.0, [])
    engine.dispose()
    assert (await quality.facts(context, {}))["alarms"] == [
        {
            "name": "drift",
            "since": 10.0,
            "until": 20.0,
            "value": 0.5,
            "limit": 0.25,
            "message": "it drifts",
        }
    ]


@pytest.mark.parametrize("share", [0.0, 0.2])
async def test_what_sampling_is_set_to(desks, share):
    context = desks(quality={"shadow_share": share, "judge": "model", "daily_tokens": 7})
    assert (await quality.facts(context, {}))["sampling"] == {
        "shadow_share": share,
        "judge": "model",
        "daily_tokens": 7,
        "limit": 0.1,
    }
