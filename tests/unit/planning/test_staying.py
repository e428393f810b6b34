"""A conversation stays where it was answered, and goes up but not down."""

import pytest
from tests.unit.tiered_routing.test_tier_router import context

from gearshift.planning.staying import after, staying
from gearshift.tiered_routing import TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Cause, Deployment, Session

TIERS = ("simple", "complex")
SMALL = Session("simple", "u", "m")


def candidate(upstream, model="m", tier="simple"):
    return Candidate(Deployment(upstream, model), "openai", tier)


A, B, OTHER, LARGE = (
    candidate("a"),
    candidate("b"),
    candidate("b", "other"),
    candidate("b", "m", "complex"),
)


@pytest.mark.parametrize(
    ("candidates", "kept", "expected"),
    [
        ((A, B, LARGE), Session("simple", "b", "m"), (B, A, LARGE)),
        ((A, B), Session("simple", "a", "m"), (A, B)),
        ((A, B), Session("simple", "gone", "m"), (A, B)),
        ((A, LARGE), Session("simple", "b", "m"), (A, LARGE)),
        ((A, OTHER), Session("simple", "b", "other"), (A, OTHER)),
        ((LARGE, A), Session("simple", "a", "m"), (LARGE, A)),
    ],
)
def test_the_one_that_has_read_it_comes_before_its_equals(candidates, kept, expected):
    assert staying(candidates, kept, lambda _: True) == expected


def test_not_though_while_it_may_not_be_asked():
    kept = Session("simple", "b", "m")
    assert staying((A, B), kept, lambda deployment: deployment.upstream != "b") == (A, B)


class Planned:
    """As much of a decision as counts."""

    def __init__(self, tier, upstream="u", model="m", cause=Cause.SCORED):
        self.tier, self.upstream, self.model, self.cause = tier, upstream, model, cause


@pytest.mark.parametrize(
    ("kept", "planned", "answered", "expected"),
    [
        (None, Planned("simple"), Planned("simple", "v"), Session("simple", "v", "m")),
        (None, Planned("simple"), Planned("complex", "v"), Session("simple", "u", "m")),
        (
            Session("simple", "u", "m"),
            Planned("complex"),
            Planned("complex"),
            Session("complex", "u", "m"),
        ),
        (Session("complex", "u", "m"), Planned("simple"), Planned("simple"), None),
        (
            Session("gone", "u", "m"),
            Planned("simple"),
            Planned("simple"),
            Session("simple", "u", "m"),
        ),
        (None, Planned("", cause=Cause.FORCED), Planned(""), None),
        (None, Planned("complex", cause=Cause.FORCED), Planned("complex"), None),
        (None, Planned("complex", cause=Cause.SCORER_FAILED), Planned("complex"), None),
    ],
)
def test_where_it_is_after_a_turn(kept, planned, answered, expected):
    assert after(kept, planned, answered, TIERS) == expected


def test_the_router_goes_up_with_a_conversation_and_not_down():
    router = TieredModelRouter()
    easy, hard = router.score("What time is it?"), router.score("Explain async vs threads")
    up = router.decide(easy, context(session_tier="complex"))
    assert (up.tier, up.cause) == ("complex", Cause.SESSION)
    assert up.reason.startswith("the conversation is on complex; ")
    assert not router.is_movable(context(session_tier="complex"))
    for tier in ("simple", "gone"):
        assert router.decide(easy, context(session_tier=tier)).cause is Cause.SCORED
        assert router.decide(hard, context(session_tier=tier)).tier == "complex"
    assert (
        router.decide(easy, context(session_tier="complex", forced_tier="simple")).tier == "simple"
    )


def test_a_side_call_is_none_of_its_turns():
    router = TieredModelRouter()
    title = router.score("Write a short title of at most five words for this conversation.")
    route = router.decide(title, context(session_tier="complex"))
    assert (route.tier, route.cause) == ("simple", Cause.SCORED)
