"""In the background: nothing is asked while users wait, and one who comes is let past."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.steps import run_interrupted
from tests.fakes.upstream import FaultUpstream

from gearshift.client.requests import chat_request
from gearshift.config.loading import Settings
from gearshift.errors import FailureKind, UpstreamError
from gearshift.interface import LLMInterface
from gearshift.pipeline.in_flight import InFlight
from gearshift.pipeline.topology import Topology
from gearshift.providers.base import UpstreamConfig
from gearshift.quality.idle_client import GivenUpError, IdleClient
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Capability, Chunk, Deployment, Frame, Usage

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
        quiet = IdleClient(lambda: llm, 0, costs)
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
        quiet = IdleClient(lambda: llm, 0, costs)
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
            await IdleClient(lambda: llm, 0, Costs()).model(REQUEST, "enormous")


def target(upstream, model="m", tier="complex", **known):
    return Candidate(Deployment(upstream, model), "openai", tier, **known)


class World:
    """An interface with one provider, which says its frames or fails, and what it was asked.

    Attributes:
        frames: Chunks, `None` for a frame without one, an error, or what is called.
        asked: When, and what.
    """

    def __init__(self, *frames, chain=(), models=(), closed=()):
        self.frames, self.asked, self.costs, self.open_frames = frames, [], Costs(), 0
        self.in_flight = InFlight()
        self.settings = Settings()
        tiers = {"complex": chain or (target("one"),), "simple": (target("two", "s", "simple"),)}
        self.health = SimpleNamespace(topology=Topology(tiers, dict(models)))
        self.circuits = SimpleNamespace(
            refusal=lambda deployment: "open" if deployment.upstream in closed else None
        )
        names = ("one", "two", "three")
        self.providers = {name: SimpleNamespace(send=self.sender(name)) for name in names}

    def sender(self, upstream):
        async def send(request, model):
            at = round(asyncio.get_running_loop().time(), 3)
            self.asked.append((at, upstream, model, request))
            if self.frames and isinstance(self.frames[0], FailureKind):
                raise UpstreamError("said", fault=self.frames[0])
            self.open_frames += 1
            return Answer(self, list(self.frames))

        return send

    def quiet(self, pause_above=0):
        mine: Any = self
        return IdleClient(lambda: mine, pause_above, self.costs)

    def user(self):
        """One comes, and goes at once."""
        self.in_flight.begun()
        self.in_flight.ended()

    @property
    def places(self):
        return [(upstream, model) for _, upstream, model, _ in self.asked]


class Answer:
    def __init__(self, world, frames):
        self.world, self.left = world, frames

    async def read(self):
        await asyncio.sleep(0)
        if not self.left:
            return None
        one = self.left.pop(0)
        if isinstance(one, FailureKind):
            raise UpstreamError("said", fault=one)
        if callable(one):
            one()
            await asyncio.sleep(0)
            one = Chunk("late")
        return Frame(b"x", one)

    async def aclose(self):
        self.world.open_frames -= 1


def run(scenario):
    """A scenario on a loop that does not wait where it would have to."""
    run_interrupted(scenario, None)


def test_the_whole_answer_is_given_and_charged_to_who_gave_it():
    usage = Usage(3, 4, 1)
    world = World(Chunk("It "), None, Chunk("is nine.", finish_reason="stop", usage=usage))

    async def scenario():
        quiet = world.quiet()
        answer = await quiet.tier(REQUEST, is_largest=True)
        assert (answer.content, answer.finish_reason) == ("It is nine.", "stop")
        await quiet.tier(REQUEST, is_largest=False)

    run(scenario)
    assert world.places == [("one", "m"), ("two", "s")]
    assert world.costs == [("one", "m", usage), ("two", "s", usage)]
    assert world.open_frames == 0
    assert world.in_flight.count == 0
    for _, _, _, request in world.asked:  # a copy: whoever sends it may write into it
        assert request == REQUEST
        assert request is not REQUEST


def test_a_model_is_asked_by_its_name_and_without_one_the_largest_tier():
    world = World(Chunk("x"), models={"big:latest": (target("three", "big:latest", ""),)})

    async def scenario():
        await world.quiet().model(REQUEST, "big")
        await world.quiet().model(REQUEST, None)

    run(scenario)
    assert world.places == [("three", "big:latest"), ("one", "m")]


def test_of_three_tiers_the_outermost_are_asked():
    world = World(Chunk("x"))
    tiers = [
        {"name": name, "deployments": [f"{name}/m"]} | more
        for name, more in (("low", {"below": 3}), ("middle", {"below": 6}), ("high", {}))
    ]
    world.settings = Settings.model_validate({"tiered_routing": {"tiers": tiers}})
    chains = {"low": "one", "middle": "two", "high": "three"}
    world.health.topology = Topology({tier: (target(at),) for tier, at in chains.items()})

    async def scenario():
        await world.quiet().tier(REQUEST, is_largest=True)
        await world.quiet().tier(REQUEST, is_largest=False)

    run(scenario)
    assert world.places == [("three", "m"), ("one", "m")]


def test_who_cannot_answer_is_passed_over():
    tools = frozenset({Capability.TOOLS})
    chain = (
        target("one", context_length=9),
        target("one", "blind", capabilities=frozenset()),
        target("two"),
        target("three", capabilities=tools, context_length=10),
    )
    world = World(Chunk("x"), chain=chain, closed=("two",))
    long = replace(chat_request("x" * 40), needs=tools)
    run(lambda: world.quiet().tier(long, is_largest=True))
    assert world.places == [("three", "m")]


@pytest.mark.parametrize("chain", [(target("two"),), (target("one", context_length=1),)])
def test_nobody_who_can_is_an_upstream_that_is_not_there(chain):
    world = World(Chunk("x"), chain=chain, closed=("two",))

    async def scenario():
        with pytest.raises(UpstreamError, match=r"^no deployment available$") as caught:
            await world.quiet().tier(REQUEST, is_largest=True)
        assert caught.value.fault is FailureKind.UNREACHABLE
        assert not isinstance(caught.value, GivenUpError)

    run(scenario)
    assert (world.asked, world.in_flight.count) == ([], 0)


def test_an_answer_that_nobody_counted_is_charged_by_its_length():
    world = World(Chunk("a" * 43))
    run(lambda: world.quiet().tier(chat_request("b" * 27), is_largest=True))
    assert world.costs == [("one", "m", Usage(6, 10))]


@pytest.mark.parametrize(
    ("frames", "charged"),
    [
        ((FailureKind.UNREACHABLE,), []),
        ((FailureKind.BUSY,), []),
        ((FailureKind.REJECTED,), []),
        ((None, FailureKind.LOADING), []),
        ((FailureKind.FAILED,), [Usage(4, 0)]),
        ((Chunk("a" * 8), FailureKind.BUSY), [Usage(4, 2)]),
        ((Chunk("a" * 8, usage=Usage(7, 1)), FailureKind.FAILED), [Usage(7, 1)]),
    ],
)
def test_what_was_refused_before_it_was_read_costs_nothing(frames, charged):
    world = World(*frames)

    async def scenario():
        with pytest.raises(UpstreamError, match="said"):
            await world.quiet().tier(REQUEST, is_largest=True)

    run(scenario)
    assert len(world.asked) == 1  # who fails is not asked again
    assert [usage for _, _, usage in world.costs] == charged
    assert (world.open_frames, world.in_flight.count) == (0, 0)


def test_who_is_interrupted_every_time_is_patient_and_then_gives_up():
    world = World(Chunk("a" * 8))
    world.frames = (Chunk("a" * 8), world.user)

    async def scenario():
        quiet = world.quiet()
        with pytest.raises(
            GivenUpError, match=r"^interrupted by user requests every time$"
        ) as caught:
            await quiet.tier(REQUEST, is_largest=True)
        assert caught.value.fault is FailureKind.BUSY
        assert world.open_frames == 0
        world.frames = (Chunk("x"),)
        assert (await quiet.tier(REQUEST, is_largest=True)).content == "x"

    run(scenario)
    assert [at for at, *_ in world.asked] == [0.0, 0.2, 1.2, 6.2, 26.2, 26.2]
    assert [usage for _, _, usage in world.costs] == [Usage(4, 2)] * 5 + [Usage(4, 0)]
    assert world.in_flight.count == 0


@pytest.mark.parametrize(("users", "pause_above", "at"), [(1, 0, 0.4), (1, 1, 0.0), (3, 2, 0.4)])
def test_it_waits_while_more_are_served_than_it_may_disturb(users, pause_above, at):
    world = World(Chunk("x"))

    async def scenario():
        for _ in range(users):
            world.in_flight.begun()
        asking = asyncio.create_task(world.quiet(pause_above).tier(REQUEST, is_largest=True))
        await asyncio.sleep(0.35)
        for _ in range(users):
            world.in_flight.ended()
        await asking

    run(scenario)
    assert [when for when, *_ in world.asked] == [at]


@pytest.mark.parametrize(("pause_above", "tries"), [(0, 5), (1, 1)])
def test_it_gives_way_only_to_more_than_it_may_disturb(pause_above, tries):
    world = World()
    world.frames = (world.user,)

    async def scenario():
        try:
            answer = await world.quiet(pause_above).tier(REQUEST, is_largest=True)
        except GivenUpError:
            assert pause_above == 0
        else:
            assert answer.content == "late"

    run(scenario)
    assert len(world.asked) == tries


def test_its_own_questions_are_in_nobodys_way():
    world = World(Chunk("x"))

    async def scenario():
        quiet = world.quiet()
        both = [quiet.tier(REQUEST, is_largest=True), quiet.model(REQUEST, None)]
        await asyncio.gather(*both)

    run(scenario)
    assert [at for at, *_ in world.asked] == [0.0, 0.0]


def test_whoever_stops_it_stops_the_engine_too():
    world = World()
    stuck = asyncio.Event()

    class Stuck(Answer):
        async def read(self):
            await stuck.wait()

        async def aclose(self):
            for _ in range(5):  # it takes a moment
                await asyncio.sleep(0)
            await super().aclose()

    async def send(request, model):
        world.open_frames += 1
        return Stuck(world, [])

    world.providers["one"].send = send

    async def scenario():
        asking = asyncio.create_task(world.quiet().tier(REQUEST, is_largest=True))
        await asyncio.sleep(1)
        assert (world.open_frames, world.in_flight.count) == (1, 1)
        asking.cancel()
        await asyncio.wait({asking})
        assert asking.cancelled()
        assert (world.open_frames, world.in_flight.count) == (0, 0)

    run(scenario)
    assert [usage for _, _, usage in world.costs] == [Usage(4, 0)]
