"""One interface takes over from another."""

import asyncio
import threading
from contextlib import asynccontextmanager

import pytest
from tests.fakes.upstream import FaultUpstream

from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.pipeline import health
from gearshift.serving.live_interface import LiveInterface


def settings(*upstreams, **blocks):
    listed = [
        {"name": f"u{n}", "provider": "openai", "base_url": f"{fake.url}/v1"}
        for n, fake in enumerate(upstreams)
    ]
    return Settings.model_validate({"upstreams": listed, **blocks})


async def change(live, new):
    await live.prepare(new, new.upstream_configs())
    return live.commit()


@asynccontextmanager
async def in_force_with(first):
    async with LiveInterface(first, first.upstream_configs()) as live:
        yield live


async def test_what_is_the_same_is_taken_over_and_the_rest_is_closed():
    async with FaultUpstream() as one, FaultUpstream() as two, FaultUpstream() as three:
        async with in_force_with(settings(one, two)) as live:
            old, followed = live.llm, []
            live.follow(followed.append)
            closed = await change(live, settings(one, three))
            new = live.llm
            assert followed == [old, new]
            assert new.providers["u0"] is old.providers["u0"]
            assert new.providers["u1"] is not old.providers["u1"]
            await closed
            assert (await new.chat_completion("hi")).content == "one two three"
        assert two.asked == []


async def test_an_answer_in_flight_outlives_several_changes():
    async with FaultUpstream() as one, FaultUpstream() as two:
        one.pause_seconds = 0.2
        async with in_force_with(settings(one)) as live:
            stream = await live.llm.chat_completion("hi", stream=True)
            # The second takes the connection over, the third has no use for it any more.
            first = await change(live, settings(one, tiered_routing={"enabled": False}))
            second = await change(live, settings(two))
            await asyncio.sleep(0)
            assert not first.done()
            assert not second.done()
            assert live.in_flight == 1
            assert [chunk.content async for chunk in stream if chunk.content] == [
                "one",
                " two",
                " three",
            ]
            await asyncio.gather(first, second)
            assert live.in_flight == 0


async def test_a_change_that_fails_leaves_nothing_behind():
    async with FaultUpstream() as one, in_force_with(settings(one)) as live:
        old = live.llm
        engine = {"name": "e", "provider": "embedded", "model_paths": {"m": "nowhere.gguf"}}
        bad = Settings.model_validate({"upstreams": [engine]})
        tasks = asyncio.all_tasks()
        with pytest.raises(GearshiftError, match=r"nowhere\.gguf"):
            await live.prepare(bad, bad.upstream_configs())
        assert asyncio.all_tasks() <= tasks
        assert live.llm is old
        assert (await old.chat_completion("hi")).content == "one two three"


async def test_what_is_known_of_upstreams_goes_on_where_they_are_the_same(monkeypatch):
    monkeypatch.setattr(health, "FIRST_PROBE_SECONDS", 0.2)
    models = {
        "tiered_routing": {"models": {"simple": "u0/m", "complex": "u1/m"}},
        "circuit": {"open_seconds": 30},
    }
    async with (
        FaultUpstream(models=("m",)) as one,
        FaultUpstream(models=("m",)) as two,
        in_force_with(settings(one, two, **models)) as live,
    ):
        one.fault = two.fault = "missing_model"
        with pytest.raises(UpstreamError):
            await live.llm.chat_completion("hi")
        one.fault = "hung"  # nothing new is learnt of it
        await change(live, settings(one, one, **models))
        tiers = live.llm.tier_health()
        assert tiers["simple"][0].in_cooldown
        assert not tiers["complex"][0].in_cooldown
        assert live.llm.upstream_states()["u0"].is_reachable
        assert "u1" not in live.llm.upstream_states()


async def test_what_is_known_is_taken_over_where_it_changes(monkeypatch):
    """Requests and probes write it in the event loop's thread, so no other may read it."""
    threads = []
    carry_over = health.HealthMonitor.carry_over

    def noting(self, *args):
        threads.append(threading.current_thread())
        carry_over(self, *args)

    monkeypatch.setattr(health.HealthMonitor, "carry_over", noting)
    async with FaultUpstream() as one, in_force_with(settings(one)) as live:
        await change(live, settings(one, tiered_routing={"complexity_threshold": 5}))
    assert threads == [threading.main_thread()]
