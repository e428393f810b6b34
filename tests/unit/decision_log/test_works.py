"""Works: one that fails is tried again for a while, and holds up nothing."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from tests.fakes.finished import finished
from tests.unit.decision_log.conftest import eventually
from tests.unit.decision_log.test_writer import count

from gearshift.decision_log import works as works_module
from gearshift.decision_log import writer as writer_module
from gearshift.decision_log.works import Works


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def engine():
    made = create_engine("sqlite://")
    yield made
    made.dispose()


@pytest.fixture
def lost():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def works(lost, clock):
    return Works(lambda: lost.append(1), clock)


def failing(error, tried):
    def run(connection):
        tried.append(1)
        raise error

    return run


def turn(works, engine):
    works.do(works.take(), engine)


@pytest.mark.parametrize(
    "error", [RuntimeError("defect"), OperationalError("no such table", {}, Exception("x"))]
)
def test_one_that_always_fails_is_given_up_and_the_others_are_done(
    works, engine, clock, lost, error, caplog
):
    tried, done = [], []
    works.add(failing(error, tried))
    works.add(lambda connection: done.append(1))
    for _ in range(30):
        turn(works, engine)
        clock.now += 60.0
        works.add(lambda connection: done.append(1))
    assert len(tried) == works_module._TRIES
    assert lost == [1]
    assert len(done) == 30
    assert caplog.text.count("was abandoned") == 1


def test_it_rests_longer_and_longer(works, engine, clock):
    tried = []
    works.add(failing(RuntimeError("x"), tried))
    at = []
    for second in range(200):
        clock.now = float(second)
        before = len(tried)
        turn(works, engine)
        if len(tried) > before:
            at.append(second)
    assert at == [0, 1, 3, 7, 15, 31, 63, 127]


def test_what_no_column_takes_is_not_tried_again(works, engine, lost):
    tried = []
    works.add(failing(IntegrityError("x", {}, Exception("x")), tried))
    turn(works, engine)
    assert (tried, lost, len(works)) == ([1], [1], 0)


def test_a_lost_connection_is_nobodys_fault(works, engine, lost):
    gone = DBAPIError("x", {}, Exception("x"), connection_invalidated=True)
    tried, done = [], []
    works.add(lambda connection: done.append("first"))
    works.add(failing(gone, tried))
    works.add(lambda connection: done.append("last"))
    for _ in range(2 * works_module._TRIES):
        with pytest.raises(DBAPIError):
            turn(works, engine)
    assert done == ["first"]
    assert (len(works), lost) == (2, [])


def test_nothing_is_left_of_one_that_fails(works, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x)"))

    def half(connection):
        connection.execute(text("INSERT INTO t VALUES (1)"))
        raise RuntimeError("half way")

    works.add(half)
    turn(works, engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM t")).scalar() == 0


def test_so_many_and_so_many_bytes_may_wait(works, lost, monkeypatch):
    monkeypatch.setattr(works_module, "_MOST", 3)
    monkeypatch.setattr(works_module, "_MOST_BYTES", 100)
    for size in (60, 60, 30, 10, 0):
        works.add(lambda connection: None, size)
    assert len(works) == 3
    assert len(lost) == 2
    assert works.give_up() == 3
    assert len(lost) == 5
    works.add(lambda connection: None, 100)
    assert len(works) == 1


def test_a_work_that_raises_does_not_hold_up_rows(url, writers):
    done, lost = [], []
    writer = writers(url, dropped=lost.append)
    writer.submit(failing(RuntimeError("defect"), []))
    writer.submit(lambda connection: done.append(1))
    writer.add([finished() for _ in range(5)])
    eventually(lambda: count(url) == 5 and done)
    writer.add([finished()])
    writer.stop()
    assert count(url) == 6
    assert lost == []


@pytest.mark.parametrize("waits", [0, 2])
def test_one_that_was_never_started_can_be_stopped(tmp_path, waits):
    lost, given_up = [], []
    writer = writer_module.LogWriter(
        f"sqlite:///{tmp_path / 'log.db'}",
        accounting=None,  # type: ignore[arg-type] # never used
        with_prompts=False,
        dropped=lost.append,
        given_up=lambda: given_up.append(1),
    )
    writer.add([finished() for _ in range(waits)])
    writer.submit(lambda connection: None)
    writer.stop()
    writer.stop()
    assert sum(lost) == waits
    assert given_up == [1]
