"""The books of a chaos run must not balance when something was lost."""

from __future__ import annotations

from collections import Counter

import pytest
from endurance.gateway import Counted
from endurance.ledger import Ending, Entry, Ledger
from endurance.traffic import Request


def entry(number=1, ending=Ending.ANSWERED, status=200, decision="dec-1"):
    request = Request(f"[7-0-{number}]", "openai", "/v1/chat/completions", b"{}")
    return Entry(request, ending, 0.0, 1.0, status, decision)


def record(number=1, status=200, decision="dec-1"):
    prompt = f"hello [7-0-{number}]"
    return {"id": decision, "dialect": "openai", "status": status, "prompt": prompt}


def counted(refused=0, **decided):
    return Counted(
        Counter({("openai", status.strip("_")): n for status, n in decided.items()}),
        Counter({("openai", "400"): refused}),
    )


def violations(entry, *records, metrics=None):
    return Ledger([entry]).violations(records, metrics)


def test_an_answer_that_all_know_of_is_none():
    assert violations(entry(), record(), metrics=counted(_200=1)) == []


def test_a_refused_request_is_only_counted():
    assert violations(entry(ending=Ending.REFUSED, status=400), metrics=counted(refused=1)) == []


@pytest.mark.parametrize("records", [[], [record(status=499)]])
def test_who_left_before_the_answer_may_be_unknown_or_gone(records):
    assert violations(entry(ending=Ending.LEFT, status=0, decision=""), *records) == []


@pytest.mark.parametrize(
    ("one", "records"),
    [
        (entry(), []),
        (entry(), [record(), record()]),
        (entry(), [record(status=502)]),
        (entry(), [record(decision="dec-2")]),
        (entry(), [record(), record(number=2)]),
        (entry(ending=Ending.WRONG), [record()]),
        (entry(ending=Ending.ERROR, status=502), [record(status=504)]),
        (entry(ending=Ending.BROKEN_OFF), [record()]),
        (entry(ending=Ending.LEFT), []),
        (entry(ending=Ending.REFUSED, status=400), [record(status=400)]),
        (entry(ending=Ending.TURNED_AWAY, status=0), [record(status=499)]),
    ],
)
def test_clients_and_log_that_disagree_are_one(one, records):
    assert len(violations(one, *records)) == 1


@pytest.mark.parametrize("metrics", [counted(), counted(_200=2), counted(_200=1, refused=1)])
def test_metrics_that_differ_are_one(metrics):
    assert len(violations(entry(), record(), metrics=metrics)) == 1


def test_availability_is_answers_over_what_could_be_answered():
    endings = [Ending.ANSWERED] * 3 + [Ending.ERROR, Ending.LEFT, Ending.REFUSED]
    assert Ledger([entry(ending=ending) for ending in endings]).availability() == 0.75
