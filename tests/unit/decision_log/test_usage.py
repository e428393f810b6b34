"""Patterns of use, on SQLite and PostgreSQL."""

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log.database import open_database
from gearshift.decision_log.usage import usage
from gearshift.types import Cause


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
