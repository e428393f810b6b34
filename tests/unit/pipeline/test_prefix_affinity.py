"""Conversations stay with who has read them, unless that one is busy, down, or of another model."""

import pytest

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.pipeline.prefix_affinity import PrefixAffinity, prefixes_of
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import ChatRequest, Deployment, Operation

A, B = (Candidate(Deployment(name, "m"), "openai", "simple") for name in "ab")
OTHER_MODEL = Candidate(Deployment("c", "n"), "openai", "simple")
OTHER_TIER = Candidate(Deployment("b", "m"), "openai", "complex")
DOWN = UpstreamError("down", fault=FailureKind.UNREACHABLE)


def asked(*texts, **options):
    messages = [{"role": "user", "content": text} for text in texts]
    return ChatRequest("openai", Operation.CHAT, "auto", messages, options=options)


@pytest.fixture
def busy():
    return {"a": 0, "b": 0}


@pytest.fixture
def circuits():
    return CircuitBreakers(lambda: 0.0, failures=1, open_seconds=9.0, longest_open_seconds=9.0)


@pytest.fixture
def affinity(busy, circuits):
    return PrefixAffinity(lambda upstream: busy[upstream], circuits, most=100)


def first(affinity, request, candidates=(A, B, OTHER_MODEL)):
    ordered, _ = affinity.ordered(request, candidates)
    assert sorted(map(str, ordered)) == sorted(map(str, candidates))
    return ordered[0]


@pytest.mark.parametrize("reader", [A, B])
def test_a_conversation_goes_on_where_it_was_read(affinity, reader):
    affinity.learn(prefixes_of(asked("one", "two")), reader.deployment)
    for texts in (("one", "two", "three"), ("one", "two"), ("one", "else")):
        assert first(affinity, asked(*texts)) is reader


def test_who_has_read_more_of_it_comes_first(affinity):
    affinity.learn(prefixes_of(asked("system")), A.deployment)
    affinity.learn(prefixes_of(asked("system", "mine")), B.deployment)
    assert first(affinity, asked("system", "mine", "more")) is B


def test_other_tools_are_another_beginning(affinity, busy):
    affinity.learn(prefixes_of(asked("one", tools=[{"a": 1}])), B.deployment)
    busy["b"] = 1
    assert first(affinity, asked("one")) is A
    assert first(affinity, asked("one", tools=[{"a": 1}])) is B
    assert first(affinity, asked("one", tools=[{"b": 1}])) is A


def test_no_tools_are_no_beginning(affinity):
    assert prefixes_of(asked("one", tools=[])) == prefixes_of(asked("one"))


def test_who_asks_nothing_goes_to_who_is_less_busy(affinity, busy):
    busy["a"] = 1
    assert affinity.ordered(asked(), (A, B)) == ((B, A), ())


def test_not_while_it_is_much_busier(affinity, busy):
    affinity.learn(prefixes_of(asked("one")), B.deployment)
    busy["b"] = 2
    assert first(affinity, asked("one")) is B
    busy["b"] = 3
    assert first(affinity, asked("one")) is A


def test_nor_while_its_circuit_is_open(affinity, circuits):
    affinity.learn(prefixes_of(asked("one")), B.deployment)
    circuits.failed(B.deployment, DOWN)
    assert first(affinity, asked("one")) is A
    circuits.failed(A.deployment, DOWN)
    assert affinity.ordered(asked("one"), (A, B))[0] == (A, B)


def test_new_ones_go_to_who_is_less_busy_and_are_spread_where_none_is(affinity, busy):
    found = {first(affinity, asked(str(number))).deployment for number in range(50)}
    assert found == {A.deployment, B.deployment}
    busy["a"] = 1
    assert {first(affinity, asked(str(number))).deployment for number in range(50)} == {
        B.deployment
    }


@pytest.mark.parametrize("candidates", [(A,), (A, OTHER_MODEL), (A, OTHER_TIER)])
def test_where_there_is_nobody_equal_nothing_is_done(affinity, candidates):
    affinity.learn(prefixes_of(asked("one")), candidates[-1].deployment)
    assert affinity.ordered(asked("one"), candidates) == (candidates, ())


def test_what_is_remembered_has_a_bound_and_outlives_a_reload(affinity, circuits):
    for number in range(300):
        affinity.learn(prefixes_of(asked(*map(str, range(number)))), B.deployment)
    assert len(affinity._read_by) == 100
    later = PrefixAffinity(lambda upstream: 0, circuits)
    later.reuse_from(affinity)
    assert first(later, asked(*map(str, range(299)))) is B


def test_what_was_used_longest_ago_is_forgotten_first(affinity, busy):
    busy["b"] = 1  # so only who has read a conversation brings it there
    for number in range(100):
        affinity.learn(prefixes_of(asked(str(number))), B.deployment)
    affinity.learn(prefixes_of(asked("0")), B.deployment)
    affinity.learn(prefixes_of(asked("100")), B.deployment)
    found = {text: first(affinity, asked(text)) for text in ("0", "1", "2", "100")}
    assert found == {"0": B, "1": A, "2": B, "100": B}


def test_parts_count_as_they_are(affinity):
    parts = asked()
    parts.messages = [{"role": "user", "content": [{"type": "text", "text": "one"}]}]
    assert prefixes_of(parts) == prefixes_of(parts) != prefixes_of(asked("one"))
    others = asked()
    others.messages = [{"role": "user", "content": [{"type": "text", "text": "two"}]}]
    assert prefixes_of(parts) != prefixes_of(others)


def test_who_says_it_counts():
    answer = asked()
    answer.messages = [{"role": "assistant", "content": "one"}]
    assert prefixes_of(answer) != prefixes_of(asked("one"))
