"""What the writer runs: every row once, and sums that add up."""

import pytest
from sqlalchemy import func, select
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.schema import DECISIONS, HOURS, TIMES
from gearshift.decision_log.statements import Statements


def rows(events):
    maker = RowMaker(b"salt", ACCOUNTING, with_prompts=False)
    return [maker.row(event)[0] for event in events]


def count(log, table=DECISIONS):
    with log.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("many", [0, 1, 49, 50, 51, 499, 500, 1111])
def test_every_row_is_written_once_however_many_there_are(log, many):
    events = [finished() for _ in range(many)]
    statements = Statements.of(log)
    for _ in range(2):  # a batch that is told again is no other one
        with log.begin() as connection:
            statements.write(connection, rows(events), Sums())
    with log.connect() as connection:
        found = connection.scalars(select(DECISIONS.c.id)).all()
    assert sorted(found) == sorted(event.decision.id for event in events)


def test_sums_are_added_to_those_that_are_there(log, write):
    for number in range(3):
        write([finished(time=7200.5, seconds=1.0) for _ in range(number + 1)])
    with log.connect() as connection:
        (hour,) = connection.execute(select(HOURS)).mappings()
        times = {
            row["kind"]: row["requests"] for row in connection.execute(select(TIMES)).mappings()
        }
    assert (hour["hour"], hour["requests"], hour["prompt_tokens"]) == (2, 6, 600)
    assert hour["score_sum"] == pytest.approx(6 * 2.5)
    assert times == {"total": 6, "first_token": 6, "score": 6, "score_tokens": 6 * 130}


def test_nothing_is_written_for_nothing(log):
    with log.begin() as connection:
        Statements.of(log).write(connection, [], Sums())
    assert [count(log, table) for table in (DECISIONS, HOURS, TIMES)] == [0, 0, 0]


def test_what_a_transaction_gives_up_is_not_there(log):
    with log.connect() as connection:
        Statements.of(log).write(connection, rows([finished()]), Sums())
        connection.rollback()
    assert count(log) == 0


@pytest.mark.parametrize("tries", [(False, True, True), (True, True)])
def test_a_batch_whose_connection_was_lost_counts_once_whether_written_before_or_not(log, tries):
    events = [finished() for _ in range(60)]
    sums = Sums()
    for event in events:
        sums.add(event, None)
    for is_repeated in tries:
        with log.begin() as connection:
            Statements.of(log).write(connection, rows(events), sums, is_repeated=is_repeated)
    with log.connect() as connection:
        assert connection.scalar(select(func.sum(HOURS.c.requests))) == 60
    assert count(log) == 60


def test_sums_without_rows_are_added_each_time(log):
    sums = Sums()
    sums.add(finished(), None)
    for _ in range(2):
        with log.begin() as connection:
            Statements.of(log).write(connection, [], sums)
    with log.connect() as connection:
        assert connection.scalar(select(func.sum(HOURS.c.requests))) == 2
