"""The one way in: the choice, the call, what there is to choose from, and who closes what."""

import asyncio
from typing import ClassVar

import pytest
from tests.fakes import provider as fake

from gearshift import registry
from gearshift.cache.memory import MemoryCache
from gearshift.catalog.served_models import ServedModel
from gearshift.client.requests import chat_request
from gearshift.config.loading import Settings
from gearshift.errors import ExhaustedError, FailureKind, RequestError, UpstreamError
from gearshift.interface import LLMInterface
from gearshift.pipeline.cache import AnswerCache
from gearshift.pipeline.fallback import Fallback
from gearshift.pipeline.recording import Recording
from gearshift.providers.base import UpstreamConfig
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import Deployment, ModelInfo, Readiness

SIMPLE, COMPLEX = "What time is it?", "Explain async vs threads"
SMALL, LARGE = "gemma2:2b", "mistral:7b-instruct"


@pytest.fixture(autouse=True)
def _echoes(monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, "openai", fake.TARGET)


def upstream(name="here", models=(SMALL, LARGE), **changes):
    return {
        "name": name,
        "provider": "openai",
        "base_url": "http://127.0.0.1:9/v1",
        "models": list(models),
        **changes,
    }


def echo(llm, name="here"):
    return llm.providers[name]


def settings(*upstreams, **blocks):
    return Settings.model_validate({"upstreams": [*(upstreams or (upstream(),))], **blocks})


# --- the choice


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ({"messages": SIMPLE}, ("openai", SMALL)),
        ({"messages": COMPLEX}, ("openai", LARGE)),
        ({"messages": [{"role": "user", "content": COMPLEX}]}, ("openai", LARGE)),
        ({"messages": SIMPLE, "tier": "complex"}, ("openai", LARGE)),
        ({"messages": SIMPLE, "model": "complex"}, ("openai", LARGE)),
        ({"messages": COMPLEX, "model": SMALL}, ("openai", SMALL)),
    ],
)
def test_an_explicit_choice_wins_over_the_score(asked, chosen):
    assert LLMInterface(settings())._determine_provider_and_model(**asked) == chosen


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"messages": SIMPLE, "model": "nobody"}, 404), ({"messages": SIMPLE, "tier": "mid"}, 400)],
)
def test_an_unknown_choice_is_named(asked, status):
    with pytest.raises(RequestError) as caught:
        LLMInterface(settings())._determine_provider_and_model(**asked)
    assert caught.value.status == status


def test_routing_settings_alone_are_settings():
    llm = LLMInterface(TierConfig.from_mapping({"models": {"simple": "tiny"}}))
    assert llm.settings.tiered_routing.models.simple == "tiny"
    assert LLMInterface().settings == Settings()


# --- the call


async def test_what_is_asked_is_answered_and_told_to_the_sinks():
    told = []
    async with LLMInterface(settings(), sinks=[told.append]) as llm:
        answer = await llm.chat_completion(SIMPLE)
        assert (answer.content, answer.model) == (f"{SMALL}: {SIMPLE}", SMALL)
        async with await llm.chat_completion(COMPLEX, stream=True) as stream:
            assert [chunk.content async for chunk in stream] == [f"{LARGE}: {COMPLEX}"]
    assert [(event.decision.tier, event.status) for event in told] == [
        ("simple", 200),
        ("complex", 200),
    ]
    assert llm.in_flight.count == 0


async def test_who_fails_is_replaced_by_the_next_tier():
    upstreams = upstream("a", [SMALL]), upstream("b", [LARGE])
    async with LLMInterface(settings(*upstreams, retries={"attempts": 0})) as llm:
        echo(llm, "a").failure = UpstreamError("gone", fault=FailureKind.FAILED)
        answer = await llm.chat_completion(SIMPLE)
        assert (answer.model, answer.decision.fallback) == (LARGE, "simple->complex")
        echo(llm, "b").failure = UpstreamError("gone too", fault=FailureKind.FAILED)
        with pytest.raises(ExhaustedError, match="gone too"):
            await llm.chat_completion(SIMPLE)


# --- what there is


async def test_names_that_clients_may_use():
    async with LLMInterface(settings(upstream(models=[SMALL, LARGE, "own:1b"]))) as llm:
        served = llm.served_models()
        assert [(model.name, model.kind) for model in served] == [
            ("auto", "auto"),
            ("simple", "tier"),
            ("complex", "tier"),
            (SMALL, "model"),
            (LARGE, "model"),
            ("own:1b", "model"),
        ]
        assert served[-1] == ServedModel(
            "own:1b", "model", "here", ModelInfo("own:1b", parameters=6)
        )
        names = [model.name for model in llm.served_models(frozenset({"simple"}))]
        assert names[:2] == ["auto", "simple"]
        assert LARGE not in names
        assert "complex" not in names


async def test_who_serves_a_model():
    async with LLMInterface(settings()) as llm:
        assert llm.provider_of(SMALL) == (llm.providers["here"], SMALL)
        assert llm.provider_of(LARGE, frozenset({"simple"})) is None
        assert llm.provider_of("nobody") is None
        assert llm.model_info(Deployment("here", SMALL)) == ModelInfo(SMALL, parameters=9)
        assert llm.model_info(Deployment("here", "other")) is None
        assert llm.model_info(Deployment("elsewhere", SMALL)) is None


async def test_health_is_that_of_each_tiers_deployments():
    llm = LLMInterface(settings())
    assert llm.tier_health()["simple"][0].readiness is Readiness.UNKNOWN
    async with llm:
        (health,) = llm.tier_health()["simple"]
        assert (str(health.deployment), health.readiness) == (f"here/{SMALL}", Readiness.READY)
        assert llm.upstream_states()["here"].detail == "asked"


# --- beginning and end


async def test_it_starts_and_closes_what_it_has_and_may_be_started_again():
    llm = LLMInterface(settings())
    for _ in range(2):
        async with llm:
            pass
    assert echo(llm).events == ["start", "aclose"] * 2


async def test_a_start_that_fails_leaves_nothing_open():
    llm = LLMInterface(settings())

    async def start():
        raise RuntimeError("no engine")

    echo(llm).start = start
    with pytest.raises(RuntimeError, match="no engine"):
        await llm.start()
    assert echo(llm).events == ["aclose"]


def test_given_upstreams_stand_instead_of_the_configured_ones():
    given = UpstreamConfig("given", "openai", "http://h/v1")
    assert set(LLMInterface(settings(), upstreams=[given]).providers) == {"given"}


async def test_without_any_they_are_looked_for_at_the_start(monkeypatch):
    async def discover(settings):
        class Found:
            upstreams = (UpstreamConfig("found", "openai", "http://h/v1", models=(SMALL,)),)
            notices = ("found one",)

        return Found

    monkeypatch.setattr("gearshift.interface.discover", discover)
    llm = LLMInterface(Settings())
    assert set(llm.providers) == {"ollama"}
    async with llm:
        assert set(llm.providers) == {"found"}
        assert llm.notices == ("found one",)


# --- a change of settings


async def test_a_successor_goes_on_with_what_is_the_same_and_owns_it_after_the_hand_over():
    old = LLMInterface(settings(upstream("same"), upstream("changed")))
    await old.start()
    changed = upstream("changed", base_url="http://127.0.0.1:10/v1")
    new = LLMInterface(settings(upstream("same"), changed), previous=old)
    same, before = echo(old, "same"), echo(old, "changed")
    assert echo(new, "same") is same
    after = echo(new, "changed")
    assert after is not before
    assert after.inherited is before
    await new.start()
    assert same.events == ["start"]
    assert after.events == ["start"]
    old.hand_over(new)
    await old.aclose()
    assert same.events == ["start"]
    assert before.events == ["start", "aclose"]
    await new.aclose()
    assert same.events == ["start", "aclose"]


async def test_a_successor_that_is_given_up_closes_nothing_of_its_predecessors():
    async with LLMInterface(settings()) as old:
        new = LLMInterface(settings(hedging={"enabled": True}), previous=old)
        await new.start()
        await new.aclose()
        assert echo(old).events == ["start"]


def test_the_router_is_kept_while_routing_is_the_same():
    old = LLMInterface(settings())
    other = settings(tiered_routing={"complexity_threshold": 4})
    assert LLMInterface(settings(hedging={"enabled": True}), previous=old).router is old.router
    assert LLMInterface(other, previous=old).router is not old.router
    assert LLMInterface(settings()).router is not old.router
    assert LLMInterface(settings(), router=old.router).router is old.router


# --- kept answers


CACHED = {"cache": {"enabled": True}}


async def ask(llm, text=SIMPLE):
    response = await llm.complete(chat_request(text, options={"temperature": 0}))
    await asyncio.sleep(0)  # it is kept once its client has it
    return response.cache.value


class Noted(MemoryCache):
    """A cache in memory that says when it is closed."""

    made: ClassVar[list["Noted"]] = []
    is_closed = False

    def __init__(self, config):
        super().__init__(config)
        self.made.append(self)

    async def close(self):
        await super().close()
        self.is_closed = True


@pytest.fixture
def noted(monkeypatch):
    monkeypatch.setitem(registry.CACHES, "memory", f"{__name__}:Noted")
    monkeypatch.setattr(Noted, "made", [])
    return Noted.made


async def test_kept_answers_outlive_a_change_of_settings(noted):
    async with LLMInterface(settings(**CACHED)) as old:
        assert [await ask(old), await ask(old)] == ["miss", "hit"]
        changed = settings(cache={"enabled": True, "ttl_seconds": 9})
        async with LLMInterface(changed, previous=old) as new:
            assert await ask(new) == "hit"
            old.hand_over(new)
            await old.aclose()
            assert await ask(new) == "hit"
        assert [backend.is_closed for backend in noted] == [True]


async def test_a_successor_that_is_given_up_takes_no_answers_away(noted):
    async with LLMInterface(settings(**CACHED)) as old:
        await ask(old)
        await LLMInterface(settings(**CACHED), previous=old).aclose()
        assert await ask(old) == "hit"
        assert [backend.is_closed for backend in noted] == [False]


@pytest.mark.parametrize("cache", [{"enabled": False}, {"enabled": True, "max_bytes": 20_000}])
async def test_other_bounds_or_none_begin_anew(noted, cache):
    async with LLMInterface(settings(**CACHED)) as old:
        await ask(old)
        async with LLMInterface(settings(cache=cache), previous=old) as new:
            assert await ask(new) == ("miss" if cache["enabled"] else "bypass")
            old.hand_over(new)
            await old.aclose()
            assert noted[0].is_closed


async def test_it_may_be_started_again_with_a_cache(noted):
    llm = LLMInterface(settings(**CACHED))
    for _ in range(2):
        async with llm:
            assert [await ask(llm), await ask(llm)] == ["miss", "hit"]


def test_where_the_cache_is_off_there_is_no_step_for_it():
    for cache, is_there in (({}, False), (CACHED, True)):
        handler = LLMInterface(settings(**cache))._answering._handler
        assert isinstance(handler, Recording)
        assert isinstance(handler._inner, AnswerCache) is is_there
        assert isinstance(handler._inner, Fallback) is not is_there
