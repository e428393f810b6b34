"""What waits for the database: rows, no conversations, and never too many bytes of them."""

import gc
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.fakes.finished import finished
from tests.fakes.logs import ACCOUNTING

from gearshift.decision_log.rows import COLUMNS, RowMaker
from gearshift.decision_log.write_queue import WriteQueue

SALT = b"salt of the database"


def maker(*, with_prompts=False):
    return RowMaker(SALT, ACCOUNTING, with_prompts)


def waiting(most=100, most_bytes=10_000_000, opened=True):
    made = WriteQueue(most, most_bytes)
    if opened:
        made.opened(maker())
    return made


def rows(made):
    found = []
    while (batch := made.take()) is not None:
        found.extend(batch.rows)
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


@pytest.mark.parametrize("opened", [True, False])
def test_so_many_may_wait_and_the_others_are_told(opened):
    made = waiting(most=5, opened=opened)
    assert made.add([finished() for _ in range(3)]) == 0
    assert made.add([finished() for _ in range(4)]) == 2
    assert len(made) == 5
    assert made.clear() == 5
    assert (len(made), made.size) == (0, 0)


@pytest.mark.parametrize("opened", [True, False])
def test_so_many_bytes_may_wait(opened):
    made = WriteQueue(50_000, 1_000_000)
    if opened:
        made.opened(maker(with_prompts=True))
    lost = made.add([finished(prompt="x" * 100_000) for _ in range(50)])
    assert 35 <= lost <= 45
    assert made.size <= 1_000_000 + 110_000
    if not opened:
        made.opened(maker(with_prompts=True))
    assert made.size <= 1_000_000 + 110_000
    rows(made)
    assert (len(made), made.size) == (0, 0)
    assert made.add([finished()]) == 0


class Whole(list):
    """A conversation that can be looked for."""


def test_until_the_database_is_open_no_conversation_is_kept():
    made = waiting(opened=False)
    turns = [
        {"role": "user", "content": "long ago " * 1_000},
        {"role": "assistant", "content": "y"},
    ]
    event = finished(messages=Whole([*turns, {"role": "user", "content": "my words"}]))
    made.add([event._replace(prompt="for the request log")])
    del event
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Whole)]
    assert made.size < 3_000
    made.opened(maker(with_prompts=True))
    (row,) = rows(made)
    assert (row["prompt"], row["prompt_characters"]) == ("my words", 8)


def test_rows_that_waited_are_like_those_that_did_not():
    events = [finished(), finished(prompt=""), finished(messages=())]
    early, late = waiting(opened=False), waiting()
    early.add(events)
    late.add(events)
    early.opened(maker())
    assert rows(early) == rows(late)


def test_what_came_first_is_written_first():
    made = waiting(opened=False)
    events = [finished() for _ in range(3)]
    made.add(events[:2])
    made.opened(maker())
    made.add(events[2:])
    assert [row["id"] for row in rows(made)] == [event.decision.id for event in events]


def test_what_is_put_back_counts_and_comes_first():
    made = waiting(most=3)
    made.add([finished(), finished()])
    batch = made.take()
    assert batch is not None
    assert (len(made), made.size) == (0, 0)
    made.requeue(batch)
    assert len(made) == 2
    assert made.size == batch.size
    assert made.add([finished(), finished()]) == 1


@pytest.mark.parametrize("opened", [True, False])
def test_one_of_which_no_row_can_be_made_takes_no_place(opened):
    made = waiting(opened=opened)
    odd = finished()._replace(decision=cast(Any, SimpleNamespace(id="odd")))
    failed = made.add([finished(), odd, finished()])
    if not opened:
        failed = made.opened(maker())
    assert failed == 1
    assert len(made) == 2
    assert len(rows(made)) == 2
    assert made.size == 0
