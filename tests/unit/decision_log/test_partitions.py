"""A day's decisions and all that belongs to them lie together, and go together."""

import time

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from tests.fakes.finished import finished
from tests.fakes.logs import fill

from gearshift.decision_log import partitions
from gearshift.decision_log.database import open_database
from gearshift.decision_log.dividing import divide
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.partitions import (
    AHEAD_DAYS,
    Partition,
    altering,
    day_name,
    drop,
    first_id,
    make_ahead,
    parts,
)
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.planning.decision_ids import DecisionIds

DAY = 86_400
TODAY = 20_785
NOON = TODAY * DAY + DAY / 2


@pytest.fixture
def engine(postgres_url):
    made = open_database(postgres_url)
    assert divide(made, NOON, Engine.begin) == ""
    yield made
    made.dispose()


def made_at(monkeypatch, moment, **changes):
    """A request as it is decided at a time."""
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: moment)
        name = DecisionIds().next()
    return finished(id=name, time=moment, **changes)


def judge(engine, event):
    with engine.begin() as connection:
        row = JudgementRow(event.decision.id, event.decision.time, "checks", "tie", 1.0, 1.0, 1.0)
        insert_judgement(connection, row)


def where(engine, table):
    """How many rows lie in which partition."""
    with engine.connect() as connection:
        place = func.substr(text("tableoid::regclass::text"), len(table.name) + 2)
        rows = connection.execute(select(place, func.count()).select_from(table).group_by(place))
        return dict(rows.all())


@pytest.mark.parametrize("moment", [NOON, TODAY * DAY, TODAY * DAY + 0.001, 0.0, 4_000_000_000.0])
def test_an_id_lies_within_the_day_in_which_it_was_made(monkeypatch, moment):
    day = int(moment // DAY)
    name = made_at(monkeypatch, moment).decision.id
    assert first_id(day) <= name < first_id(day + 1)
    last = made_at(monkeypatch, (day + 1) * DAY - 0.001).decision.id
    assert first_id(day) <= last < first_id(day + 1)


def test_every_other_log_is_in_one_piece(log):
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        assert parts(connection) == []
    make_ahead(engine, NOON, Engine.begin)
    engine.dispose()


def test_the_days_ahead_have_their_partitions(engine):
    with engine.connect() as connection:
        found = parts(connection)
    days = range(TODAY - 1, TODAY + AHEAD_DAYS + 1)
    assert found == [
        *(Partition(day_name(day), first_id(day + 1)) for day in days),
        Partition("rest", None),
    ]
    make_ahead(engine, NOON, Engine.begin)
    make_ahead(engine, NOON + 2 * DAY, Engine.begin)
    with engine.connect() as connection:
        assert [part.name for part in parts(connection)][-3:] == [
            day_name(TODAY + AHEAD_DAYS + 1), day_name(TODAY + AHEAD_DAYS + 2), "rest",
        ]  # fmt: skip


def test_after_a_long_break_the_days_between_get_none(engine):
    make_ahead(engine, NOON + 100 * DAY, Engine.begin)
    with engine.connect() as connection:
        names = [part.name for part in parts(connection)]
    assert day_name(TODAY + 50) not in names
    assert day_name(TODAY + 99) in names
    assert len(names) == 2 * (AHEAD_DAYS + 2) + 1


def test_around_midnight_each_goes_where_its_own_clock_says(engine, monkeypatch):
    midnight = (TODAY + 1) * DAY
    moments = [midnight + seconds for seconds in (-60, -0.001, 0, 0.001, 60)]
    fill(engine, [made_at(monkeypatch, moment) for moment in moments])
    assert where(engine, DECISIONS) == {day_name(TODAY): 2, day_name(TODAY + 1): 3}


def test_what_has_no_day_goes_to_the_rest_and_from_there_to_its_day(engine, monkeypatch):
    far = NOON + (AHEAD_DAYS + 2) * DAY
    events = [made_at(monkeypatch, moment) for moment in (far, far + 1, far + DAY, 0.0, NOON)]
    fill(engine, events)
    for event in events:
        judge(engine, event)
    assert where(engine, DECISIONS) == {"rest": 4, day_name(TODAY): 1}
    make_ahead(engine, NOON + 2 * DAY, Engine.begin)
    there = {"rest": 2, day_name(TODAY + AHEAD_DAYS + 2): 2, day_name(TODAY): 1}
    assert where(engine, DECISIONS) == where(engine, JUDGEMENTS) == there


def test_a_partition_goes_with_its_judgements_and_no_other_does(engine, monkeypatch):
    events = [made_at(monkeypatch, NOON + number * DAY) for number in (-1, 0, 1)]
    fill(engine, events)
    for event in events:
        judge(engine, event)
    with engine.connect() as connection:
        oldest = parts(connection)[0]
    drop(engine, oldest, Engine.begin)
    left = {day_name(TODAY): 1, day_name(TODAY + 1): 1}
    assert where(engine, DECISIONS) == where(engine, JUDGEMENTS) == left


def test_judgements_go_with_a_single_decision_in_whichever_partition(engine, monkeypatch):
    events = [made_at(monkeypatch, moment) for moment in (NOON, NOON + DAY, 0.0)]
    fill(engine, events)
    for event in events:
        judge(engine, event)
    with engine.begin() as connection:
        connection.execute(DECISIONS.delete())
    assert where(engine, JUDGEMENTS) == {}


def test_what_changes_tables_gives_up_where_somebody_holds_them(engine, monkeypatch):
    monkeypatch.setattr(partitions, "_LOCK_MILLISECONDS", 100)
    with engine.connect() as connection:
        oldest = parts(connection)[0]
        connection.execute(select(DECISIONS))  # a long question, such as an export
        with pytest.raises(OperationalError, match="lock timeout"):
            drop(engine, oldest, Engine.begin)
    drop(engine, oldest, Engine.begin)


def test_tables_are_changed_in_the_schema_in_which_they_are(engine):
    with engine.connect() as connection:
        mine = connection.scalar(text("SELECT current_schema()"))
    with altering(engine, Engine.begin) as connection:
        assert connection.scalar(text("SELECT current_schema()")) == mine
    assert mine.startswith("gearshift_")
