"""A tier that hangs leaves the others what they need at the upstream that they share."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import pytest
from tests.fakes.dialects import SPOKEN
from tests.fakes.scripted import Act, ScriptedUpstream

MODELS = {"simple": "small", "middle": "medium", "complex": "large"}
HANGING = 150
ASKING = 12


def hang(answering):
    return [Act.HANG]


def settings(upstream: ScriptedUpstream, tiers: dict[str, str], **limits: int) -> dict:
    below = {"simple": 3, "middle": 6}
    routing = {
        "tiers": [
            {"name": tier, "deployments": [model]}
            | ({"below": below[tier]} if tier != "complex" else {})
            for tier, model in tiers.items()
        ]
    }
    return {
        "upstreams": [upstream.settings("ollama")],
        "tiered_routing": routing,
        "limits": {"connect_seconds": 60, **limits},  # all of them are one busy process
    }


async def ask(session: aiohttp.ClientSession, url: str, model: str) -> int:
    body = SPOKEN["openai"].question(model, stream=False)
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        await response.read()
        return response.status


@pytest.mark.timeout(300)  # for ever, but for a machine that is busy with more than this
@pytest.mark.parametrize(
    ("tiers", "stuck", "asked", "limits"),
    [
        (("simple", "complex"), ["complex"], "simple", {}),
        (("simple", "complex"), ["simple"], "complex", {}),
        (("simple", "complex"), ["complex"], "simple", {"max_queue": 72}),
        (("simple", "complex"), ["complex"], "simple", {"max_in_flight": 2, "max_queue": 80}),
        (("simple", "middle", "complex"), ["middle", "complex"], "simple", {}),
        (("simple", "complex"), ["other"], "simple", {}),
        (("simple", "complex"), ["complex"], "other", {}),
    ],
    ids=["two", "the small one", "queue full", "two places", "three", "named", "ask named"],
)
async def test_requests_of_other_tiers_are_answered(gateway, tiers, stuck, asked, limits):
    names = {**{tier: MODELS[tier] for tier in tiers}, "other": "other"}
    models = list(names.values())
    scripts = {names[tier]: hang for tier in stuck}
    async with ScriptedUpstream(SPOKEN["ollama"], models, scripts) as upstream:

        def hung() -> int:
            return sum(len(upstream.answered[names[tier]]) for tier in stuck)

        config = settings(upstream, {tier: names[tier] for tier in tiers}, **limits)
        async with (
            gateway(config) as url,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            hanging = [asyncio.create_task(ask(session, url, tier)) for tier in stuck * HANGING]
            places = limits.get("max_in_flight", 64)
            while hung() < places // 2:
                assert not all(task.done() for task in hanging)
                await asyncio.sleep(0.01)
            answers = [await ask(session, url, asked) for _ in range(3)]
            answers += await asyncio.gather(*(ask(session, url, asked) for _ in range(ASKING)))
            assert answers == [200] * len(answers)
            for task in hanging:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*hanging, return_exceptions=True)
