"""What the rows take that are there now, measured from all of them or a part."""

import secrets

import pytest
from sqlalchemy import delete, text
from tests.fakes.finished import finished

from gearshift.decision_log import live_bytes as module
from gearshift.decision_log.live_bytes import live_bytes
from gearshift.decision_log.schema import DECISIONS


def measured(log):
    with log.connect() as connection:
        return live_bytes(connection)


def many(count, characters):
    for number in range(count):
        yield finished(prompt=secrets.token_hex(characters // 2), time=1000.0 + number)


def test_an_empty_log_takes_nothing(log):
    assert measured(log) == 0.0


def test_what_was_deleted_counts_no_more(log, write):
    write(many(200, 1000), with_prompts=True)
    whole = measured(log)
    assert 200 * 1000 < whole < 200 * 2000
    with log.begin() as connection:
        connection.execute(delete(DECISIONS).where(DECISIONS.c.time < 1100.0))
    assert measured(log) == pytest.approx(whole / 2, rel=0.02)
    with log.begin() as connection:
        connection.execute(delete(DECISIONS))
    assert measured(log) == 0.0


def test_longer_texts_take_more(log, write):
    write(many(100, 200), with_prompts=True)
    short = measured(log)
    write(many(100, 2200), with_prompts=True)
    assert measured(log) - 2 * short == pytest.approx(100 * 2000, rel=0.1)


def test_the_same_part_is_measured_each_time(log, write, monkeypatch):
    write(many(400, 300), with_prompts=True)
    whole = measured(log)
    monkeypatch.setattr(module, "_ROWS", 100)
    # Of some forty: of ten, those that are drawn would be too few once in a while.
    monkeypatch.setattr(module, "_PAGES", 20)
    part = measured(log)
    assert part == measured(log) == measured(log)
    assert part == pytest.approx(whole, rel=0.5)


def test_gaps_between_rows_are_no_rows(log, write, monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 8)
    write(many(64, 100))
    with log.begin() as connection:
        connection.execute(text("DELETE FROM decisions WHERE time > 1002 AND time < 1060"))
    assert measured(log) < 30 * 1000
