"""Single requests and patterns of use, on SQLite and PostgreSQL."""

import time

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log import recent as recent_module
from gearshift.decision_log.database import open_database
from gearshift.decision_log.recent import PAGE, Filters, one, recent
from gearshift.decision_log.usage import usage
from gearshift.types import Cause

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


def test_patterns_of_use(engine):
    plain = {"length": 0.0, "code": 0.0, "technical": 0.0, "multi_step": 0.0, "question": 0.0}

    def asked(count, prompt, tier="simple", **factors):
        for _ in range(count):
            event = finished(tier, prompt=prompt)
            yield event._replace(decision=event.decision._replace(factors={**plain, **factors}))

    log = engine(
        [
            *asked(6, "the same words"),
            *asked(1, "code" * 50, "complex", code=2.0, technical=1.9),
            *asked(2, "why" * 1000, "complex", question=3.0, code=1.0),
            finished(prompt="forced", cause=Cause.FORCED),
        ]
    )
    found = usage(log, "simple", 0.0)
    assert found.requests == 10
    assert (found.repeated, found.repeated_tokens) == (6, 6 * 150)
    assert found.often == [6, 2]
    kinds = {group.name: group for group in found.by["kind"]}
    assert {name: group.requests for name, group in kinds.items()} == {
        "plain": 6,
        "code": 1,
        "demanding question": 2,
        "technical words": 1,
    }
    assert (kinds["plain"].simple, kinds["code"].simple) == (1.0, 0.0)
    assert kinds["plain"].score == pytest.approx(2.5)
    lengths = {group.name: group.requests for group in found.by["length"]}
    assert lengths == {"below 100 characters": 7, "100 to 499": 1, "2,000 and more": 2}
    assert [group.name for group in found.by["client"]] == ["(no name)"]


def test_there_are_no_patterns_without_requests(engine):
    found = usage(engine([]), "simple", 0.0)
    assert (found.requests, found.repeated, found.often) == (0, 0, [])
