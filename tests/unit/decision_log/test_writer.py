import sqlite3
import time
from typing import Any, cast

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from tests.fakes.finished import finished
from tests.unit.decision_log.conftest import eventually

from gearshift.decision_log import database
from gearshift.decision_log import writer as writer_module
from gearshift.decision_log.database import open_database
from gearshift.decision_log.schema import DECISIONS, HOURS
from gearshift.decision_log.statements import Statements
from gearshift.types import Cause, Usage


def rows(url):
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            found = connection.execute(select(DECISIONS).order_by(DECISIONS.c.time, DECISIONS.c.id))
            return [dict(row) for row in found.mappings()]
    finally:
        engine.dispose()


def count(url):
    return len(rows(url))


def test_a_decision_and_its_outcome_are_kept_but_no_prompt(url, writers):
    event = finished(fault=None, attempts=(("local/a", "refused"),), client="app")
    writer = writers(url)
    writer.add([event])
    writer.stop()
    (row,) = rows(url)
    assert row["id"] == event.decision.id
    assert (row["tier"], row["model"], row["score"]) == ("simple", "gemma2:2b", 2.5)
    assert (row["length"], row["technical"]) == (1.0, 2.0)
    assert (row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"]) == (100, 50, 20)
    assert (row["failed_attempts"], row["client"], row["propensity"]) == (1, "app", 1.0)
    assert row["flops"] == pytest.approx(2 * 2.614e9 * 130)
    assert row["baseline_flops"] == pytest.approx(2 * 7.248e9 * 130)
    assert row["prompt"] is None
    assert row["prompt_characters"] == len("my secret words")
    assert not any("secret" in str(value) or value == "my session" for value in row.values())
    assert len(row["prompt_hash"]) == len(row["session_hash"]) == 32


def test_prompts_are_kept_where_a_setting_says_so(url, writers):
    writer = writers(url, with_prompts=True)
    parts = [{"type": "text", "text": "look\0 at"}, {"type": "image_url"}, {"type": "text"}]
    messages = [{"role": "user", "content": parts}, {"role": "assistant", "content": "yes"}]
    writer.add([finished(), finished(messages=messages), finished(messages=())])
    writer.stop()
    assert sorted(row["prompt"] for row in rows(url)) == ["", "look at", "my secret words"]


def test_the_same_words_have_the_same_hash_here_and_another_elsewhere(tmp_path, writers):
    urls = [f"sqlite:///{tmp_path / name}.db" for name in ("one", "two")]
    for url in urls:
        writer = writers(url)
        writer.add([finished(), finished(), finished(prompt="other")])
        writer.stop()
    hashes = [[row["prompt_hash"] for row in rows(url)] for url in urls]
    assert len(set(hashes[0])) == 2
    assert not set(hashes[0]) & set(hashes[1])


def test_what_was_chosen_by_the_client_saves_nothing_and_what_is_not_known_is_not_counted(
    url, writers
):
    writer = writers(url)
    forced = finished(cause=Cause.FORCED)
    odd = finished(tier="gpt-4o")
    silent = finished(usage=None)
    writer.add([forced, odd, silent])
    writer.stop()
    by_id = {row["id"]: row for row in rows(url)}
    assert by_id[forced.decision.id]["flops"] == by_id[forced.decision.id]["baseline_flops"]
    assert by_id[odd.decision.id]["flops"] is None
    assert by_id[silent.decision.id]["prompt_tokens"] is None


def test_sums_by_hour_add_up_over_batches_and_writers(url, writers):
    hour = int(time.time() // 3_600) - 5
    for _ in range(2):
        writer = writers(url)
        first, second = hour * 3_600.0, hour * 3_600.0 + 100
        writer.add([finished(time=first), finished(time=second, status=502)])
        writer.stop()
    engine = open_database(url)
    with engine.connect() as connection:
        (row,) = connection.execute(select(HOURS)).mappings().all()
    engine.dispose()
    assert (row["hour"], row["requests"], row["failures"]) == (hour, 4, 2)
    assert row["prompt_tokens"] == 400
    assert row["score_sum"] == pytest.approx(10.0)


def test_a_locked_database_is_waited_for(tmp_path, writers, caplog, monkeypatch):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    open_database(url).dispose()
    holder = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with monkeypatch.context() as impatient:
        impatient.setattr(database, "_BUSY_SECONDS", 0.1)
        writer = writers(url)
        writer.add([finished()])
        eventually(lambda: "requests are not affected" in caplog.text)
    writer.add([finished()])
    holder.execute("ROLLBACK")
    holder.close()
    eventually(lambda: count(url) == 2)
    assert caplog.text.count("requests are not affected") == 1


def test_a_full_disk_loses_nothing_that_can_wait(tmp_path, writers, caplog, monkeypatch):
    url = f"sqlite:///{tmp_path / 'log.db'}"
    open_database(url).dispose()
    full = [True]
    real = open_database

    def limited(url):
        engine = real(url)
        if full[0]:
            # As a full disk does: the pragma holds for the connection that the pool hands out.
            with engine.connect() as connection:
                connection.execute(text("PRAGMA max_page_count = 1"))
        return engine

    monkeypatch.setattr(writer_module, "open_database", limited)
    writer = writers(url, with_prompts=True)
    writer.add([finished(prompt="x" * 5_000) for _ in range(200)])
    eventually(lambda: "full" in caplog.text)
    full[0] = False
    eventually(lambda: count(url) == 200)


def test_a_database_that_vanishes_is_made_again(tmp_path, writers):
    file = tmp_path / "log.db"
    url = f"sqlite:///{file}"
    writer = writers(url)
    writer.add([finished()])
    eventually(lambda: file.exists() and count(url) == 1)
    for part in tmp_path.glob("log.db*"):
        part.unlink()
    until = []

    def again():
        writer.add([finished()])
        until.append(1)
        return file.exists() and count(url) >= 1

    eventually(again)


def test_what_does_not_fit_is_dropped_and_counted(tmp_path, writers, monkeypatch):
    monkeypatch.setattr(writer_module, "_MOST_KEPT", 10)
    lost = []
    writer = writers("postgresql://nobody@127.0.0.1:1/none", dropped=lost.append)
    writer.add([finished() for _ in range(8)])
    writer.add([finished() for _ in range(8)])
    assert lost == [6]
    writer.stop()
    assert sum(lost) == 16


def test_a_row_that_is_there_already_is_written_once(url, writers):
    event = finished()
    for _ in range(2):
        writer = writers(url)
        writer.add([event])
        writer.stop()
    assert count(url) == 1


def test_strange_words_do_not_stop_it(url, writers):
    writer = writers(url, with_prompts=True)
    strange = ["\ud800", "\0", "ümläut 漢字", "'; DROP TABLE decisions; --", "", "x" * 100_000]
    writer.add([finished(prompt=words) for words in strange])
    writer.add([finished(usage=Usage(2**31 + 5, 1, 0))])
    writer.stop()
    assert count(url) == len(strange) + 1


def test_one_that_no_database_takes_does_not_hold_up_the_others(url, writers):
    lost = []
    writer = writers(url, dropped=lost.append)
    bad = finished()
    bad = bad._replace(decision=bad.decision._replace(id=cast(Any, None)))
    writer.add([finished(), finished(), bad, finished()])
    writer.stop()
    assert count(url) == 3
    assert lost == [1]


def test_an_answer_to_the_commit_that_is_lost_doubles_nothing_and_loses_nothing(
    url, writers, monkeypatch
):
    lost = [True]
    real = Statements.write

    def write(self, connection, rows, sums, **how):
        real(self, connection, rows, sums, **how)
        if rows and lost:
            lost.pop()
            connection.commit()  # is done, and nobody is told
            raise OperationalError("COMMIT", {}, OSError("connection reset"))

    monkeypatch.setattr(Statements, "write", write)
    writer = writers(url)
    writer.add([finished() for _ in range(30)])
    eventually(lambda: not lost)
    writer.add([finished() for _ in range(5)])
    eventually(lambda: count(url) == 35)
    writer.stop()
    engine = open_database(url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.sum(HOURS.c.requests))) == 35
    engine.dispose()
