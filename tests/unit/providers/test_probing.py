"""A probe costs nothing, ends in time, sends no key, and gives its connection back."""

import pytest
from tests.fakes.upstream import FaultUpstream

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import HttpClient
from gearshift.providers import probing
from gearshift.providers.probing import asked, positive, told_of, trouble_at


@pytest.fixture
async def upstream():
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def client(upstream):
    async with HttpClient(f"{upstream.url}/v1", "secret", 20.0) as client:
        yield client


async def test_an_answer_is_told_with_its_status(client, upstream):
    status, body = await asked(client, "/models")
    assert status == 200
    assert b"gemma2:2b" in body
    status, _ = await asked(client, "/nothing")
    assert status == 404


async def test_silence_is_a_failure_in_time(client, upstream, monkeypatch):
    monkeypatch.setattr(probing, "PROBE_SECONDS", 0.01)
    upstream.fault = "hung"
    with pytest.raises(UpstreamError, match="/models") as caught:
        await asked(client, "/models")
    assert caught.value.fault is FailureKind.TIMEOUT
    assert "no answer to /health" in await trouble_at(client, "/health")


@pytest.mark.parametrize(
    ("status", "is_well"),
    [(200, True), (401, True), (404, True), (429, True), (501, True),
     (500, False), (502, False), (503, False), (504, False)],
)  # fmt: skip
async def test_health_is_in_trouble_only_where_it_says_so(client, upstream, status, is_well):
    upstream.health_status = status
    trouble = await trouble_at(client, "/health")
    assert (trouble == "") is is_well
    if not is_well:
        assert str(status) in trouble


async def test_the_key_is_not_shown_to_a_health_check(client, upstream):
    await trouble_at(client, "/health")
    assert upstream.received[-1].path == "/health"
    assert "authorization" not in upstream.received[-1].headers
    await asked(client, "/models")
    assert upstream.received[-1].headers["authorization"] == "Bearer secret"


async def test_without_a_path_only_a_connection_is_wanted(client, upstream):
    assert await trouble_at(client, None) == ""
    assert upstream.received == []


async def test_who_is_not_there_is_in_trouble():
    async with HttpClient("http://127.0.0.1:9/v1", "", 20.0) as client:
        assert "127.0.0.1:9" in await trouble_at(client, None)
        assert "127.0.0.1:9" in await trouble_at(client, "/health")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), (0, None), (-1, None), (True, None), ("7", None), (7.0, None), (None, None)],
)
def test_a_count_is_a_whole_number_above_zero(value, expected):
    assert positive(value) == expected


async def test_a_question_with_a_body_is_answered_by_an_object(client, upstream):
    question = b'{"model":"m","messages":[]}'
    assert (await told_of(client, "/chat/completions", question))["model"] == "m"
    at_root = await told_of(client, "/v1/chat/completions", question, is_at_root=True)
    assert at_root["model"] == "m"
    assert {one.path for one in upstream.received} == {"/v1/chat/completions"}
    for fault in ("failed", "garbage"):
        upstream.fault = fault
        assert await told_of(client, "/chat/completions", question) == {}
