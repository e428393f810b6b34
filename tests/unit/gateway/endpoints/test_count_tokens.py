"""`count_tokens` answers soon: a number, by the upstream or about, or what is wrong."""

import asyncio

from gearshift.errors import FailureKind, UpstreamError
from gearshift.gateway.endpoints import count_tokens

PATH = "/v1/messages/count_tokens"
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
