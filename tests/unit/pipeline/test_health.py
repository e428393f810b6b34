"""What probes find, and what follows from it."""

import asyncio
import time
from typing import Any

import pytest

from gearshift.errors import Fault, UpstreamError
from gearshift.pipeline.circuits import Circuits
from gearshift.pipeline.health import HealthMonitor
from gearshift.providers.base import UpstreamConfig
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import (
    Capability,
    ChatRequest,
    ModelInfo,
    Operation,
    Readiness,
    UpstreamState,
)


class ProbedProvider:
    def __init__(self, state):
        self.state = state

    async def probe(self):
        if self.state is None:
            await asyncio.sleep(3600)
        return self.state


def monitor(state, provider="ollama"):
    upstream = UpstreamConfig("local", provider, "http://local")
    providers: dict[str, Any] = {"local": ProbedProvider(state)}
    return HealthMonitor(TierConfig(), [upstream], providers, Circuits(time.monotonic))


def up(*models, loading=False):
    infos = tuple(ModelInfo(model) for model in models)
    return UpstreamState(is_reachable=True, is_loading=loading, models=infos)


async def readiness(state):
    health = monitor(state)
    await health.probe_all()
    return {tier: chain[0].readiness for tier, chain in health.tier_health().items()}


async def test_the_levels_of_health():
    down = UpstreamState(is_reachable=False, detail="refused")
    assert await readiness(down) == {
        "simple": Readiness.UNREACHABLE,
        "complex": Readiness.UNREACHABLE,
    }
    assert await readiness(up("gemma2:2b")) == {
        "simple": Readiness.READY,
        "complex": Readiness.MISSING_MODEL,
    }
    assert (await readiness(up("gemma2:2b", loading=True)))["simple"] is Readiness.LOADING
    assert monitor(up()).tier_health()["simple"][0].readiness is Readiness.UNKNOWN


async def test_a_missing_model_names_the_command_that_fetches_it():
    health = monitor(up("gemma2:2b"))
    await health.probe_all()
    assert "ollama pull mistral:7b-instruct" in health.tier_health()["complex"][0].detail


async def test_a_probe_that_hangs_delays_the_start_only_for_a_moment(monkeypatch):
    monkeypatch.setattr("gearshift.pipeline.health.FIRST_PROBE_SECONDS", 0.05)
    health = monitor(None)
    async with asyncio.timeout(2):
        await health.start()
        await health.aclose()


async def test_what_a_model_cannot_do_is_learned_from_its_error():
    health = monitor(up("gemma2:2b", "mistral:7b-instruct"))
    await health.probe_all()
    small = health.topology.tiers["simple"][0]
    request = ChatRequest("openai", Operation.CHAT, "auto", [], needs=frozenset({Capability.TOOLS}))
    error = UpstreamError('"gemma2:2b" does not support tools', fault=Fault.INCAPABLE)
    health.learn_incapable(small.deployment, request, error)
    assert not health.topology.tiers["simple"][0].can_answer(request.needs, 0)
    assert health.topology.tiers["complex"][0].can_answer(request.needs, 0)


class Failing:
    """A provider whose probes raise, then find everything well."""

    def __init__(self, times):
        self.times = times
        self.probes = 0
        self.is_well = asyncio.Event()

    async def probe(self):
        self.probes += 1
        if self.probes <= self.times:
            raise TypeError("unhashable type: 'list'")
        if self.probes > self.times + 1:  # what the one before has found is known now
            self.is_well.set()
        return up("gemma2:2b")


async def test_whatever_a_probe_raises_polling_goes_on_and_says_so_once(monkeypatch, caplog):
    monkeypatch.setattr("gearshift.pipeline.health.TROUBLED_POLL_SECONDS", 0.001)
    failing: Any = Failing(3)
    upstream = UpstreamConfig("local", "ollama", "http://local", health_every_seconds=0.001)
    health = HealthMonitor(TierConfig(), [upstream], {"local": failing}, Circuits(time.monotonic))
    async with asyncio.timeout(20):
        await health.start()
        assert "TypeError" in health.states["local"].detail
        await failing.is_well.wait()
    assert health.states["local"].is_reachable
    await health.aclose()
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


@pytest.mark.parametrize(
    ("every", "is_up", "pauses"),
    [
        (5, True, [5, 5, 5, 5]),
        (600, True, [600, 600, 600, 600]),
        (5, False, [1, 1.5, 2.25, 3.375, 5, 5]),
        (
            600,
            False,
            [1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 17.0859375, 25.62890625, 30],
        ),
        (1, False, [1, 1]),
    ],
)
async def test_the_pace_is_the_upstreams_own_and_slackens_while_it_is_down(
    monkeypatch, every, is_up, pauses
):
    slept = []
    done = asyncio.Event()

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) == len(pauses):
            done.set()
            await asyncio.Event().wait()

    down = UpstreamState(is_reachable=False)
    upstream = UpstreamConfig("local", "ollama", "http://local", health_every_seconds=every)
    probed: Any = ProbedProvider(up("gemma2:2b") if is_up else down)
    health = HealthMonitor(TierConfig(), [upstream], {"local": probed}, Circuits(time.monotonic))
    monkeypatch.setattr("gearshift.pipeline.health.asyncio.sleep", sleep)
    monkeypatch.setattr("gearshift.pipeline.health.random.uniform", lambda low, high: 1.0)
    await health.start()
    await done.wait()
    await health.aclose()
    assert slept == pauses
