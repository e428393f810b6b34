"""Dividing a log keeps every row, whoever writes meanwhile, and of whichever version."""

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING, fill

from gearshift.decision_log import dividing, partitions
from gearshift.decision_log.database import open_database
from gearshift.decision_log.dividing import divide, keep_divided
from gearshift.decision_log.feedback import Feedback
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.partitions import parts
from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.schema import DECISIONS, JUDGEMENTS
from gearshift.decision_log.statements import Statements
from gearshift.planning.decision_ids import DecisionIds

IDS = DecisionIds()


@pytest.fixture
def engine(postgres_url, monkeypatch):
    monkeypatch.setattr(dividing, "AHEAD_DAYS", 0)  # quicker
    made = open_database(postgres_url)
    yield made
    made.dispose()


def some(count, **changes):
    return [finished(id=IDS.next(), **changes) for _ in range(count)]


def judge(engine, events):
    with engine.begin() as connection:
        for event in events:
            row = JudgementRow(event.decision.id, time.time(), "checks", "tie", 1.0, 1.0, 1.0)
            insert_judgement(connection, row)


def counts(engine):
    with engine.connect() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table))
            for table in (DECISIONS, JUDGEMENTS)
        )


def names(engine):
    with engine.connect() as connection:
        return [part.name for part in parts(connection)]


def divided(engine):
    assert divide(engine, time.time(), Engine.begin) == ""


def shape(engine):
    """Columns, keys and indexes of the tables, whose partitions do not matter."""
    of = inspect(engine)
    return {
        table: (
            [(one["name"], str(one["type"]), one["nullable"]) for one in of.get_columns(table)],
            sorted(
                (one["name"], one["column_names"], one["unique"], str(one.get("dialect_options")))
                for one in of.get_indexes(table)
            ),
        )
        for table in ("decisions", "judgements")
    }


@pytest.mark.parametrize("rows", [0, 40])
def test_tables_look_as_before_and_keep_their_rows(engine, rows):
    events = some(rows)
    fill(engine, events)
    judge(engine, events[:10])
    before = shape(engine), counts(engine)
    divided(engine)
    assert (shape(engine), counts(engine)) == before
    divided(engine)  # there is nothing left to do
    assert ("older" in names(engine)) == bool(rows)
    events += some(20)
    fill(engine, events)  # those that are there already stay as they are
    judge(engine, events[-5:])
    assert counts(engine) == (rows + 20, min(10, rows) + 5)


def test_an_id_is_there_once_and_a_user_has_one_verdict(engine, postgres_url):
    old, new = some(1) + some(1)
    fill(engine, [old])
    divided(engine)
    fill(engine, [new])
    rows = [RowMaker(b"salt", ACCOUNTING, False).row(event)[0] for event in (old, new)]
    plain = Statements.of(engine).decision.partition(" ON CONFLICT")[0]
    for row in rows:
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.exec_driver_sql(plain, row)
    feedback = Feedback(postgres_url)
    for verdict in ("good", "bad"):
        assert feedback.give(old.decision.id, verdict, None)
        assert feedback.give(new.decision.id, verdict, None)
    assert not feedback.give("dec-nobody", "good", None)
    feedback.close()
    assert counts(engine) == (2, 2)


def test_judgements_go_with_their_decisions_and_are_numbered_on(engine):
    events = some(6)
    fill(engine, events)
    judge(engine, events)
    divided(engine)
    judge(engine, events)
    with engine.begin() as connection:
        numbers = connection.scalars(select(JUDGEMENTS.c.number)).all()
        assert sorted(numbers) == list(range(1, 13))
        connection.execute(DECISIONS.delete().where(DECISIONS.c.id == events[0].decision.id))
    assert counts(engine) == (5, 10)


def test_nobody_who_writes_meanwhile_loses_anything(engine, postgres_url, monkeypatch):
    """Half of them as versions do that know no COPY."""
    fill(engine, some(2_000))
    stop, written = threading.Event(), []
    statements = Statements.of(engine)
    maker = RowMaker(b"salt", ACCOUNTING, with_prompts=False)

    def write(number):
        mine = dataclasses.replace(statements, can_copy=number % 2 == 0)
        count = 0
        while not stop.is_set():
            events = some(25)
            with engine.begin() as connection:
                mine.write(connection, [maker.row(event)[0] for event in events], Sums())
            judge(engine, events[:1])
            count += 25
        written.append(count)

    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(write, number) for number in range(4)]
        others = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"))
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    divided(others)
                    break
                except OperationalError:  # somebody held the tables: again in a minute
                    assert time.monotonic() < until
            time.sleep(0.2)
        finally:
            stop.set()
        for future in futures:
            future.result(60)
        others.dispose()
    assert counts(engine) == (2_000 + sum(written), sum(written) / 25)
    assert names(engine)[0] == "older"


def test_two_that_divide_at_once_do_it_once(engine):
    fill(engine, some(50))

    def run(_):
        try:
            return divide(engine, time.time(), Engine.begin)
        except OperationalError:  # that the other one holds what it needs
            return ""

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(run, range(3))) == [""] * 3
    divided(engine)
    assert counts(engine) == (50, 0)


def test_a_stop_in_the_middle_is_no_end(engine, monkeypatch):
    fill(engine, some(10))

    def killed(*_):
        raise OSError("killed")

    for step in ("_swap", "make_rest"):
        with monkeypatch.context() as broken:
            broken.setattr(dividing, step, killed)
            with pytest.raises(OSError, match="killed"):
                divide(engine, time.time() - 86_400, Engine.begin)
        fill(engine, some(10))
        assert names(engine) == []
    divided(engine)
    assert counts(engine) == (30, 0)


@pytest.mark.parametrize(
    ("made", "dropped"),
    [
        ("CREATE VIEW mine AS SELECT id FROM decisions", "DROP VIEW mine"),
        ("ALTER TABLE judgements ENABLE ROW LEVEL SECURITY",) * 1
        + ("ALTER TABLE judgements DISABLE ROW LEVEL SECURITY",),
    ],
)
def test_what_others_have_built_upon_stays_as_it_is(engine, made, dropped):
    with engine.begin() as connection:
        connection.execute(text(made))
    assert "depends on" in divide(engine, time.time(), Engine.begin)
    assert names(engine) == []
    with engine.begin() as connection:
        connection.execute(text(dropped))
    divided(engine)


def test_names_without_a_time_are_waited_for(engine):
    events = [finished(id="dec-" + "f" * 24)]
    fill(engine, events)
    assert "no time has yet" in keep_divided(engine, time.time(), Engine.begin)
    with engine.begin() as connection:
        connection.execute(DECISIONS.delete())
    assert keep_divided(engine, time.time(), Engine.begin) == ""


def test_whoever_was_allowed_to_read_still_is(engine):
    fill(engine, some(1))
    with engine.begin() as connection:
        connection.execute(text("GRANT SELECT, UPDATE ON decisions TO PUBLIC"))
    divided(engine)
    with engine.connect() as connection:
        allowed = "SELECT relacl::text FROM pg_class WHERE oid = to_regclass(:table)"
        assert "=rw/" in connection.scalar(text(allowed), {"table": "decisions"})
        assert connection.scalar(text(allowed), {"table": "judgements"}) is None


def test_it_gives_up_where_somebody_holds_a_table(engine, monkeypatch):
    monkeypatch.setattr(partitions, "_LOCK_MILLISECONDS", 100)
    fill(engine, some(5))
    with engine.connect() as connection:
        connection.execute(select(DECISIONS))
        with pytest.raises(OperationalError, match="lock timeout"):
            divide(engine, time.time(), Engine.begin)
    fill(engine, some(5))
    divided(engine)
    assert counts(engine) == (10, 0)
