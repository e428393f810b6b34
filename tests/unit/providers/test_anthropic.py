"""How an Anthropic upstream is asked: its key, its version, its models, its limit."""

import asyncio
import json

import orjson
import pytest
from tests.fakes.dialects import SPOKEN
from tests.fakes.scripted import ScriptedUpstream

from gearshift.dialects.anthropic.request import parse
from gearshift.errors import FailureKind, UpstreamError
from gearshift.providers.anthropic import AnthropicProvider
from gearshift.providers.anthropic_settings import AnthropicOptions
from gearshift.providers.base import Deadlines, UpstreamConfig
from gearshift.types import ChatRequest, Operation

PATIENT = Deadlines(20, first_token_seconds=20, idle_seconds=20, total_seconds=40)
KEY = "sk-ant-very-secret"


def request(dialect="openai", headers=None, **more):
    messages = [{"role": "user", "content": "hi"}]
    return ChatRequest(dialect, Operation.CHAT, "auto", messages, headers=headers or {}, **more)


@pytest.fixture
async def upstream():
    async with ScriptedUpstream(SPOKEN["anthropic"], ["claude"]) as running:
        yield running


@pytest.fixture
async def provider(upstream):
    provider = provided(upstream.url)
    yield provider
    await provider.aclose()


def provided(url, **more):
    config = UpstreamConfig("a", "anthropic", url, api_key=KEY, **more)
    return AnthropicProvider(config, PATIENT)


async def headers_of(provider, upstream, **asked):
    await (await provider.send(request(**asked), "claude")).aclose()
    return upstream.received[-1].headers


@pytest.mark.parametrize("end", ["", "/v1"])
async def test_the_address_may_have_its_v1_and_the_key_has_its_own_header(upstream, end):
    provider = provided(upstream.url + end)
    headers = await headers_of(provider, upstream)
    await provider.aclose()
    assert upstream.received[-1].path == "/v1/messages"
    assert headers["x-api-key"] == KEY
    assert "authorization" not in headers
    assert headers["anthropic-version"] == "2023-06-01"


async def test_an_anthropic_client_says_its_version_and_its_betas(provider, upstream):
    own = {"anthropic-version": "2099-01-01", "anthropic-beta": "b1,b2"}
    headers = await headers_of(provider, upstream, dialect="anthropic", headers=own)
    assert own.items() <= headers.items()
    others = await headers_of(provider, upstream, headers={**own, "x-request-id": "r"})
    assert others["anthropic-version"] == "2023-06-01"
    assert "anthropic-beta" not in others
    assert others["x-request-id"] == "r"


async def test_what_the_operator_sets_counts_more(upstream):
    provider = provided(upstream.url, headers={"anthropic-version": "2000-01-01", "api-key": "k"})
    headers = await headers_of(provider, upstream)
    assert headers["anthropic-version"] == "2000-01-01"
    assert headers["api-key"] == "k"
    await provider.aclose()


async def test_a_client_that_names_no_limit_gets_the_operators(upstream):
    provider = provided(upstream.url, options=AnthropicOptions(77))
    await headers_of(provider, upstream)
    assert json.loads(upstream.received[-1].body)["max_tokens"] == 77
    await headers_of(provider, upstream, options={"max_tokens": 9})
    assert json.loads(upstream.received[-1].body)["max_tokens"] == 9
    await provider.aclose()


async def test_models_are_listed_without_a_completion(provider, upstream):
    state = await provider.probe()
    assert [info.name for info in state.models] == ["claude"]
    assert state.lists_models
    (asked,) = upstream.received
    assert asked.path.startswith("/v1/models?")
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert asked.headers["x-api-key"] == KEY


class Pages(ScriptedUpstream):
    """Lists its models one by one."""

    endless = False

    def _described(self, asked):
        last = asked.path.partition("after_id=")[2]
        names = [*self.models]
        place = names.index(last) + 1 if last in names and not self.endless else 0
        has_more = self.endless or place + 1 < len(names)
        page = {"data": [{"id": names[place]}], "has_more": has_more, "last_id": names[place]}
        body = orjson.dumps(page)
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def test_a_list_has_pages():
    async with Pages(SPOKEN["anthropic"], ["a", "b", "c"]) as upstream:
        provider = provided(upstream.url)
        state = await provider.probe()
        await provider.aclose()
        assert [info.name for info in state.models] == ["a", "b", "c"]
        assert len(upstream.received) == 3


async def test_a_list_without_end_has_one():
    async with Pages(SPOKEN["anthropic"], ["a"]) as upstream:
        upstream.endless = True
        provider = provided(upstream.url)
        async with asyncio.timeout(20):
            state = await provider.probe()
        await provider.aclose()
        assert [info.name for info in state.models] == ["a"]


async def test_whoever_is_overloaded_is_busy_and_says_when_to_come_again():
    said = SPOKEN["anthropic"].error("Overloaded")
    scripts = {"claude": lambda a: [a.sized(said, "retry-after: 7", status="529 X")]}
    async with ScriptedUpstream(SPOKEN["anthropic"], ["claude"], scripts) as upstream:
        provider = provided(upstream.url)
        with pytest.raises(UpstreamError) as caught:
            await provider.send(request(), "claude")
        await provider.aclose()
    assert caught.value.fault is FailureKind.BUSY
    assert caught.value.retry_after_seconds == 7
    assert KEY not in str(caught.value)


class Counting(ScriptedUpstream):
    """Counts tokens."""

    said = b'{"input_tokens": 42}'

    def _described(self, asked):
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(self.said), self.said)


@pytest.mark.parametrize(
    ("said", "tokens"),
    [(b'{"input_tokens": 42}', 42), (b'{"input_tokens": true}', None), (b"[]", None), (b"x", None)],
)
async def test_tokens_are_counted_by_the_upstream(said, tokens):
    body = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    asked = parse(orjson.dumps({**body, "stream": True}))
    async with Counting(SPOKEN["anthropic"], ["claude"]) as upstream:
        upstream.said = said
        provider = provided(upstream.url)
        assert await provider.count_tokens(asked, "claude") == tokens
        await provider.aclose()
        (received,) = upstream.received
    assert received.path == "/v1/messages/count_tokens"
    assert received.headers["x-api-key"] == KEY
    assert json.loads(received.body) == {"model": "claude", "messages": body["messages"]}
