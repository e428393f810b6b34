"""One list of upstreams: who starts and closes what it has, and what outlives a change."""

from dataclasses import replace

import pytest
from tests.fakes import provider as fake

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.upstreams import Upstreams
from gearshift.providers.base import Deadlines
from gearshift.types import Deployment


@pytest.fixture(autouse=True)
def _echoes(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)


def upstream(name="here", **changes):
    models = ["gemma2:2b", "mistral:7b-instruct"]
    given = {"name": name, "provider": "openai", "base_url": "http://h/v1", "models": models}
    return {**given, **changes}


def made(*upstreams, previous=None, **blocks):
    given = {"upstreams": [*(upstreams or (upstream(),))], **blocks}
    settings = Settings.model_validate(given)
    return Upstreams(settings, settings.upstream_configs(), previous=previous)


def test_other_processes_are_told_the_addresses_of_engines():
    class Engines(fake.EchoProvider):
        @property
        def shared_config(self):
            return replace(self.config, options={"m": "http://127.0.0.1:7"})

    upstreams = made()
    assert upstreams.running() == upstreams.configs
    upstreams.providers["here"] = Engines(upstreams.configs[0], Deadlines())
    assert upstreams.running()[0].options == {"m": "http://127.0.0.1:7"}


async def test_what_it_has_is_started_and_closed():
    upstreams = made(upstream("a"), upstream("b"))
    await upstreams.start()
    assert all(state.is_reachable for state in upstreams.health.states.values())
    await upstreams.aclose()
    assert [upstreams.providers[name].events for name in "ab"] == [["start", "aclose"]] * 2


async def test_what_is_the_same_goes_on_and_is_closed_by_whoever_has_it_last():
    old = made(upstream("same"), upstream("changed"))
    await old.start()
    changed = upstream("changed", base_url="http://other/v1")
    new = made(upstream("same"), changed, previous=old)
    same, before, after = old.providers["same"], old.providers["changed"], new.providers["changed"]
    assert new.providers["same"] is same
    assert after.inherited is before
    await new.start()
    old.hand_over(new)
    await old.aclose()
    assert (same.events, before.events) == (["start"], ["start", "aclose"])
    await new.aclose()
    assert (same.events, after.events) == (["start", "aclose"], ["start", "aclose"])


async def test_upstreams_come_and_go():
    old = made(upstream("stays", base_url="http://other/v1"), upstream("goes"))
    new = made(upstream("stays"), upstream("comes"), previous=old)
    assert new.providers["stays"].inherited is old.providers["stays"]
    assert new.providers["comes"].inherited is None


async def test_what_failed_at_another_address_may_do_now():
    old = made(upstream("same"), upstream("changed"), circuit={"failures": 1})
    for name in ("same", "changed"):
        gone = UpstreamError("gone", fault=FailureKind.FAILED)
        old.circuits.failed(Deployment(name, "gemma2:2b"), gone)
    changed = upstream("changed", base_url="http://other/v1")
    new = made(upstream("same"), changed, previous=old, circuit={"failures": 1})
    old.hand_over(new)
    assert [new.circuits.is_any_open(name) for name in ("same", "changed")] == [True, False]


async def test_every_step_that_learns_goes_on_with_what_the_one_before_knows():
    """Each of them has its own tests of what that is; here, that every one is asked."""
    hedging = {"enabled": True}
    old = made(hedging=hedging)
    told = []
    for step in old.pipeline.stateful:
        kind = type(step)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "carry_over", lambda *carried: told.append(carried))
            new = made(hedging={**hedging, "percentile": 90}, previous=old)
        (successor, previous, unchanged) = told.pop()
        assert (type(successor), previous, list(unchanged)) == (kind, step, ["here"])
        assert successor in new.pipeline.stateful
    names = {type(step).__name__ for step in old.pipeline.stateful}
    assert names == {"Admission", "CircuitBreakers", "HealthMonitor", "RetryBudget", "Hedging"}


def test_other_deadlines_make_other_providers():
    old = made()
    new = made(limits={"idle_seconds": 1}, previous=old)
    assert new.providers["here"] is not old.providers["here"]
    assert new.providers["here"].deadlines.idle_seconds == 1
