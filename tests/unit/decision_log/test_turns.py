"""What several processes share a database for: one of them does it, whichever comes first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from tests.fakes.finished import finished

from gearshift.decision_log.database import open_database
from gearshift.decision_log.facts import read_fact, take_turn, write_fact
from gearshift.decision_log.feedback import Feedback
from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.decision_log.schema import ALARMS, JUDGEMENTS, METADATA
from gearshift.guarantees.alarms import Alarm
from gearshift.quality.alarm_record import kept_alarms, update_alarms


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


def test_one_of_several_has_a_turn(engine):
    for now in (1_000.0, 1_060.0):
        taken = at_once(6, lambda _, now=now: take_turn(engine, "x", 60.0, now))
        assert sum(taken) == 1
        assert not take_turn(engine, "x", 60.0, now + 59.0)
    assert take_turn(engine, "y", 60.0, 1_060.0)


def test_a_turn_of_an_earlier_version_counts_and_one_of_a_wrong_clock_does_not(engine):
    write_fact(engine, "x", "1000")
    assert not take_turn(engine, "x", 60.0, 1_059.0)
    write_fact(engine, "x", "99999999999")
    assert take_turn(engine, "x", 60.0, 1_059.0)
    assert read_fact(engine, "x") == "1059.000"


def alarm(name="quality", value=0.5):
    return Alarm(name, value, 0.1, f"it is {value}")


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


def test_a_log_with_doubled_alarms_and_verdicts_is_brought_up_to_date(url, writers):
    writer = writers(url)
    event = finished()
    writer.add([event])
    writer.stop()
    engine = open_database(url)
    with engine.begin() as connection:
        for name in ("ux_alarms_lasting", "ux_judgements_user"):
            connection.execute(text(f"DROP INDEX {name}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
        for name in ("quality", "quality", "drift"):
            row = {"name": name, "since": 1.0, "value": 1.0, "threshold": 1.0, "message": ""}
            connection.execute(ALARMS.insert().values(row))
        for judge, verdict in (("user", "good"), ("user", "bad"), ("checks", "tie")) * 2:
            row = {"decision_id": event.decision.id, "time": 1.0, "propensity": 1.0}
            connection.execute(JUDGEMENTS.insert().values(judge=judge, verdict=verdict, **row))
    engine.dispose()
    engine = open_database(url)
    assert sorted(one.name for one in kept_alarms(engine)) == ["drift", "quality"]
    assert counted(engine, ALARMS) == 3
    with engine.connect() as connection:
        kept = connection.execute(
            select(JUDGEMENTS.c.judge, JUDGEMENTS.c.verdict).order_by(JUDGEMENTS.c.number)
        ).all()
        names = connection.dialect.get_table_names(connection)
    assert kept == [("checks", "tie"), ("user", "bad"), ("checks", "tie")]
    assert set(METADATA.tables) <= set(names)
    engine.dispose()


def test_the_last_verdict_of_a_user_counts(url, writers):
    writer = writers(url)
    events = [finished(), finished()]
    writer.add(events)
    writer.stop()
    first, second = (event.decision.id for event in events)
    feedback = Feedback(url)
    assert feedback.give(first, "good", "fine\0 \ud800")
    assert feedback.give(first, "bad", None)
    assert not feedback.give("dec-nobody", "bad", None)
    assert all(at_once(6, lambda number: feedback.give(second, "good", f"{number}")))
    feedback.close()
    engine = open_database(url)
    with engine.connect() as connection:
        rows = connection.execute(
            select(JUDGEMENTS.c.decision_id, JUDGEMENTS.c.verdict, JUDGEMENTS.c.judge)
        ).all()
    assert sorted(rows) == sorted([(first, "bad", "user"), (second, "good", "user")])
    engine.dispose()


def test_a_database_is_opened_once_however_many_ask(tmp_path, monkeypatch):
    opened = []
    real = open_database

    def counting(url):
        opened.append(url)
        return real(url)

    monkeypatch.setattr("gearshift.decision_log.database.open_database", counting)
    lazy = LazyEngine(lambda: f"sqlite:///{tmp_path / 'log.db'}")
    assert len({id(engine) for engine in at_once(8, lambda _: lazy.get())}) == 1
    assert len(opened) == 1
    lazy.close()
    lazy.close()
    assert lazy.get() is not None
    assert len(opened) == 2
    lazy.close()
