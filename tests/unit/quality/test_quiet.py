"""In the background: nothing is asked while users wait, and one who comes is let past."""

import asyncio

import pytest
from tests.fakes.upstream import FaultUpstream

from gearshift.chat_requests import chat_request
from gearshift.errors import UpstreamError
from gearshift.interface import LLMInterface
from gearshift.providers.base import UpstreamConfig
from gearshift.quality.quiet import QuietAsker

REQUEST = chat_request("What time is it?")


class Costs(list):
    def __call__(self, upstream, model, usage):
        self.append((upstream, model, usage))


async def interface(upstream):
    config = UpstreamConfig("fake", "openai", f"{upstream.url}/v1", models=upstream.models)
    return LLMInterface(upstreams=(config,))


async def test_it_waits_until_nobody_is_served():
    async with FaultUpstream() as upstream, await interface(upstream) as llm:
        costs = Costs()
        quiet = QuietAsker(lambda: llm, 0, costs)
        llm.in_flight.begun()
        asking = asyncio.create_task(quiet.tier(REQUEST, is_largest=True))
        await asyncio.sleep(0.3)
        assert not asking.done()
        assert not any(one.method == "POST" for one in upstream.received)
        llm.in_flight.ended()
        assert (await asking).content
        assert [(name, model) for name, model, _ in costs] == [("fake", "mistral:7b-instruct")]
        assert llm.in_flight.count == 0


async def test_it_gives_way_and_tries_again():
    async with FaultUpstream() as upstream, await interface(upstream) as llm:
        upstream.fault = "stall_before_head"
        costs = Costs()
        quiet = QuietAsker(lambda: llm, 0, costs)
        asking = asyncio.create_task(quiet.tier(REQUEST, is_largest=True))
        await asyncio.sleep(0.15)
        llm.in_flight.begun()  # a user comes
        await asyncio.sleep(0.15)
        assert upstream.open_answers == 0
        upstream.fault = ""
        llm.in_flight.ended()
        assert (await asking).content
        assert len(costs) == 2


async def test_a_tier_that_nobody_serves_is_an_error():
    async with FaultUpstream() as upstream, await interface(upstream) as llm:
        upstream.models = ()
        with pytest.raises(UpstreamError):
            await QuietAsker(lambda: llm, 0, Costs()).model(REQUEST, "enormous")
