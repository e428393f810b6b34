"""What probes find, and what follows from it."""

import asyncio
import time
from typing import Any

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
