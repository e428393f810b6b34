"""Patterns of use, on SQLite and PostgreSQL."""

import pytest
from tests.fakes.finished import finished

from gearshift.decision_log import usage as usage_module
from gearshift.decision_log.database import open_database
from gearshift.decision_log.usage import Group, UsagePatterns, unlike_the_rest, usage
from gearshift.types import CacheResult, CacheUse, Cause, Usage


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


def groups(**simple):
    """Usage by clients with so many requests and such a share of the small model."""
    clients = [Group(name, requests, 0, share, None) for name, (requests, share) in simple.items()]
    return UsagePatterns(0, {"client": clients}, 0, 0, [])


@pytest.mark.parametrize(
    ("clients", "unlike"),
    [
        ({"a": (100, 0.9), "b": (100, 0.5)}, ["a", "b"]),
        ({"a": (100, 0.9), "b": (100, 0.7)}, []),
        ({"a": (29, 0.9), "b": (100, 0.1)}, []),
        ({"a": (100, 0.9), "b": (29, 0.1)}, []),
        ({"a": (30, 0.9), "b": (30, 0.1)}, ["a", "b"]),
        ({"a": (100, 0.9)}, []),
        ({"a": (100, 0.9), "b": (100, None)}, []),
        ({"a": (50, 0.9), "b": (500, 0.5), "c": (500, 0.5)}, ["a"]),
    ],
)
def test_a_client_that_is_unlike_the_rest_is_named_where_both_are_many(clients, unlike):
    assert [group.name for group in unlike_the_rest(groups(**clients))] == unlike


def test_only_the_newest_are_looked_at(log, write, monkeypatch):
    monkeypatch.setattr(usage_module, "NEWEST", 2)
    write([finished(time=1000.0 - n, prompt=f"{n % 2}") for n in range(5)])
    found = usage(log, "simple", 0.0)
    assert (found.requests, found.repeated) == (2, 0)


def test_only_those_since_a_time_are_looked_at(log, write):
    write([finished(time=1000.0 - n) for n in range(5)])
    assert usage(log, "simple", 1000.0 - 2.5).requests == 3


def test_what_was_not_scored_has_no_share(log, write):
    event = finished(cause=Cause.FORCED)
    write([event._replace(decision=event.decision._replace(score=None))])
    (group,) = usage(log, "simple", 0.0).by["kind"]
    assert (group.name, group.requests, group.tokens) == ("not scored", 1, 150)
    assert (group.simple, group.score) == (None, None)


def test_the_busiest_come_first(log, write):
    write([finished(client="few"), *[finished(client="many") for _ in range(3)]])
    names = [group.name for group in usage(log, "simple", 0.0).by["client"]]
    assert names == ["many", "few"]


def test_embeddings_are_no_prompts(log, write):
    write([finished(prompt="a"), *[finished("embeddings", prompt="a") for _ in range(3)]])
    found = usage(log, "simple", 0.0)
    assert (found.requests, found.repeated, found.often) == (1, 0, [])


def test_what_the_cache_has_answered_is_no_repetition_for_it_to_answer(engine):
    hit = CacheUse("memory", CacheResult.HIT)
    asked = [finished(prompt="same") for _ in range(3)]
    log = engine([*asked, finished(prompt="same", cache=hit, usage=Usage())])
    found = usage(log, "simple", 0.0)
    assert (found.repeated, found.repeated_tokens, found.often) == (2, 2 * 150, [4])
