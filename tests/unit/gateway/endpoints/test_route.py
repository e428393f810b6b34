"""`/v1/route`: a decision, and nothing sent upstream."""

import json

import pytest

from gearshift.http.values import HttpRequest

SIMPLE, COMPLEX = "What time is it?", "Explain async vs threads"


def chat(text, **more):
    return {"messages": [{"role": "user", "content": text}], **more}


@pytest.mark.parametrize(
    ("body", "tier", "cause"),
    [
        (chat(SIMPLE), "simple", "scored"),
        (chat(COMPLEX), "complex", "scored"),
        (chat(SIMPLE, model="complex"), "complex", "forced"),
        (chat(COMPLEX, model="gemma2:2b", stream=True), "simple", "forced"),
    ],
)
async def test_where_a_chat_would_go_and_why(planes, body, tier, cause):
    plane = await planes()
    response = await plane.ask("/v1/route", body)
    found = json.loads(response.body)
    assert (response.status, found["tier"], found["cause"]) == (200, tier, cause)
    assert response.headers["x-gearshift-tier"] == tier
    assert response.headers["x-gearshift-decision-id"] == found["id"]
    assert response.headers["content-type"] == "application/json"
    assert plane.llm.providers["here"].asked == []


@pytest.mark.parametrize(
    ("body", "status"), [({"messages": []}, 400), (chat(SIMPLE, model="nobody"), 404)]
)
async def test_what_cannot_be_routed_is_refused_as_a_chat_is(planes, body, status):
    plane = await planes()
    route = await plane.ask("/v1/route", body)
    assert route.status == status
    assert route.body == (await plane.ask("/v1/chat/completions", body)).body


async def test_a_tier_may_be_forced_by_its_header(planes):
    plane = await planes()
    headers = {"host": "localhost", "x-gearshift-tier": "complex"}
    sent = json.dumps(chat(SIMPLE)).encode()
    response = await plane.handle(HttpRequest("POST", "/v1/route", headers, sent))
    assert json.loads(response.body)["tier"] == "complex"
