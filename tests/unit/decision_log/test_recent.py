"""Single requests of the log, on SQLite and PostgreSQL."""

import time

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log import recent as recent_module
from gearshift.decision_log.database import open_database
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.decision_log.recent import PAGE, Filters, one, recent

NOW = time.time()


@pytest.fixture
def engine(url, writers):
    def fill(events):
        writer = writers(url)
        writer.add(events)
        writer.stop()
        made.append(open_database(url))
        return made[-1]

    made = []
    yield fill
    for each in made:
        each.dispose()


def all_pages(log, filters):
    found, after, pages = [], None, 0
    while True:
        page = recent(log, filters, after)
        found += [row["id"] for row in page.rows]
        pages += 1
        if page.after is None:
            return found, pages
        after = page.after


@pytest.mark.parametrize("looked_at", [1, 7, 60, 1000])
def test_pages_hold_every_request_once_however_few_are_looked_at(engine, monkeypatch, looked_at):
    monkeypatch.setattr(recent_module, "LOOKED_AT", looked_at)
    # Some at the same moment, where the id decides.
    events = [
        finished("simple" if n % 9 else "complex", time=NOW - n // 4, status=200 if n != 3 else 502)
        for n in range(3 * PAGE)
    ]
    log = engine(events)
    everything, _ = all_pages(log, Filters({}, 0.0))
    assert sorted(everything) == sorted(event.decision.id for event in events)
    complex_ones, _ = all_pages(log, Filters({"tier": "complex"}, 0.0))
    wanted = [event.decision.id for event in events if event.decision.tier == "complex"]
    assert sorted(complex_ones) == sorted(wanted)
    assert len(set(complex_ones)) == len(complex_ones)
    failed, _ = all_pages(log, Filters({}, 0.0, failed=True))
    assert failed == [events[3].decision.id]


def test_one_request_is_found_and_nobody_else(engine):
    event = finished()
    log = engine([event])
    found = one(log, event.decision.id)
    assert found is not None
    assert (found["tier"], found["judgements"]) == ("simple", [])
    assert all(type(name) is str for name in found)
    assert one(log, "dec-unknown") is None


def test_filters_are_all_true_of_what_is_found(log, write):
    wanted = finished(client="app", time=NOW, status=502)
    write(
        [
            wanted,
            finished(client="app", time=NOW),
            finished(client="other", time=NOW, status=502),
            finished("complex", client="app", time=NOW, status=502),
            finished(client="app", time=NOW - 100, status=502),
        ]
    )
    filters = Filters({"client": "app", "tier": "simple"}, NOW - 50, failed=True)
    assert [row["id"] for row in recent(log, filters).rows] == [wanted.decision.id]


def test_what_ended_in_an_error_begins_at_400(log, write):
    write([finished(status=status) for status in (200, 399, 400, 499, 503)])
    found = recent(log, Filters({}, 0.0, failed=True)).rows
    assert sorted(row["status"] for row in found) == [400, 499, 503]


def test_a_full_page_says_where_the_next_begins_and_the_last_does_not(log, write):
    write([finished(time=NOW - n) for n in range(PAGE + 1)])
    first = recent(log, Filters({}, 0.0))
    assert len(first.rows) == PAGE
    last_row = first.rows[-1]
    assert first.after == (last_row["time"], last_row["id"])
    second = recent(log, Filters({}, 0.0), first.after)
    assert (len(second.rows), second.after) == (1, None)


def test_a_request_is_told_with_its_verdicts_the_oldest_first(log, write):
    event = finished()
    write([event], with_prompts=True)
    with log.begin() as connection:
        for time_, verdict in ((20.0, "loss"), (10.0, "tie")):
            row = JudgementRow(event.decision.id, time_, "checks", verdict, 0.0, 1.0, 0.5)
            insert_judgement(connection, row)
    found = one(log, event.decision.id)
    assert found is not None
    assert found["prompt"] == "my secret words"
    assert [said["verdict"] for said in found["judgements"]] == ["tie", "loss"]
