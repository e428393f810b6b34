"""One list of upstreams: who starts and closes what it has, and what outlives a change."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import provider as fake
from tests.fakes.finished import decision
from tests.fakes.shared import Kept

from gearshift import registry
from gearshift.cache.base import CacheConfig
from gearshift.cache.memory import MemoryCache
from gearshift.cache.store import AnswerStore
from gearshift.client.embeddings import embedding_request
from gearshift.client.requests import chat_request
from gearshift.config.loading import Settings
from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.call import Call
from gearshift.pipeline.circuit_breakers import Opened
from gearshift.pipeline.findings import encode
from gearshift.pipeline.prefix_affinity import prefixes_of
from gearshift.pipeline.shared_probes import _stamp
from gearshift.pipeline.upstream_identity import shared_identities
from gearshift.pipeline.upstreams import Upstreams
from gearshift.providers.base import Deadlines
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import (
    CacheResult,
    Chunk,
    Deployment,
    EmbeddingResponse,
    Frame,
)


@pytest.fixture(autouse=True)
def _echoes(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)


def upstream(name="here", **changes):
    models = ["gemma2:2b", "mistral:7b-instruct"]
    given = {"name": name, "provider": "openai", "base_url": "http://h/v1", "models": models}
    return {**given, **changes}


def made(*upstreams, previous=None, store=None, sinks=(), shared=None, **blocks):
    given = {"upstreams": [*(upstreams or (upstream(),))], **blocks}
    settings = Settings.model_validate(given)
    configs = settings.upstream_configs()
    return Upstreams(settings, configs, sinks, store, previous, shared)


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


def test_circuits_wait_as_long_as_the_settings_say():
    circuit = {"failures": 1, "open_seconds": 500, "longest_open_seconds": 600}
    upstreams = made(circuit=circuit)
    where = [Deployment("here", model) for model in ("gemma2:2b", "mistral:7b-instruct")]
    for deployment, asked_to_wait, longest in ((where[0], None, 500), (where[1], 9_999, 600)):
        error = UpstreamError("no", fault=FailureKind.FAILED, retry_after_seconds=asked_to_wait)
        upstreams.circuits.failed(deployment, error)
        with pytest.raises(UpstreamError) as caught:
            upstreams.circuits.check(deployment)
        seconds = caught.value.retry_after_seconds
        assert seconds is not None
        assert longest - 90 < seconds <= longest


def test_the_model_for_embeddings_is_looked_after():
    (health,) = made(embeddings={"model": "gemma2:2b"}).health.embeddings_health()
    assert health.deployment == Deployment("here", "gemma2:2b")
    assert made().health.embeddings_health() == []


# --- where processes share what they know


class Sharing:
    """Has no Redis; others try whatever is to be tried."""

    member, members, is_available = "me", 2, True

    def now(self):
        return 0.0

    def tell(self, *command):
        """Nobody hears it."""

    announce = look_again = tell

    async def ask(self, question):
        return 0


def sharing() -> Any:
    return Sharing()


class Informed(fake.EchoProvider):
    """Goes by what others find."""

    def inform(self, state):
        self.events.append(state)


@pytest.fixture
def _informed(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", f"{__name__}:Informed")


async def test_what_another_process_tries_is_not_tried_here():
    upstreams = made(upstream("here"), upstream("there"), shared=sharing())
    first = Deployment("here", "gemma2:2b")
    upstreams.circuits.opened_elsewhere(first, Opened(0.0, 1, FailureKind.FAILED, "it broke"))
    other = replace(SMALL, deployment=Deployment("there", "gemma2:2b"))
    await asked(upstreams.pipeline.handler, hello(), SMALL, other)
    assert [upstreams.providers[name].asked for name in ("here", "there")] == [[], ["gemma2:2b"]]


@pytest.mark.usefixtures("_informed")
async def test_one_that_goes_by_what_others_find_is_probed_by_one_of_them():
    upstreams = made(shared=sharing())
    circuits, probes = upstreams.shared_parts
    assert (circuits, probes) == (upstreams.shared_circuits, upstreams.shared_probes)
    assert upstreams.health.probes is probes
    assert not upstreams.shared_probes.is_mine("here")
    round_ = Kept()
    state = await upstreams.providers["here"].probe()
    value = encode(state)
    (identity,) = shared_identities(upstreams.configs, upstreams.providers).values()
    found = f"gearshift-state:1:found:{identity}"
    round_.values = {found: value, f"{found}:stamp": [_stamp(value)]}
    round_.scripts = [[0]]
    await probes.look(round_)
    assert upstreams.providers["here"].events == [state]
    assert upstreams.health.states == {"here": state}


def test_others_are_probed_by_each():
    upstreams = made(shared=sharing())
    assert upstreams.shared_probes.is_mine("here")
    assert made().shared_parts == ()


@pytest.mark.usefixtures("_informed")
async def test_a_change_of_settings_goes_on_with_what_is_shared():
    old, round_ = made(shared=sharing()), Kept()
    round_.scripts = [[1]]
    await old.shared_probes.look(round_)
    (identity,) = shared_identities(old.configs, old.providers).values()
    open_one = f"{identity}/gemma2:2b".encode(), b'[1700000001,1,"failed","m"]'
    round_.values["gearshift-state:1:circuits"] = [*open_one]
    await old.shared_circuits.look(round_)
    new = made(shared=sharing(), limits={"max_queue": 3}, previous=old)
    assert new.shared_probes.is_mine("here")
    assert new.circuits.is_any_open("here")
    round_.values.clear()
    await new.shared_circuits.look(round_)
    assert not new.circuits.is_any_open("here")


def test_sharing_may_begin_and_end_with_a_change_of_settings():
    begun = made(shared=sharing(), previous=made())
    assert len(begun.shared_parts) == 2
    assert made(previous=begun).shared_parts == ()


# --- with a cache


class Embedding(fake.EchoProvider):
    """Makes a vector of each text, too."""

    async def embed(self, request, model):
        self.asked.append(model)
        vectors = tuple(b"[1]" for _ in request.inputs)
        return EmbeddingResponse(Frame(b"{}", Chunk(), is_end=True), vectors)


SMALL, LARGE = (
    Candidate(Deployment("here", model), "openai", tier)
    for tier, model in (("simple", "gemma2:2b"), ("complex", "mistral:7b-instruct"))
)


def store():
    return AnswerStore(lambda: MemoryCache(CacheConfig(1_000_000)))


def cached(**settings):
    return made(store=store(), cache={"enabled": True, **settings})


async def asked(handler, request, *candidates):
    """What the cache did for a request."""
    first = candidates[0]
    own = decision(first.tier, model=first.deployment.model, upstream="here")
    call = Call(request, own, candidates, time.perf_counter())
    await handler(call)
    return call.cache and call.cache.result


def hello():
    return chat_request("hello", options={"temperature": 0})


HIT, MISS, BYPASS = CacheResult


async def test_answers_are_kept_where_there_is_somewhere_to_keep_them():
    upstreams, without = cached(), made(cache={"enabled": True})
    found = [await asked(upstreams.pipeline.handler, hello(), SMALL) for _ in range(2)]
    assert (found, upstreams.providers["here"].asked) == ([MISS, HIT], ["gemma2:2b"])
    assert await asked(without.pipeline.handler, hello(), SMALL) is None
    assert upstreams.pipeline.refreshing is None


async def test_a_larger_tiers_answers_are_there_for_the_smaller_ones():
    handler = cached().pipeline.handler
    found = [await asked(handler, hello(), *them) for them in ((LARGE,), (SMALL, LARGE))]
    assert found == [MISS, HIT]


async def test_vectors_are_kept_too(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", f"{__name__}:Embedding")
    upstreams = cached()
    request = embedding_request("hello")
    found = [await asked(upstreams.pipeline.embedder, request, SMALL) for _ in range(2)]
    assert (found, upstreams.providers["here"].asked) == ([MISS, HIT], ["gemma2:2b"])


async def test_stale_answers_are_refreshed_where_a_setting_says_so(monkeypatch):
    upstreams = cached(ttl_seconds=60, stale_seconds=60)
    handler, refreshing = upstreams.pipeline.handler, upstreams.pipeline.refreshing
    assert await asked(handler, hello(), SMALL) is MISS
    later = time.time() + 70
    monkeypatch.setattr("gearshift.pipeline.cache.time.time", lambda: later)
    assert await asked(handler, hello(), SMALL) is HIT
    assert refreshing is not None
    await asyncio.gather(*refreshing._tasks.values())
    assert upstreams.providers["here"].asked == ["gemma2:2b"] * 2
    await upstreams.aclose()


def test_conversations_stay_where_a_setting_says_so_and_a_change_of_others_loses_nothing():
    affine: dict[str, object] = {"cache": {"prefix_affinity": True}}
    both = (SMALL, replace(SMALL, deployment=Deployment("there", "gemma2:2b")))
    places = [upstream("here"), upstream("there")]
    for chosen in both:
        old = made(*places, **affine)
        assert old.affinity is not None
        old.affinity.learn(prefixes_of(hello()), chosen.deployment)
        new = made(*places, **affine, limits={"max_queue": 3}, previous=old)
        assert new.affinity is not None
        assert new.affinity.ordered(hello(), both)[0][0] is chosen
        assert made(*places, previous=new).affinity is None
        assert made(*places, **affine, previous=made(*places)).affinity is not None
