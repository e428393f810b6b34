"""What is deleted when, and above all what is not."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import Engine
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.database import alone, open_database
from gearshift.decision_log.dividing import divide
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.live_bytes import live_bytes
from gearshift.decision_log.partitions import parts
from gearshift.decision_log.retention import Retention
from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.schema import DECISIONS, HOURS, JUDGEMENTS
from gearshift.decision_log.statements import Statements

FIRST = 1_700_000_000.0
DAYS = 36_500
ROWS = 15_000


@pytest.fixture
def engine(url):
    made = open_database(url)
    yield made
    made.dispose()


def small(number):
    return 10


@cache
def rows(count, characters, first):
    """Decisions, a second apart, with prompts that do not compress."""
    maker = RowMaker(b"salt", ACCOUNTING, with_prompts=True)
    noise = secrets.token_hex(20_000)
    return [
        maker.row(finished(prompt=noise[: characters(number)], time=first + number))[0]
        for number in range(count)
    ]


def fill(engine, count=ROWS, characters=small, first=FIRST):
    with engine.begin() as connection:
        Statements.of(engine).write(connection, rows(count, characters, first), Sums())


def times(engine):
    with engine.connect() as connection:
        return list(connection.scalars(select(DECISIONS.c.time).order_by(DECISIONS.c.time)))


def megabytes(engine):
    with engine.connect() as connection:
        return live_bytes(connection) / 1e6


def run(engine, sql):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(sql))


def minutes(engine, limit, count=6):
    """As a server would, minute by minute; how many went each time."""
    retention = Retention(DAYS, limit)
    return [retention.apply(engine, FIRST + ROWS + 60.0 * minute) for minute in range(1, count + 1)]


@pytest.mark.parametrize("vacuum", ["never", "between", "full"])
def test_only_the_oldest_that_are_too_much_go_and_then_none(engine, vacuum):
    fill(engine)
    is_postgresql = engine.dialect.name == "postgresql"
    if is_postgresql and vacuum == "never":
        run(engine, "ALTER TABLE decisions SET (autovacuum_enabled = off)")
    limit = 0.8 * megabytes(engine)
    retention = Retention(DAYS, limit)
    gone = retention.apply(engine, FIRST + ROWS)
    assert gone == pytest.approx(0.2 * ROWS, rel=0.1)
    assert times(engine)[0] == FIRST + gone
    for minute in range(1, 4):
        if vacuum != "never":
            is_full = is_postgresql and vacuum == "full" and minute == 1
            table = " decisions" if is_postgresql else ""
            run(engine, f"VACUUM{' FULL' if is_full else ''}{table}")
            run(engine, f"ANALYZE{table}")
        assert retention.apply(engine, FIRST + ROWS + 60.0 * minute) <= 0.02 * ROWS
    assert len(times(engine)) >= 0.75 * ROWS


def test_rows_of_very_different_sizes_are_weighed(engine):
    def characters(number):  # the oldest are small, some of the newest huge
        return 30_000 if number > 9_000 and number % 50 == 0 else 5

    fill(engine, characters=characters)
    before = megabytes(engine)
    gone = minutes(engine, 0.75 * before)
    assert megabytes(engine) == pytest.approx(0.75 * before, rel=0.1)
    assert 0 < len(times(engine)) == ROWS - sum(gone)
    assert sum(gone[2:]) <= 0.05 * ROWS


def test_a_large_table_is_measured_by_a_part_of_it(engine, monkeypatch):
    fill(engine)
    whole = megabytes(engine)
    monkeypatch.setattr("gearshift.decision_log.live_bytes._PAGES", 200)
    monkeypatch.setattr("gearshift.decision_log.live_bytes._ROWS", 500)
    assert megabytes(engine) == pytest.approx(whole, rel=0.25)
    gone = minutes(engine, 0.7 * whole, 20)
    assert len(times(engine)) > 0.5 * ROWS
    assert sum(gone[10:]) <= 0.02 * ROWS  # it errs, but not anew each time


def test_other_tables_do_not_count(engine):
    fill(engine)
    run(engine, "CREATE TABLE elsewhere AS SELECT * FROM decisions")
    assert minutes(engine, 1.1 * megabytes(engine)) == [0] * 6


def test_the_newest_thousand_stay_however_large_they_are(engine):
    fill(engine, 1_500, lambda number: 2_000)
    minutes(engine, 1.0)
    assert times(engine) == [FIRST + number for number in range(500, 1_500)]


def test_judgements_count_and_go_with_their_decisions(engine):
    fill(engine, 3_000)
    before = megabytes(engine)
    with engine.begin() as connection:
        ids = connection.scalars(select(DECISIONS.c.id).order_by(DECISIONS.c.time)).all()
        for decision_id in ids[:500]:
            answer = secrets.token_hex(1_000)
            row = JudgementRow(decision_id, FIRST, "checks", "tie", 1.0, 1.0, 1.0)
            insert_judgement(connection, row._replace(weak_answer=answer, strong_answer=answer))
    assert megabytes(engine) > before + 1.9
    (gone, *_) = minutes(engine, before)
    assert 300 < gone <= 520
    with engine.connect() as connection:
        left = connection.scalar(select(func.count()).select_from(JUDGEMENTS))
    assert left == max(0, 500 - gone)


def test_one_of_several_processes_deletes(engine, url):
    fill(engine)
    other = open_database(url)
    with alone(other) as is_alone:
        assert is_alone
        assert minutes(engine, 1.0, 1) == [0]
    limit = 0.8 * megabytes(engine)
    with ThreadPoolExecutor(4) as threads:
        gone = list(
            threads.map(lambda _: Retention(DAYS, limit).apply(engine, FIRST + ROWS), range(4))
        )
    assert sum(gone) == pytest.approx(0.2 * ROWS, rel=0.1)
    other.dispose()


def test_the_file_shrinks(tmp_path):
    file = tmp_path / "log.db"
    engine = open_database(f"sqlite:///{file}")
    fill(engine, 8_000, lambda number: 1_000)
    run(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    before = file.stat().st_size
    assert megabytes(engine) * 1e6 == pytest.approx(before, rel=0.25)
    minutes(engine, before / 2e6)
    run(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert file.stat().st_size < 0.65 * before
    engine.dispose()


@pytest.fixture
def filled(url, writers):
    writer = writers(url)
    writer.add([finished(seconds=0.1 * number) for number in range(1, 101)])
    writer.add([finished("complex", seconds=2.0, fallback="simple->complex") for _ in range(50)])
    writer.add([finished(time=time.time() - 30 * 3_600) for _ in range(7)])
    writer.stop()
    return url


def decisions(engine):
    with engine.connect() as connection:
        return connection.execute(select(DECISIONS.c.time)).scalars().all()


def test_old_decisions_go_and_sums_stay_longer(filled):
    engine = open_database(filled)
    retention = Retention(days=1, megabytes=1000)
    assert retention.apply(engine) == 7
    assert len(decisions(engine)) == 150
    assert retention.apply(engine) == 0  # at most once a minute
    with engine.connect() as connection:
        assert len(connection.execute(select(HOURS)).all()) == 3
    assert Retention(1, 1000).apply(engine, time.time() + 20 * 86_400) == 150
    with engine.connect() as connection:
        assert connection.execute(select(HOURS)).all() == []
    engine.dispose()


def test_above_its_size_the_oldest_go(url, writers):
    writer = writers(url, with_prompts=True)
    start = time.time() - 5_000
    writer.add([finished(time=start + number, prompt="x" * 900) for number in range(5_000)])
    writer.stop()
    engine = open_database(url)
    assert Retention(30, 1.5).apply(engine) >= 2_000
    left = decisions(engine)
    assert len(left) < 5_000
    assert not left or min(left) > start + 1_500
    engine.dispose()


DAY = 86_400
START = 20_000 * DAY


def by_day(days, each, characters=10):
    """So many decisions in the first hour of each day, named by their time."""
    maker, noise = RowMaker(b"salt", ACCOUNTING, with_prompts=True), secrets.token_hex(20_000)
    moments = [START + day * DAY + number / 4 for day in days for number in range(each)]
    return [
        maker.row(
            finished(
                id=f"dec-{int(moment * 256):010x}{place:014x}",
                time=moment,
                prompt=noise[:characters],
            )
        )[0]
        for place, moment in enumerate(moments)
    ]


def write(engine, made):
    with engine.begin() as connection:
        Statements.of(engine).write(connection, made, Sums())


def judge(engine):
    with engine.begin() as connection:
        for decision_id in connection.scalars(select(DECISIONS.c.id)).all():
            row = JudgementRow(decision_id, START, "checks", "tie", 1.0, 1.0, 1.0)
            insert_judgement(connection, row)


def days_left(engine, table=DECISIONS, key=DECISIONS.c.id):
    with engine.connect() as connection:
        ids = connection.scalars(select(key).select_from(table)).all()
    return sorted({int(name[4:14], 16) // 256 // DAY - START // DAY for name in ids})


@pytest.fixture
def divided(postgres_url):
    made = open_database(postgres_url)
    assert divide(made, START + 1.0, Engine.begin) == ""
    yield made
    made.dispose()


def test_days_that_are_over_are_dropped_as_a_whole_and_others_stay_whole(divided):
    write(divided, by_day(range(-1, 6), 5))
    judge(divided)
    now = START + 5.5 * DAY
    assert Retention(2, 1000).apply(divided, now) == 0  # no row by itself
    for table, key in ((DECISIONS, DECISIONS.c.id), (JUDGEMENTS, JUDGEMENTS.c.decision_id)):
        assert days_left(divided, table, key) == [3, 4, 5]
    with divided.connect() as connection:
        assert next(part.name for part in parts(connection)) == "20241007"


def test_rows_outside_of_their_day_go_one_by_one(divided):
    write(divided, by_day((-9, -8, 2, 20, 21), 5))  # but the middle one, they lie in the rest
    judge(divided)
    assert Retention(1, 1000).apply(divided, START + 3.5 * DAY) == 10
    assert days_left(divided) == [2, 20, 21]
    assert days_left(divided, JUDGEMENTS, JUDGEMENTS.c.decision_id) == [2, 20, 21]


def test_what_was_there_before_goes_row_by_row_and_at_last_as_a_whole(postgres_url):
    engine = open_database(postgres_url)
    write(engine, by_day((-5, -1, 0), 5))
    divide(engine, START + 1.0, Engine.begin)
    write(engine, by_day((1, 3, 4), 5))
    assert Retention(3, 1000).apply(engine, START + 1.5 * DAY) == 5
    assert days_left(engine) == [-1, 0, 1, 3, 4]
    assert Retention(3, 1000).apply(engine, START + 6.5 * DAY) == 0
    assert days_left(engine) == [3, 4]
    engine.dispose()


def test_of_what_is_too_much_the_oldest_days_go_first_then_single_rows(divided):
    write(divided, by_day(range(5), 800))
    each = megabytes(divided) / 5
    limit = 2.5 * each
    gone = Retention(DAYS, limit).apply(divided, START + 5 * DAY)
    assert gone == pytest.approx(400, rel=0.2)  # of the third day; two are dropped
    assert days_left(divided) == [2, 3, 4]
    assert megabytes(divided) == pytest.approx(limit, rel=0.1)
    assert Retention(DAYS, limit).apply(divided, START + 5 * DAY) <= 80


def test_no_day_is_dropped_that_holds_some_of_the_newest_thousand(divided):
    write(divided, by_day(range(3), 600, 2_000))
    Retention(DAYS, 0.01).apply(divided, START + 3 * DAY)
    assert len(times(divided)) == 1_000
    assert days_left(divided) == [1, 2]
