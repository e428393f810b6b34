"""The last day, as a log has it."""

import time

import pytest
from tests.fakes.finished import decision, finished
from tests.unit.decision_log.conftest import ACCOUNTING

from gearshift.decision_log.database import open_database, salt_of
from gearshift.decision_log.judgements import JudgementRow, charge_shadow, insert_judgement
from gearshift.decision_log.rows import RowMaker, Sums
from gearshift.decision_log.statements import Statements
from gearshift.quality.day import last_day
from gearshift.types import Usage

NOW = time.time()


@pytest.fixture
def engine(tmp_path):
    made = open_database(f"sqlite:///{tmp_path / 'log.db'}")
    yield made
    made.dispose()


def write(engine, events):
    maker, sums = RowMaker(salt_of(engine), ACCOUNTING, False), Sums()
    rows = []
    for event in events:
        row, compute = maker.row(event)
        rows.append(row)
        sums.add(event, compute)
    with engine.begin() as connection:
        Statements.of(engine).write(connection, rows, sums)


def at(hours, tier="simple", **changes):
    return finished(tier)._replace(decision=decision(tier, time=NOW - 3_600 * hours, **changes))


def test_a_log_with_nothing_in_it(engine):
    day = last_day(engine, NOW, "simple")
    assert (day.requests, day.judged, day.compared, day.scores) == (0, 0, 0, {})


def test_what_was_in_the_last_day_and_in_the_week_before(engine):
    recent = [at(1), at(2, "complex"), at(3, fallback="simple->complex")]
    write(engine, [*recent, at(30), at(100), at(24 * 20)])
    with engine.begin() as connection:
        charge_shadow(connection, "big", Usage(1, 1), 1.0)
    day = last_day(engine, NOW, "simple")
    assert (day.requests, day.fallbacks, day.scored, day.simple) == (3, 1, 3, 2)
    assert sum(day.scores.values()) == 3
    assert sum(day.earlier_scores.values()) == 2


def test_verdicts_are_counted_for_answers_of_the_smallest_tier_only(engine):
    events = [at(1), at(1), at(1), at(1, "complex"), at(1)]
    write(engine, events)
    verdicts = [("model", "loss"), ("model", "tie"), ("checks", "win"), ("model", "loss")]
    with engine.begin() as connection:
        for event, (judge, verdict) in zip(events, verdicts, strict=False):
            position = "first" if verdict == "tie" else None
            row = JudgementRow(event.decision.id, NOW, judge, verdict, 0.5, 0.5, 1.0)
            insert_judgement(connection, row._replace(position=position))
        mine = JudgementRow(events[4].decision.id, NOW, "user", "bad", None, None, 1.0)
        insert_judgement(connection, mine)
    day = last_day(engine, NOW, "simple")
    assert (day.judged, day.losses) == (3, 1)
    assert (day.compared, day.contradicted) == (3, 1)
