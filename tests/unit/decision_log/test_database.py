import json
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text
from tests.fakes.finished import finished

from gearshift.decision_log import database
from gearshift.decision_log.database import (
    DecisionLogError,
    default_url,
    open_database,
    salt_of,
    version_of,
)
from gearshift.decision_log.schema import (
    ALARMS,
    DECISIONS,
    HEAD,
    HOURS,
    JUDGEMENTS,
    METADATA,
    VERSION,
)
from gearshift.quality.alarm_record import kept_alarms


def test_a_new_database_gets_the_newest_schema(url):
    engine = open_database(url)
    assert version_of(engine) == HEAD
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    salt = salt_of(engine)
    assert len(salt) == 16
    engine.dispose()
    again = open_database(url)
    assert salt_of(again) == salt
    again.dispose()


def shape(connection):
    """All that a database says of its tables."""
    of = inspect(connection)
    questions = (
        *(of.get_columns, of.get_pk_constraint, of.get_foreign_keys),
        *(of.get_indexes, of.get_unique_constraints, of.get_check_constraints),
    )
    return {
        table: [json.dumps(ask(table), default=str, sort_keys=True) for ask in questions]
        for table in of.get_table_names()
    }


def test_tables_made_at_once_are_those_that_the_steps_make(url, monkeypatch):
    engine = open_database(url)
    with engine.begin() as connection:
        at_once = shape(connection)
        METADATA.drop_all(connection)
        VERSION.drop(connection)
        assert shape(connection) == {}
    engine.dispose()
    monkeypatch.setattr(database, "_create", database._upgrade)
    engine = open_database(url)
    with engine.connect() as connection:
        assert shape(connection) == at_once
    assert at_once.keys() == {*METADATA.tables, "alembic_version"}
    engine.dispose()


def test_what_is_not_ours_is_left_alone(url):
    engine = open_database(url)
    with engine.begin() as connection:
        VERSION.drop(connection)  # tables of our names, which nobody knows the making of
    engine.dispose()
    with pytest.raises(DecisionLogError, match="exists"):
        open_database(url)


def test_a_kill_leaves_all_of_the_tables_or_none(url, monkeypatch):
    def killed(*_, **__):
        raise OSError("killed")

    monkeypatch.setattr(VERSION, "create", killed)
    with pytest.raises(DecisionLogError, match="killed"):
        open_database(url)
    monkeypatch.undo()
    engine = open_database(url)
    assert version_of(engine) == HEAD
    engine.dispose()


def test_a_start_imports_no_migrations(tmp_path):
    code = (
        "import sys; from gearshift.decision_log.database import open_database; "
        "open_database(sys.argv[1]); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, f"sqlite:///{tmp_path}/d.db"], check=True)


def test_processes_that_start_at_once_do_not_get_into_each_others_way(url):
    code = (
        "import sys; from gearshift.decision_log.database import open_database, salt_of; "
        "print(salt_of(open_database(sys.argv[1])).hex())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    salts = {process.communicate(timeout=60)[0].strip() for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert len(salts) == 1


def test_one_of_a_newer_version_is_left_alone(url):
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DecisionLogError, match="newer gearshift"):
        open_database(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////proc/nowhere/decisions.db", "/proc/nowhere"),
        ("postgresql://someone:secret@127.0.0.1:1/none", "connection"),
    ],
)
def test_what_cannot_be_opened_is_said_without_its_password(url, said):
    with pytest.raises(DecisionLogError, match=said) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("my notes " * 500)
    with pytest.raises(DecisionLogError, match="not a database"):
        open_database(f"sqlite:///{file}")
    assert file.read_text().startswith("my notes")


def test_by_default_it_is_in_the_users_state_folder():
    assert default_url({"XDG_STATE_HOME": "/s"}) == "sqlite:////s/gearshift/decisions.db"
    assert default_url({}).endswith("/.local/state/gearshift/decisions.db")


@pytest.fixture
def engine(url):
    made = open_database(url)
    yield made
    made.dispose()


def counted(engine, table):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


OLDER = (
    "hour, tier, model, cause, requests, failures, fallbacks, scored, score_sum, prompt_tokens, "
    "completion_tokens, cached_tokens, flops, baseline_flops, unknown_flops"
)


def forget_the_cache(connection):
    """Drop what the step of the answer cache has added."""
    saved = ("saved_prompt_tokens", "saved_completion_tokens", "saved_flops")
    for table, names in (
        ("decisions", ("cache", *saved)),
        ("hours", ("cache_hits", "cache_misses", *saved)),
    ):
        for name in names:
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))


def test_an_older_log_learns_of_the_cache_while_older_processes_write(url, writers):
    writer = writers(url)
    writer.add([finished()])
    writer.stop()
    engine = open_database(url)
    with engine.begin() as connection:
        forget_the_cache(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    engine.dispose()
    engine = open_database(url)
    with engine.begin() as connection:
        # As processes of the older version go on to write.
        connection.execute(
            text(
                f"INSERT INTO hours ({OLDER}) "
                f"SELECT {OLDER.replace('hour', 'hour + 1', 1)} FROM hours"
            )
        )
        kept = connection.execute(select(DECISIONS.c.cache, DECISIONS.c.saved_flops)).all()
        sums = connection.execute(select(HOURS.c.cache_hits, HOURS.c.saved_flops)).all()
    assert kept == [(None, None)]
    assert sums == [(0, 0.0), (0, 0.0)]
    engine.dispose()


def test_a_log_with_doubled_alarms_and_verdicts_is_brought_up_to_date(url, writers):
    writer = writers(url)
    event = finished()
    writer.add([event])
    writer.stop()
    engine = open_database(url)
    with engine.begin() as connection:
        for name in ("ux_alarms_lasting", "ux_judgements_user"):
            connection.execute(text(f"DROP INDEX {name}"))
        forget_the_cache(connection)
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


def test_postgresql_joins_each_day_with_its_own(postgres_url):
    engine = open_database(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW enable_partitionwise_join")) == "on"
        connection.rollback()
        assert connection.scalar(text("SHOW enable_partitionwise_join")) == "on"
    engine.dispose()
