"""Alarms in the log: since when, until when, and what is told of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from gearshift.decision_log.database import open_database
from gearshift.decision_log.schema import ALARMS
from gearshift.guarantees.alarms import Alarm
from gearshift.quality import alarm_record
from gearshift.quality.alarm_record import KeptAlarm, kept_alarms, update_alarms


def alarm(name="quality", value=0.5):
    return Alarm(name, value, 0.1, f"it is {value}")


def test_an_alarm_is_kept_with_all_that_is_known_of_it(log):
    assert update_alarms(log, 10.0, [alarm()]) == ([alarm()], [])
    assert kept_alarms(log) == [KeptAlarm("quality", 10.0, None, 0.5, 0.1, "it is 0.5")]


def test_one_that_lasts_is_brought_up_to_date_and_not_raised_again(log):
    update_alarms(log, 10.0, [alarm(), alarm("drift", 0.4)])
    assert update_alarms(log, 20.0, [alarm(value=0.75), alarm("drift", 0.4)]) == ([], [])
    kept = {one.name: one for one in kept_alarms(log)}
    assert kept["quality"] == KeptAlarm("quality", 10.0, None, 0.75, 0.1, "it is 0.75")
    assert kept["drift"] == KeptAlarm("drift", 10.0, None, 0.4, 0.1, "it is 0.4")


def test_those_that_are_over_are_ended_in_the_order_of_their_names(log):
    update_alarms(log, 10.0, [alarm("share"), alarm("drift"), alarm("quality")])
    assert update_alarms(log, 20.0, [alarm("quality")]) == ([], ["drift", "share"])
    assert [one.name for one in kept_alarms(log)] == ["quality"]
    ended = {one.name: one.until for one in kept_alarms(log, only_lasting=False)}
    assert ended == {"drift": 20.0, "share": 20.0, "quality": None}
    assert update_alarms(log, 30.0, [alarm("quality")]) == ([], [])
    ended = {one.name: one.until for one in kept_alarms(log, only_lasting=False)}
    assert ended == {"drift": 20.0, "share": 20.0, "quality": None}


def test_one_that_comes_again_is_another_alarm(log):
    update_alarms(log, 10.0, [alarm()])
    update_alarms(log, 20.0, [])
    assert update_alarms(log, 30.0, [alarm()]) == ([alarm()], [])
    every = kept_alarms(log, only_lasting=False)
    assert [(one.since, one.until) for one in every] == [(30.0, None), (10.0, 20.0)]
    update_alarms(log, 40.0, [])
    every = kept_alarms(log, only_lasting=False)
    assert [(one.since, one.until) for one in every] == [(30.0, 40.0), (10.0, 20.0)]


def test_one_that_another_process_has_ended_meanwhile_is_not_ended_twice(log, monkeypatch):
    gone = KeptAlarm("quality", 10.0, None, 0.5, 0.1, "")
    monkeypatch.setattr(alarm_record, "kept_alarms", lambda engine: [gone])
    assert update_alarms(log, 20.0, []) == ([], [])


def test_the_newest_hundred_are_shown_unless_others_are_asked_for(log):
    row = {"name": "quality", "value": 0.5, "threshold": 0.1, "message": ""}
    rows = [{**row, "since": 2.0 * number, "until": 2.0 * number + 1} for number in range(102)]
    with log.begin() as connection:
        connection.execute(ALARMS.insert(), rows)
    assert kept_alarms(log) == []
    assert len(kept_alarms(log, only_lasting=False)) == 100
    assert [one.since for one in kept_alarms(log, only_lasting=False, most=2)] == [202.0, 200.0]


@pytest.fixture
def engine(url):
    made = open_database(url)
    yield made
    made.dispose()


def at_once(count, question):
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(question, range(count)))


def counted(engine, table):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_several_that_see_the_same_raise_and_end_it_once(engine):
    told = at_once(5, lambda _: update_alarms(engine, 10.0, [alarm(), alarm("drift")]))
    new = sorted(one.name for raised, _ in told for one in raised)
    assert new == ["drift", "quality"]
    assert update_alarms(engine, 11.0, [alarm(value=0.7), alarm("drift")]) == ([], [])
    assert {one.value for one in kept_alarms(engine)} == {0.5, 0.7}
    told = at_once(5, lambda _: update_alarms(engine, 20.0, [alarm("drift")]))
    assert [name for _, over in told for name in over] == ["quality"]
    assert [one.name for one in kept_alarms(engine)] == ["drift"]
    (again,), _ = update_alarms(engine, 30.0, [alarm(), alarm("drift")])
    assert again.name == "quality"
    assert counted(engine, ALARMS) == 3
