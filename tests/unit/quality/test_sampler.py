"""Sampler: which answers are offered, as whose, and how little of them is kept."""

from dataclasses import replace
from hashlib import sha256

import pytest
from tests.fakes.finished import decision

from gearshift.chat_requests import chat_request
from gearshift.quality.sampler import Sampler
from gearshift.settings import Settings
from gearshift.types import ChatResponse, Chunk, Frame, WholeAnswer

REQUEST = chat_request("What time is it?")
RAW = replace(REQUEST, raw=b"x" * 50_000, body={"a": "x" * 50_000}, headers={"a": "b"})


def sampler(taken, **quality):
    settings = Settings.model_validate({"quality": {"shadow_share": 1.0, **quality}})
    return Sampler(settings, taken.append)


def response(finish="stop", **changes):
    made = decision(changes.pop("tier", "simple"), drawn=1.0)._replace(**changes)
    chunk = Chunk("It is nine.", finish_reason=finish)
    return ChatResponse(made, "openai", WholeAnswer(Frame(b"", chunk)))


@pytest.mark.parametrize(
    ("tier", "is_weak", "propensity"), [("simple", True, 1.0), ("complex", False, 0.5)]
)
def test_an_answer_is_the_weak_one_by_the_place_of_its_tier(tier, is_weak, propensity):
    taken = []
    watched = sampler(taken, shadow_share_complex=0.5)
    for number in range(64):  # a half of the large ones is drawn, by the digits of the id
        watched.watch(
            REQUEST, response(tier=tier, id=f"dec-{sha256(b'%d' % number).hexdigest()[:24]}")
        )
    assert 0 < len(taken) <= 64
    assert (len(taken) < 64) is (tier == "complex")
    assert {(one.is_weak, one.propensity) for one in taken} == {(is_weak, propensity)}


@pytest.mark.parametrize(
    "changes",
    [{"drawn": None}, {"fallback": "simple->complex"}, {"tier": "other"}, {"finish": "tool_calls"}],
)
def test_some_answers_are_never_offered(changes):
    taken = []
    sampler(taken).watch(REQUEST, response(**changes))
    assert taken == []


def test_a_key_that_may_not_use_the_other_tier_has_no_shadow():
    taken = []
    sampler(taken).watch(replace(REQUEST, allowed_tiers=frozenset({"simple"})), response())
    assert taken == []


def test_the_bytes_of_a_request_are_not_kept_but_count():
    taken = []
    sampler(taken).watch(RAW, response())
    (one,) = taken
    assert (one.request.raw, one.request.body, one.request.headers) == (b"", {}, {})
    assert one.request.messages == RAW.messages
    assert one.size > 50_000


class Frames:
    def __init__(self, *words):
        self._frames = [Frame(b"", Chunk(word)) for word in words]
        self.closed = False

    async def read(self):
        return self._frames.pop(0) if self._frames else None

    async def aclose(self):
        self.closed = True


async def test_a_stream_is_offered_when_it_was_read_to_its_end_and_not_before():
    taken = []
    frames = Frames("It ", "is nine.")
    answer = sampler(taken).watch(REQUEST, response()._replace(frames=frames))
    while await answer.frames.read() is not None:
        assert taken == []
    assert await answer.frames.read() is None
    (one,) = taken
    assert one.answer.content == "It is nine."
    cut = Frames("It ", "is nine.")
    answer = sampler(taken).watch(REQUEST, response()._replace(frames=cut))
    await answer.frames.read()
    await answer.frames.aclose()
    assert cut.closed
    assert len(taken) == 1
