"""Sampler: which answers are offered, as whose, and how little of them is kept."""

from dataclasses import replace
from hashlib import sha256

import pytest
from tests.fakes.finished import decision

from gearshift.client.requests import chat_request
from gearshift.config.loading import Settings
from gearshift.quality.sampler import Sampler
from gearshift.types import ChatResponse, Chunk, CompleteResponse, Frame

REQUEST = chat_request("What time is it?")
RAW = replace(REQUEST, raw=b"x" * 50_000, body={"a": "x" * 50_000}, headers={"a": "b"})


def sampler(taken, **quality):
    settings = Settings.model_validate({"quality": {"shadow_share": 1.0, **quality}})
    return Sampler(settings, taken.append)


def response(finish="stop", **changes):
    made = decision(changes.pop("tier", "simple"), sample_rate=1.0)._replace(**changes)
    chunk = Chunk("It is nine.", finish_reason=finish)
    return ChatResponse(made, "openai", CompleteResponse(Frame(b"", chunk)))


@pytest.mark.parametrize(
    ("tier", "is_weak", "propensity"), [("simple", True, 1.0), ("complex", False, 0.5)]
)
def test_an_answer_is_the_weak_one_by_the_place_of_its_tier(tier, is_weak, propensity):
    taken = []
    watched = sampler(taken, shadow_share_complex=0.5)
    for number in range(64):  # a half of the large ones is sampled, by the digits of the id
        watched.watch(
            REQUEST, response(tier=tier, id=f"dec-{sha256(b'%d' % number).hexdigest()[:24]}")
        )
    assert 0 < len(taken) <= 64
    assert (len(taken) < 64) is (tier == "complex")
    assert {(one.is_weak, one.propensity) for one in taken} == {(is_weak, propensity)}


@pytest.mark.parametrize(
    "changes",
    [
        {"sample_rate": None},
        {"fallback": "simple->complex"},
        {"tier": "other"},
        {"finish": "tool_calls"},
    ],
)
def test_some_answers_are_never_offered(changes):
    taken = []
    sampler(taken).watch(REQUEST, response(**changes))
    assert taken == []


def test_between_the_smallest_and_the_largest_tier_nobody_repeats_anything():
    taken = []
    tiers = [
        {"name": "small", "below": 3, "deployments": ["a"]},
        {"name": "middle", "below": 7, "deployments": ["b"]},
        {"name": "large", "deployments": ["c"]},
    ]
    quality = {"shadow_share": 1.0, "shadow_share_complex": 1.0}
    made = {"tiered_routing": {"tiers": tiers}, "quality": quality}
    watched = Sampler(Settings.model_validate(made), taken.append)
    for tier in ("small", "middle", "large"):
        watched.watch(REQUEST, response(tier=tier))
    assert [(one.decision.tier, one.is_weak) for one in taken] == [
        ("small", True),
        ("large", False),
    ]


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


@pytest.mark.parametrize(("tier", "share"), [("simple", 0.25), ("complex", 0.125)])
@pytest.mark.parametrize("below", [1, 0])
def test_what_is_drawn_lies_below_the_share_of_its_own_tier(tier, share, below):
    taken = []
    watched = sampler(taken, shadow_share=0.25, shadow_share_complex=0.125)
    digits = f"{int(share * 16**7) - below:07x}"
    answer = response(tier=tier, id=f"dec-{'0' * 17}{digits}")
    assert watched.watch(REQUEST, answer) is answer
    assert [one.propensity for one in taken] == [share] * below


@pytest.mark.parametrize("finish", ["stop", "length", None])
def test_a_sample_is_the_question_the_decision_and_the_answer(finish):
    taken = []
    answer = response(finish)
    sampler(taken).watch(REQUEST, answer)
    (one,) = taken
    assert one.request.messages == REQUEST.messages
    assert one.decision is answer.decision
    assert one.answer == Chunk("It is nine.", finish_reason=finish)


def test_an_answer_that_says_nothing_of_itself_is_never_offered():
    taken = []
    silent = response()._replace(frames=CompleteResponse(Frame(b"{}")))
    assert sampler(taken).watch(REQUEST, silent) is silent
    assert taken == []


@pytest.mark.parametrize(
    ("tier", "allowed", "count"),
    [
        ("simple", {"complex"}, 1),
        ("simple", {"simple", "complex"}, 1),
        ("complex", {"complex"}, 0),
        ("complex", {"simple"}, 1),
        ("simple", set(), 0),
    ],
)
def test_it_is_the_other_tier_that_a_key_must_be_allowed(tier, allowed, count):
    taken = []
    request = replace(REQUEST, allowed_tiers=frozenset(allowed))
    sampler(taken, shadow_share_complex=1.0).watch(request, response(tier=tier))
    assert len(taken) == count


def test_a_sample_is_as_large_as_what_it_holds():
    taken = []
    watched = sampler(taken)
    messages = [{"role": "user", "content": "12345"}, {"role": "user", "content": "678"}]
    asked = replace(REQUEST, raw=b"", messages=[*messages, {"role": "assistant"}])
    watched.watch(replace(REQUEST, raw=b"x" * 300), response())
    watched.watch(asked, response())
    answer = 2 * len("It is nine.")
    assert [one.size for one in taken] == [4_000 + 600 + answer, 4_000 + 16 + answer]


class Frames:
    def __init__(self, *words):
        self._frames = [Frame(word.encode(), Chunk(word)) for word in words]
        self._frames.insert(1, Frame(b": ping"))
        self.closed = False

    async def read(self):
        return self._frames.pop(0) if self._frames else None

    async def aclose(self):
        self.closed = True


async def test_a_stream_is_offered_when_it_was_read_to_its_end_and_not_before():
    taken = []
    frames = Frames("It ", "is nine.")
    answer = sampler(taken).watch(REQUEST, response()._replace(frames=frames))
    passed = []
    while (frame := await answer.frames.read()) is not None:
        passed.append(frame.raw)
        assert taken == []
    assert passed == [b"It ", b": ping", b"is nine."]
    assert await answer.frames.read() is None
    (one,) = taken
    assert one.answer.content == "It is nine."
    cut = Frames("It ", "is nine.")
    answer = sampler(taken).watch(REQUEST, response()._replace(frames=cut))
    await answer.frames.read()
    await answer.frames.aclose()
    assert cut.closed
    assert len(taken) == 1
