"""Three real gateways before two upstreams that share a Redis: what holds for all of them."""

import asyncio
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import pytest
from tests.e2e.conftest import Served, serving_beside
from tests.fakes.ports import reserved_port
from tests.fakes.redis import OwnRedis, own_redis
from tests.fakes.upstream import FaultUpstream

pytestmark = pytest.mark.timeout(240)
EASY, HARD = "What time is it?", "Explain async vs threads"
RATE = 120
FREE = "free-key-free-key-free"
SETTINGS = """
upstreams:
  - {{name: a, provider: openai, base_url: "{a}/v1", health: {{every_seconds: 1}}}}
  - {{name: b, provider: openai, base_url: "{b}/v1", health: {{every_seconds: 1}}}}
shared_state: {{redis_url: "{redis}"}}
retries: {{attempts: 0}}
auth:
  api_keys:
    - {{name: free, key: "free-key-free-key-free"}}
    - {{name: limited, key: "limited-key-limited-key", requests_per_minute: {rate}}}
"""


@dataclass
class Fleet:
    """Everything that runs."""

    gateways: list[Served]
    redis: OwnRedis
    first: FaultUpstream
    second: FaultUpstream
    client: aiohttp.ClientSession

    async def ask(
        self, number, text, path="/v1/chat/completions", key="free-key-free-key-free", **headers
    ):
        """Status and headers of an answer, or the decision where nothing is asked."""
        body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
        url = f"{self.gateways[number % 3].url}{path}"
        headers = {"authorization": f"Bearer {key}", **headers}
        async with self.client.post(url, json=body, headers=headers) as response:
            answer = await response.json()
            return response.status, answer if path == "/v1/route" else response.headers

    async def decided(self, number, text=EASY, **more):
        _, decision = await self.ask(number, text, path="/v1/route", **more)
        return decision

    async def changed(self, number, threshold):
        url = f"{self.gateways[number].admin}/admin/api/tiered-routing/config"
        async with self.client.post(url, json={"complexity_threshold": threshold}) as response:
            assert response.status == 200

    async def agree(self, threshold, numbers=(0, 1, 2)):
        async def do():
            decisions = [await self.decided(number) for number in numbers]
            hashes = {decision["config_hash"] for decision in decisions}
            return len(hashes) == 1 and {d["threshold"] for d in decisions} == {threshold}

        await until(do)

    async def available(self, expected):
        async def is_so():
            for gateway in self.gateways:
                async with self.client.get(f"{gateway.admin}/metrics") as response:
                    text = await response.text()
                found = re.search(r"^gearshift_shared_state_available (\d)", text, re.MULTILINE)
                if not found or int(found[1]) != expected:
                    return False
            return True

        await until(is_so)

    def holders(self):
        """Who probes which upstream."""
        keys = self.redis.say("KEYS", "gearshift-state:1:prober:*")
        return {key: self.redis.say("GET", key) for key in keys}


async def until(is_so):
    async with asyncio.timeout(60):
        while not await is_so():  # noqa: ASYNC110 - they are other processes
            await asyncio.sleep(0.05)


@pytest.fixture
async def fleet(tmp_path):
    async with AsyncExitStack() as stack:
        port = stack.enter_context(reserved_port())
        redis = stack.enter_context(own_redis(port, tmp_path))
        first = await stack.enter_async_context(FaultUpstream())
        second = await stack.enter_async_context(FaultUpstream())

        async def started(name):
            (folder := tmp_path / name).mkdir()
            text = SETTINGS.format(a=first.url, b=second.url, redis=redis.url, rate=RATE)
            (folder / "c.yaml").write_text(text)
            return await stack.enter_async_context(serving_beside(folder, "--config", "c.yaml"))

        gateways = [await started(name) for name in ("one", "two", "three")]
        client = await stack.enter_async_context(aiohttp.ClientSession())
        yield Fleet(gateways, redis, first, second, client)


async def test_what_three_gateways_share_and_how_they_go_on_without_it(fleet):
    await fleet.available(1)
    await one_probes_each_upstream(fleet)
    await a_limit_holds_for_all(fleet)
    await a_conversation_stays(fleet)
    await what_one_found_broken_is_not_asked(fleet)
    await a_change_is_made_at_all(fleet)
    await without_redis_they_go_on(fleet)
    await who_dies_is_replaced(fleet)


async def one_probes_each_upstream(fleet):
    async def are_two():
        return len(fleet.holders()) == 2

    await until(are_two)


async def a_limit_holds_for_all(fleet):
    began = time.monotonic()
    asked = (
        fleet.ask(number, EASY, path="/v1/route", key="limited-key-limited-key")
        for number in range(2 * RATE)
    )
    statuses = [status for status, _ in await asyncio.gather(*asked)]
    refilled = (time.monotonic() - began) * RATE / 60
    passed = statuses.count(200)
    assert set(statuses) == {200, 429}
    # A request that this busy machine holds up for too long counts in one process only.
    assert 0.9 * RATE <= passed <= 1.05 * (RATE + refilled)


async def a_conversation_stays(fleet):
    headers = {"x-session-id": "a conversation"}
    for number in (1, 2, 3):

        async def is_on_complex(number=number):
            # Again, as what a process tells while this busy machine holds Redis up is lost.
            await fleet.ask(0, HARD, **headers)
            _, told = await fleet.ask(number, EASY, **headers)
            return told["x-gearshift-tier"] == "complex"

        await until(is_on_complex)

    async def is_known_before_it_is_asked():
        await fleet.ask(0, HARD, **headers)
        decision = await fleet.decided(1, **headers)
        return (decision["tier"], decision["cause"]) == ("complex", "session")

    await until(is_known_before_it_is_asked)
    other = await fleet.decided(1, **{"x-session-id": "another"})
    assert (other["tier"], other["cause"]) == ("simple", "scored")


async def what_one_found_broken_is_not_asked(fleet):
    fleet.first.fault = "failed"

    async def goes_to(number, upstream):
        status, told = await fleet.ask(number, EASY)
        return status == 200 and told["x-gearshift-upstream"] == upstream

    while not fleet.redis.say("HLEN", "gearshift-state:1:circuits"):
        assert await goes_to(0, "b")

    async def is_known():
        asked = len(fleet.first.asked)
        return await goes_to(1, "b") and len(fleet.first.asked) == asked

    await until(is_known)  # it may be tried in between, but not by each of them each time
    fleet.first.fault = ""
    for number in range(3):

        async def is_well(number=number):
            return await goes_to(number, "a")

        await until(is_well)


async def a_change_is_made_at_all(fleet):
    await fleet.agree(3.0)
    await fleet.changed(1, 4.5)
    await fleet.agree(4.5)
    await fleet.changed(2, 5.5)
    await fleet.agree(5.5)


async def without_redis_they_go_on(fleet):
    fleet.redis.kill()
    await fleet.available(0)
    for number in range(6):
        assert (await fleet.ask(number, EASY))[0] == 200
    await fleet.changed(0, 6.5)
    fleet.redis.start()
    await fleet.available(1)
    await fleet.agree(6.5)


async def who_dies_is_replaced(fleet):
    async def are_two():
        return len(fleet.holders()) == 2

    await until(are_two)
    fleet.gateways[0].process.kill()
    await asyncio.to_thread(fleet.gateways[0].process.wait)
    fleet.gateways = [fleet.gateways[1], fleet.gateways[2], fleet.gateways[1]]

    async def only_others():
        count = fleet.redis.say("ZCARD", "gearshift-state:1:members")
        members = set(fleet.redis.say("ZRANGE", "gearshift-state:1:members", 0, -1))
        return count == 2 and len(fleet.holders()) == 2 and set(fleet.holders().values()) <= members

    await until(only_others)
    await fleet.changed(1, 2.5)
    await fleet.agree(2.5)
