"""COPY writes what INSERT writes, value for value, or nothing."""

import pytest
from sqlalchemy import func, select
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.copying import copied
from gearshift.decision_log.rows import COLUMNS, RowMaker
from gearshift.decision_log.schema import DECISIONS
from gearshift.decision_log.statements import Statements
from gearshift.types import CacheResult, CacheUse, Usage


@pytest.fixture
def log(postgres_tables):
    with postgres_tables.connect() as connection:
        yield connection
        connection.rollback()


def rows(events, **kept):
    maker = RowMaker(b"salt", ACCOUNTING, **({"with_prompts": True} | kept))
    return [maker.row(event)[0] for event in events]


def written(log):
    found = log.execute(select(DECISIONS).order_by(DECISIONS.c.id))
    return [tuple(row) for row in found]


STRANGE = (
    *("\\N", "\\", "tab\tline\nreturn\r", "ümläut 漢字 🦜", "'; DROP TABLE decisions; --", ""),
    *("\ud800", "\0", '"', ",", "x" * 100_000),
)


def many():
    made = [
        finished(prompt=words, client=words.replace("\0", "")[:50] or None) for words in STRANGE
    ]
    made = [event for event in made if "\ud800" not in (event.client or "")]
    made += [finished(usage=None), finished(usage=Usage(2**31 + 5, 1, 0)), finished(messages=())]
    made += [finished("complex", status=502, fault="timeout", fallback="simple->complex")]
    made += [
        finished(cache=CacheUse("memory", CacheResult.MISS)),
        finished(seconds=1e-300),
        finished(),
    ]
    return made


def test_values_are_those_that_insert_writes(log):
    made = rows(many())
    assert copied(log, made)
    by_copy = written(log)
    log.rollback()
    log.exec_driver_sql(Statements.of(log.engine).decision, made)
    assert written(log) == by_copy
    assert len(by_copy) == len(made)


def test_numbers_of_another_kind_are_taken_as_insert_takes_them(log):
    (made,) = rows([finished()])
    values = dict(zip(COLUMNS, made, strict=True))
    values |= {"threshold": 3, "score": 2, "streamed": False, "status": 200}
    assert copied(log, [tuple(values.values())])
    assert written(log)[0][COLUMNS.index("threshold")] == 3.0


def test_one_that_is_there_already_keeps_all_from_being_copied(log):
    made = rows([finished() for _ in range(20)])
    assert copied(log, made[:1])
    assert not copied(log, made)
    assert [row[0] for row in written(log)] == [made[0][0]]
    assert copied(log, made[1:])  # the transaction goes on
    assert log.scalar(select(func.count()).select_from(DECISIONS)) == 20


@pytest.mark.parametrize("value", [None, "a\0b", "x" * 41, 7])
def test_one_that_cannot_be_taken_keeps_all_from_being_copied(log, value):
    made = rows([finished() for _ in range(3)])
    assert not copied(log, [*made[:2], (value, *made[2][1:])])
    assert written(log) == []
    assert copied(log, made)
