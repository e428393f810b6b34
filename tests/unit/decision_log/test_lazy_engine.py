"""A database that is opened when it is first needed."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gearshift.decision_log.database import DecisionLogError, open_database
from gearshift.decision_log.lazy_engine import LazyEngine


def at_once(count, question):
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(question, range(count)))


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


def test_one_that_cannot_be_opened_is_tried_again(tmp_path):
    places = iter(["sqlite:////proc/nowhere/x.db", f"sqlite:///{tmp_path / 'log.db'}"])
    lazy = LazyEngine(lambda: next(places))
    with pytest.raises(DecisionLogError, match="/proc/nowhere"):
        lazy.get()
    assert lazy.get() is lazy.get()
    lazy.close()


def test_nothing_is_opened_before_it_is_needed():
    lazy = LazyEngine(lambda: pytest.fail("nobody has asked"))
    lazy.close()


def test_one_whose_file_is_gone_is_opened_anew(tmp_path):
    file = tmp_path / "log.db"
    lazy = LazyEngine(lambda: f"sqlite:///{file}")
    first = lazy.get()
    for part in tmp_path.glob("log.db*"):
        part.unlink()
    second = lazy.get()
    assert second is not first
    assert file.exists()
    assert lazy.get() is second
    lazy.close()
