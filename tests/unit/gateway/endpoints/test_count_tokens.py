"""`count_tokens` answers soon: a number, by the upstream or about, or what is wrong."""

import asyncio

from gearshift.errors import FailureKind, UpstreamError
from gearshift.gateway.endpoints import count_tokens
from gearshift.http.values import HttpRequest

PATH = "/v1/messages/count_tokens"
OF_ITEMS = "/v1/responses/input_tokens"
TURNS = [{"role": "user", "content": "a" * 360}]


def counting(plane, answer):
    """Has the upstream count, as told; tells which models were asked about."""
    models: list[str] = []

    async def count(request, model):
        models.append(model)
        return await answer()

    plane.llm.providers["here"].count_tokens = count
    return models


async def test_a_request_has_about_a_number_of_tokens(planes):
    plane = await planes()
    assert await plane.json(PATH, {"messages": TURNS}) == {"input_tokens": 104}
    more = {"messages": TURNS, "max_tokens": 9, "tools": [], "model": "nobody-has-this"}
    assert await plane.json(PATH, more) == {"input_tokens": 104}


async def test_what_could_not_be_sent_is_not_counted(planes):
    response = await (await planes()).ask(PATH, {"messages": []})
    assert response.status == 400
    assert b"messages" in response.body


async def test_whoever_would_answer_is_asked(planes):
    async def seven():
        return 7

    plane = await planes()
    models = counting(plane, seven)
    assert await plane.json(PATH, {"messages": TURNS}) == {"input_tokens": 7}
    short = {"messages": [{"role": "user", "content": "hi"}], "model": "simple"}
    assert await plane.json(PATH, short) == {"input_tokens": 7}
    assert models[1] == "gemma2:2b"


async def test_one_that_cannot_say_or_fails_or_is_slow_leaves_the_estimate(planes, monkeypatch):
    async def nothing():
        return None

    async def failing():
        raise UpstreamError("gone", fault=FailureKind.UNREACHABLE)

    async def waiting():
        await asyncio.Event().wait()

    monkeypatch.setattr(count_tokens, "_PATIENCE_SECONDS", 0.01)
    plane = await planes()
    for answer in (nothing, failing, waiting):
        counting(plane, answer)
        assert await plane.json(PATH, {"messages": TURNS}) == {"input_tokens": 104}


async def test_a_count_may_be_any_number_but_is_told_as_one(planes):
    async def zero():
        return 0

    plane = await planes()
    counting(plane, zero)
    assert await plane.json(PATH, {"messages": TURNS}) == {"input_tokens": 0}


async def test_items_are_counted_too(planes):
    plane = await planes()
    told = {"object": "response.input_tokens", "input_tokens": 104}
    assert await plane.json(OF_ITEMS, {"input": TURNS}) == told
    assert (await plane.json(OF_ITEMS, {"instructions": "a" * 360}))["input_tokens"] == 104
    assert (await plane.json(OF_ITEMS, {}))["input_tokens"] == 0
    response = await plane.ask(OF_ITEMS, {"input": TURNS, "previous_response_id": "resp_1"})
    assert response.status == 400


async def test_the_tier_that_is_forced_counts(planes):
    async def seven():
        return 7

    plane = await planes()
    models = counting(plane, seven)
    for tier in ("simple", "complex"):
        headers = {"host": "localhost", "x-gearshift-tier": tier}
        await plane.handle(HttpRequest("POST", OF_ITEMS, headers, b'{"input":"hi"}'))
    assert models == ["gemma2:2b", "mistral:7b-instruct"]
