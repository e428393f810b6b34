"""A request goes where its plan says, but to the equal that has read its beginning."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.pipelines import DECISION, ONE, THREE, TWO

from gearshift.pipeline.in_flight import InFlight
from gearshift.planning.answering import Answering
from gearshift.planning.planner import Plan
from gearshift.types import (
    CacheResult,
    ChatRequest,
    ChatResponse,
    Chunk,
    CompleteResponse,
    EmbeddingRequest,
    Frame,
    Operation,
    Session,
)

PLAN = Plan(DECISION, (ONE, TWO, THREE), 0.5)


def asked(session=None):
    return ChatRequest("openai", Operation.CHAT, "auto", [], session=session, received_at=7.0)


class Sessions:
    """Knows one conversation."""

    def __init__(self, kept=None):
        self.found, self.kept = kept, []

    async def of(self, request):
        return self.found

    def keep(self, request, session):
        self.kept.append((request, session))


class Affinity:
    """Has the second one read everything."""

    def __init__(self):
        self.learnt = []

    def ordered(self, request, candidates):
        first, second, *others = candidates
        return (second, first, *others), ["prefix"]

    def learn(self, prefixes, deployment):
        self.learnt.append((prefixes, deployment))


class Way:
    """All that a request meets, in stubs."""

    def __init__(self, *, sessions: Any = None, affinity: Any = None, plan=PLAN):
        self.calls, self.cache, self.open = [], CacheResult.MISS, set()
        planner: Any = SimpleNamespace(
            plan=lambda request, topology: plan, plan_embedding=lambda request, topology: plan
        )
        upstreams: Any = SimpleNamespace(
            health=SimpleNamespace(topology=None),
            circuits=SimpleNamespace(passes=lambda one: one not in self.open),
            affinity=affinity,
            pipeline=SimpleNamespace(handler=self.handle, embedder=self.handle),
        )
        self.in_flight = InFlight()
        self.answering = Answering(
            planner, upstreams, self.in_flight, sessions, ("simple", "complex")
        )

    async def handle(self, call):
        self.calls.append(call)
        frames = CompleteResponse(Frame(b"", Chunk("hi")))
        return ChatResponse(call.decision, "openai", frames, 0.0, self.cache)


@pytest.fixture
def way():
    return Way()


async def test_it_goes_where_its_plan_says(way):
    request = asked("s")  # of which nobody keeps anything
    response = await way.answering.answer(request)
    (call,) = way.calls
    assert (call.request, call.decision, call.candidates) == (request, *PLAN[:2])
    assert (call.started_at, call.scoring_seconds) == (7.0, 0.5)
    assert response.decision == DECISION
    assert way.in_flight.count == 1
    await way.answering.recall(request)
    assert request.kept is None


async def test_embeddings_do_the_same():
    way = Way(sessions=Sessions(Session("simple", "two", "m")))
    request = EmbeddingRequest("openai", Operation.EMBEDDING, "m", [], received_at=7.0)
    await way.answering.embed(request)
    assert (way.calls[0].decision, way.calls[0].started_at) == (DECISION, 7.0)
    assert way.in_flight.count == 1


async def test_a_turn_goes_where_the_one_before_went_and_that_is_kept():
    sessions = Sessions(Session("simple", "two", "m"))
    way, request = Way(sessions=sessions), asked("s")
    response = await way.answering.answer(request)
    assert request.kept == sessions.found
    assert way.calls[0].candidates == (TWO, ONE, THREE)
    assert (response.decision.upstream, response.decision.model) == ("two", "m")
    assert sessions.kept == [(request, Session("simple", "two", "m"))]
    assert way.in_flight.count == 1


async def test_not_while_that_one_may_not_be_asked():
    sessions = Sessions(Session("simple", "two", "m"))
    way = Way(sessions=sessions)
    way.open = {TWO.deployment}
    await way.answering.answer(asked("s"))
    assert way.calls[0].candidates == PLAN.candidates
    assert sessions.kept[0][1] == Session("simple", "one", "m")


async def test_what_has_no_session_is_no_turn():
    sessions = Sessions(Session("simple", "two", "m"))
    way = Way(sessions=sessions)
    await way.answering.answer(asked())
    assert way.calls[0].candidates == PLAN.candidates
    assert not sessions.kept


async def test_a_hit_says_nothing_of_a_conversation_or_a_prefix():
    sessions, affinity = Sessions(), Affinity()
    way = Way(sessions=sessions, affinity=affinity)
    way.cache = CacheResult.HIT
    await way.answering.answer(asked("s"))
    assert not sessions.kept
    assert not affinity.learnt


async def test_it_goes_to_the_one_that_has_read_its_beginning_which_is_learnt():
    affinity = Affinity()
    way = Way(affinity=affinity)
    response = await way.answering.answer(asked())
    assert way.calls[0].candidates == (TWO, ONE, THREE)
    assert (response.decision.upstream, response.decision.provider) == ("two", "openai")
    assert affinity.learnt == [(["prefix"], TWO.deployment)]


async def test_where_there_is_one_nothing_is_ordered():
    way = Way(affinity=Affinity(), plan=Plan(DECISION, (ONE,), 0.0))
    assert (await way.answering.answer(asked())).decision is DECISION
