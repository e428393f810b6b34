"""What probes find, and what follows from it."""

import asyncio
import itertools
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.steps import run_interrupted

from gearshift.errors import FailureKind, UpstreamError
from gearshift.pipeline.circuit_breakers import CircuitBreakers, State
from gearshift.pipeline.health import DeploymentHealth, HealthMonitor
from gearshift.providers.base import UpstreamConfig
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import (
    Capability,
    ChatRequest,
    Deployment,
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


class PullingFake(ProbedProvider):
    """May get what it does not have."""

    def pull(self, model):
        raise AssertionError(f"{model} is not asked for")

    def pull_command(self, model):
        return f"ollama pull {model}"


def probed(provider, state):
    return PullingFake(state) if provider == "ollama" else ProbedProvider(state)


def monitor(state, provider="ollama"):
    upstream = UpstreamConfig("local", provider, "http://local")
    providers: dict[str, Any] = {"local": probed(provider, state)}
    return HealthMonitor(TierConfig(), [upstream], providers, CircuitBreakers(time.monotonic))


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
    async with asyncio.timeout(30):
        await health.start()
        await health.aclose()


async def test_what_a_model_cannot_do_is_learned_from_its_error():
    health = monitor(up("gemma2:2b", "mistral:7b-instruct"))
    await health.probe_all()
    small = health.topology.tiers["simple"][0]
    request = ChatRequest("openai", Operation.CHAT, "auto", [], needs=frozenset({Capability.TOOLS}))
    error = UpstreamError('"gemma2:2b" does not support tools', fault=FailureKind.INCAPABLE)
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
    health = HealthMonitor(
        TierConfig(), [upstream], {"local": failing}, CircuitBreakers(time.monotonic)
    )
    async with asyncio.timeout(20):
        await health.start()
        assert "TypeError" in health.states["local"].detail
        assert not health.states["local"].is_reachable
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
    health = HealthMonitor(
        TierConfig(), [upstream], {"local": probed}, CircuitBreakers(time.monotonic)
    )
    monkeypatch.setattr("gearshift.pipeline.health.asyncio.sleep", sleep)
    monkeypatch.setattr("gearshift.pipeline.health.random.uniform", lambda low, high: 1.0)
    await health.start()
    await done.wait()
    await health.aclose()
    assert slept == pauses


# --- what is known of each upstream, and what follows for tiers and circuits


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def made(states, *, provider="ollama", models=()):
    """A monitor of the upstreams with these states, and its circuits."""
    upstreams = [UpstreamConfig(name, provider, f"http://{name}", models=models) for name in states]
    providers: dict[str, Any] = {name: probed(provider, state) for name, state in states.items()}
    circuits = CircuitBreakers(Clock(), failures=1)
    return HealthMonitor(TierConfig(), upstreams, providers, circuits), providers, circuits


SMALL = Deployment("local", "gemma2:2b")
FAILED = UpstreamError("said no", fault=FailureKind.FAILED)
DOWN = UpstreamState(is_reachable=False, detail="refused")


async def test_the_model_for_embeddings_is_looked_after_where_one_is_set():
    assert made({"local": up()})[0].embeddings_health() == []
    upstreams = [UpstreamConfig("local", "ollama", "http://local")]
    providers: dict[str, Any] = {"local": probed("ollama", up("embedder"))}
    circuits = CircuitBreakers(Clock(), failures=1)
    health = HealthMonitor(TierConfig(), upstreams, providers, circuits, "embedder")
    await health.probe_all()
    (found,) = health.embeddings_health()
    assert (found.deployment, found.readiness) == (Deployment("local", "embedder"), Readiness.READY)


async def test_the_words_on_each_deployment():
    loading = UpstreamState(is_reachable=True, is_loading=True, detail="loading it")
    found = UpstreamState(is_reachable=True, models=(ModelInfo("gemma2:2b"),), detail="found")
    for state, readiness, detail in (
        (DOWN, Readiness.UNREACHABLE, "refused"),
        (loading, Readiness.LOADING, "loading it"),
        (found, Readiness.READY, "found"),
    ):
        health, _, circuits = made({"local": state})
        assert health.tier_health()["simple"] == [
            DeploymentHealth(SMALL, Readiness.UNKNOWN, "not probed yet")
        ]
        await health.probe_all()
        assert health.tier_health()["simple"] == [DeploymentHealth(SMALL, readiness, detail)]
        circuits.failed(SMALL, FAILED)
        assert health.tier_health()["simple"] == [
            DeploymentHealth(SMALL, readiness, "circuit open after: said no", in_cooldown=True)
        ]


@pytest.mark.parametrize(
    ("provider", "detail"),
    [
        ("ollama", "gemma2:2b is not there; run: ollama pull gemma2:2b"),
        ("openai", "gemma2:2b is not among the models that local serves"),
    ],
)
async def test_how_to_come_by_a_missing_model(provider, detail):
    health, _, _ = made({"local": up("other")}, provider=provider)
    await health.probe_all()
    assert health.tier_health()["simple"] == [
        DeploymentHealth(SMALL, Readiness.MISSING_MODEL, detail)
    ]


async def test_a_server_that_does_not_list_its_models_may_have_any():
    unlisted = UpstreamState(is_reachable=True, lists_models=False, detail="404")
    health, providers, circuits = made({"local": unlisted}, provider="openai")
    await health.probe_all()
    (simple,) = health.tier_health()["simple"]
    assert (simple.readiness, simple.has_model) == (Readiness.READY, None)
    circuits.failed(SMALL, UpstreamError("gone", fault=FailureKind.UNREACHABLE))
    await health.probe_all()
    assert circuits.state(SMALL) is State.CLOSED
    providers["local"].state = replace(unlisted, missing=frozenset({"gemma2:2b"}))
    circuits.failed(SMALL, UpstreamError("no such model", fault=FailureKind.MISSING_MODEL))
    await health.probe_all()
    (simple,) = health.tier_health()["simple"]
    assert (simple.readiness, simple.has_model) == (Readiness.MISSING_MODEL, False)
    assert circuits.state(SMALL) is State.OPEN


async def test_one_that_is_not_listed_holds_up_no_other():
    health, _, circuits = made({"local": up("gemma2:2b")}, provider="openai")
    gone = Deployment("local", "gone")
    for deployment in (gone, SMALL):
        circuits.failed(deployment, UpstreamError("gone", fault=FailureKind.UNREACHABLE))
    await health.probe_all()
    assert (circuits.state(gone), circuits.state(SMALL)) == (State.OPEN, State.CLOSED)


async def test_what_is_listed_but_refused_by_name_stays_alone_until_the_list_changes():
    state = replace(up("gemma2:2b"), missing=frozenset({"gemma2:2b"}))
    health, providers, circuits = made({"local": state}, provider="openai")
    circuits.failed(SMALL, UpstreamError("no such model", fault=FailureKind.MISSING_MODEL))
    for _ in range(2):
        await health.probe_all()
    assert circuits.state(SMALL) is State.OPEN
    assert health.tier_health()["simple"][0].readiness is Readiness.MISSING_MODEL
    providers["local"].state = up("gemma2:2b")
    await health.probe_all()
    assert circuits.state(SMALL) is State.CLOSED


async def test_a_key_that_is_refused_is_heard_of(caplog):
    refused = UpstreamState(is_reachable=True, refuses_key=True, detail="401: bad key")
    health, _, _ = made({"local": refused}, provider="openai")
    await health.probe_all()
    (simple,) = health.tier_health()["simple"]
    assert (simple.readiness, simple.detail) == (Readiness.REFUSED, "401: bad key")
    assert not health._is_well("local")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "WARNING",
        "upstream local refuses its api_key: 401: bad key",
    )


@pytest.mark.parametrize(
    ("before", "is_open"), [(None, True), (up("gemma2:2b"), True), (DOWN, False)]
)
async def test_only_what_was_not_ready_before_earns_a_trial_when_it_is(before, is_open):
    health, providers, circuits = made({"local": before or up("gemma2:2b")})
    if before is not None:
        await health.probe_all()
    circuits.failed(SMALL, FAILED)
    providers["local"].state = up("gemma2:2b")
    await health.probe_all()
    assert circuits.state(SMALL) is (State.OPEN if is_open else State.HALF_OPEN)


async def test_while_it_loads_a_model_nothing_earns_a_trial():
    health, providers, circuits = made({"local": up("gemma2:2b", loading=True)})
    await health.probe_all()
    circuits.failed(SMALL, UpstreamError("gone", fault=FailureKind.UNREACHABLE))
    await health.probe_all()
    assert circuits.state(SMALL) is State.OPEN
    providers["local"].state = up("other", "gemma2:2b")
    await health.probe_all()
    assert circuits.state(SMALL) is State.CLOSED


async def test_the_picture_follows_what_the_probes_find(caplog):
    caplog.set_level("INFO")
    health, providers, _ = made({"local": up("phi3")})
    await health.probe_all()
    first = health.topology
    assert [str(target.deployment) for target in first.of_model("phi3")] == ["local/phi3"]
    await health.probe_all()
    assert health.topology is first  # nothing is new
    providers["local"].state = up("other")
    await health.probe_all()
    assert health.topology.of_model("phi3") == ()
    providers["local"].state = DOWN
    for _ in range(2):
        await health.probe_all()
    assert [record.getMessage() for record in caplog.records] == [
        "upstream local is reachable: ",
        "upstream local is not reachable: refused",
    ]


@pytest.mark.parametrize(
    ("need", "words", "is_learned"),
    [
        (Capability.TOOLS, "does not support Tools", True),
        (Capability.VISION, "no IMAGE input", True),
        (Capability.VISION, "vision is not supported", True),
        (Capability.VISION, "not multimodal", True),
        (Capability.VISION, "hint: provide the mmproj", True),
        (Capability.THINKING, "does not support thinking", True),
        (Capability.THINKING, "reasoning is off", True),
        (Capability.THINKING, "does not support tools", False),
        (Capability.TOOLS, "no image input", False),
    ],
)
async def test_what_is_learned_is_what_was_needed_and_is_named(need, words, is_learned):
    health, _, _ = made({"local": up("gemma2:2b")})
    request = ChatRequest("openai", Operation.CHAT, "auto", [], needs=frozenset({need}))
    before = health.topology
    health.learn_incapable(SMALL, request, UpstreamError(words, fault=FailureKind.INCAPABLE))
    (target,) = health.topology.tiers["simple"]
    assert target.can_answer(frozenset({need}), 0) != is_learned
    assert (health.topology is before) != is_learned


def test_what_was_learned_before_is_kept():
    health, _, _ = made({"local": up("gemma2:2b")})
    both = frozenset({Capability.TOOLS, Capability.VISION})
    request = ChatRequest("openai", Operation.CHAT, "auto", [], needs=both)
    for words in ("no tools", "no images"):
        health.learn_incapable(SMALL, request, UpstreamError(words, fault=FailureKind.INCAPABLE))
    (target,) = health.topology.tiers["simple"]
    assert target.capabilities == frozenset(Capability) - both


async def test_what_is_known_of_the_same_upstreams_is_taken_over_and_of_others_not():
    old, _, _ = made({"local": up("gemma2:2b"), "other": up("gemma2:2b")})
    await old.probe_all()
    request = ChatRequest("openai", Operation.CHAT, "", [], needs=frozenset({Capability.TOOLS}))
    for name in ("local", "other"):
        error = UpstreamError("no tools", fault=FailureKind.INCAPABLE)
        old.learn_incapable(Deployment(name, "gemma2:2b"), request, error)
    new, _, _ = made({"local": None, "other": None}, models=("gemma2:2b",))
    new.carry_over(old, {"local"})
    assert new.states == {"local": old.states["local"]}
    local, other = new.topology.tiers["simple"]
    assert [target.can_answer(request.needs, 0) for target in (local, other)] == [False, True]
    assert [one.readiness for one in new.tier_health()["simple"]] == [
        Readiness.READY,
        Readiness.UNKNOWN,
    ]


async def test_a_probe_without_an_answer_is_given_up(monkeypatch):
    monkeypatch.setattr("gearshift.pipeline.health.PROBE_SECONDS", 0.01)
    health, _, _ = made({"local": None, "other": up("gemma2:2b")})
    await health.probe_all()
    assert health.states == {
        "local": UpstreamState(is_reachable=False, detail="no answer in 0 s"),
        "other": up("gemma2:2b"),
    }


@pytest.mark.parametrize("trouble", ["circuit", "loading", "down", "none"])
async def test_an_upstream_is_well_when_it_is_ready_and_none_of_its_circuits_is_open(trouble):
    state = {"down": DOWN, "loading": up("gemma2:2b", loading=True)}
    health, _, circuits = made({"local": state.get(trouble, up("gemma2:2b"))})
    assert not health._is_well("local")
    await health.probe_all()
    circuits.failed(Deployment("other", "gemma2:2b"), FAILED)
    if trouble == "circuit":
        circuits.failed(SMALL, FAILED)
    assert health._is_well("local") == (trouble == "none")


@pytest.mark.parametrize("scatter", [0.9, 1.1])
def test_each_pause_is_scattered_and_the_pace_comes_back_when_all_is_well(monkeypatch, scatter):
    slept = []

    def uniform(low, high):
        assert (low, high) == (0.9, 1.1)
        return scatter

    monkeypatch.setattr("gearshift.pipeline.health.random.uniform", uniform)

    async def scenario():
        health, providers, _ = made({"local": DOWN})
        loop = asyncio.get_running_loop()
        probe = providers["local"].probe

        async def probed():
            slept.append(loop.time())
            providers["local"].state = up("gemma2:2b") if len(slept) in (4, 5) else DOWN
            return await probe()

        providers["local"].probe = probed
        await health.start()
        await asyncio.sleep(25.0)
        tasks = list(health._tasks)
        await health.aclose()
        assert all(task.done() for task in tasks)
        assert health._tasks == []

    run_interrupted(scenario, None)
    pauses = [later - earlier for earlier, later in itertools.pairwise(slept)]
    expected = [1, 1.5, 2.25, 5, 5, 1, 1.5, 2.25]
    assert pauses[:8] == pytest.approx([scatter * pause for pause in expected])


def test_one_that_hangs_delays_neither_the_start_nor_the_probes_of_others():
    async def scenario():
        health, _, _ = made({"local": None, "other": up("gemma2:2b")})
        await health.start()
        assert asyncio.get_running_loop().time() == 3.0
        assert health.states == {"other": up("gemma2:2b")}
        await asyncio.sleep(30.0)
        assert health.states["local"].detail.startswith("no answer in ")
        await health.aclose()

    run_interrupted(scenario, None)


async def test_what_a_loop_left_behind_is_not_waited_for():
    health, _, _ = made({"local": up("gemma2:2b")})

    async def begin():
        await health.start()

    await asyncio.to_thread(asyncio.run, begin())
    await health.aclose()
    assert health._tasks == []


@pytest.mark.parametrize("listed", ["gemma2", "gemma2:latest"])
async def test_a_model_that_has_come_is_asked_again_by_whatever_name_it_is_listed(listed):
    config = TierConfig.model_validate({"models": {"simple": "gemma2", "complex": "big"}})
    upstream = UpstreamConfig("local", "ollama", "http://local")
    provider: Any = ProbedProvider(up())
    circuits = CircuitBreakers(time.monotonic)
    health = HealthMonitor(config, [upstream], {"local": provider}, circuits)
    await health.probe_all()
    deployment = health.tier_health()["simple"][0].deployment
    circuits.failed(deployment, UpstreamError("no such model", fault=FailureKind.MISSING_MODEL))
    await health.probe_all()
    assert circuits.refusal(deployment) is not None
    provider.state = up(listed)
    await health.probe_all()
    assert circuits.refusal(deployment) is None


async def test_some_upstreams_are_probed_at_once_and_names_that_are_gone_are_none():
    health = monitor(up("gemma2:2b"))
    await health.probe(["local", "gone"])
    assert health.tier_health()["simple"][0].readiness is Readiness.READY
    health._providers["local"].state = up("mistral:7b-instruct")
    await health.probe(["local"])
    assert health.topology.of_model("mistral:7b-instruct")
    assert list(health.states) == ["local"]


class Informed(ProbedProvider):
    """Goes by what others have found."""

    def __init__(self, state):
        super().__init__(state)
        self.informed = []

    def inform(self, state):
        self.informed.append(state)


class Probing:
    """Says who probes."""

    def __init__(self, is_mine):
        self.mine, self.told = is_mine, []

    def is_mine(self, name):
        return self.mine

    def is_informed(self, name):
        return not self.mine

    def found(self, name, state, *, is_ready):
        self.told.append((name, state, is_ready))


async def test_what_another_process_has_found_counts_as_found_here():
    health = monitor(up(), provider="openai")
    provider = health._providers["local"] = Informed(up())
    health.probes = Probing(is_mine=False)
    found = up("gemma2:2b", "mistral:7b-instruct")
    health.take("local", found)
    await health.start()  # nothing is asked
    await health.aclose()
    assert provider.informed == [found]
    assert health.states == {"local": found}
    assert health.tier_health()["simple"][0].readiness is Readiness.READY


@pytest.mark.parametrize(("state", "is_ready"), [(up("gemma2:2b"), True), (DOWN, False)])
async def test_what_is_found_here_is_told(state, is_ready):
    health = monitor(state)
    probes = health.probes = Probing(is_mine=True)
    await health.start()
    await health.aclose()
    assert probes.told == [("local", state, is_ready)]


def test_only_who_is_to_probe_does_so_in_the_background_too():
    async def scenario():
        health = monitor(up("gemma2:2b"))
        probes = health.probes = Probing(is_mine=False)
        await health.start()
        await asyncio.sleep(100.0)
        assert probes.told == []
        probes.mine = True
        await asyncio.sleep(100.0)
        assert probes.told
        await health.aclose()

    run_interrupted(scenario, None)
