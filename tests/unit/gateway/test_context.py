"""What endpoints are given: bodies become requests with what their headers say."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.http.values import HttpRequest
from gearshift.telemetry.metrics import Metrics
from gearshift.types import Operation

BODY = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "hi"}]})


def context(llm=None, shadow_evaluation=None):
    nothing: Any = SimpleNamespace()
    return GatewayContext(llm or nothing, Metrics(), shadow_evaluation=shadow_evaluation)


def received(body=BODY, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest("POST", "/v1/chat/completions", given, body, client="me")


async def parse(request):
    here = context()
    return await here.parse(request, here.dialects["openai"], Operation.CHAT)


async def test_headers_become_part_of_the_request():
    found = await parse(received(x_gearshift_tier="complex", x_session_id="s-1", traceparent="00"))
    assert (found.forced_tier, found.session, found.client) == ("complex", "s-1", "me")
    assert found.headers == {"traceparent": "00", "x-session-id": "s-1"}
    assert (await parse(received(x_conversation_id="c-1"))).session == "c-1"
    assert (await parse(received(session_id="codex-1"))).session == "codex-1"
    assert (await parse(received(x_gearshift_tier=""))).forced_tier is None


async def test_a_large_body_is_read_as_a_small_one():
    words = "word " * 60_000
    raw = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": words}]})
    assert (await parse(received(raw))).messages[0]["content"] == words


async def test_what_cannot_be_read_is_refused():
    with pytest.raises(RequestError):
        await parse(received(b"{"))


async def test_answers_are_listened_to_where_answers_are_compared():
    async def complete(request):
        return f"answer to {request}"

    llm: Any = SimpleNamespace(complete=complete)
    sampler = SimpleNamespace(watch=lambda request, response: f"watched {response}")
    question: Any = "it"
    assert await context(llm).answer(question) == "answer to it"
    shadow_evaluation: Any = SimpleNamespace(sampler=sampler)
    assert await context(llm, shadow_evaluation).answer(question) == "watched answer to it"
    shadow_evaluation = SimpleNamespace(sampler=None)
    assert await context(llm, shadow_evaluation).answer(question) == "answer to it"


async def test_who_shares_answers_with_whom_and_what_may_be_kept_is_noted():
    request = received(**{"x-gearshift-cache": "no-store"})._replace(cache_scope="team")
    parsed = await parse(request)
    assert (parsed.cache_control, parsed.cache_scope) == ("no-store", "team")
    plain = await parse(received())
    assert (plain.cache_control, plain.cache_scope) == ("", "")
