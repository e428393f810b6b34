"""Which tier a score goes to, and whom to ask in which order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import RequestError
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate, RoutingContext
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.types import Capability, Cause, Deployment

SIMPLE, COMPLEX = "What time is it?", "Explain async vs threads"
TOOLS = frozenset({Capability.TOOLS})


def target(tier, model, capabilities=None, context_length=None):
    return Candidate(Deployment("u", model), "ollama", tier, capabilities, context_length)


def context(small=None, large=None, **more):
    return RoutingContext(
        targets={
            "simple": (small or target("simple", "small"),),
            "complex": (large or target("complex", "large"),),
        },
        **more,
    )


def decide(text, given, **settings):
    router = TieredModelRouter(TierConfig(**settings))
    return router.decide(router.scorer.score(text), given)


def models(route):
    return [target.deployment.model for target in route.candidates]


def test_a_text_goes_to_the_model_of_its_tier():
    router = TieredModelRouter(TierConfig())
    assert router.route(SIMPLE)[0] == "gemma2:2b"
    model, result = router.route([{"role": "user", "content": COMPLEX}])
    assert (model, result.tier) == ("mistral:7b-instruct", "complex")


def test_a_disabled_router_sends_everything_to_the_last_tier():
    assert TieredModelRouter(TierConfig(enabled=False)).route(SIMPLE)[0] == "mistral:7b-instruct"
    three = TieredModelRouter(TierConfig.from_mapping({"tiers": TIERS, "enabled": False}))
    assert three.route(SIMPLE)[0] == "d"
    route = decide(SIMPLE, context(), enabled=False)
    assert (route.tier, route.cause) == ("complex", Cause.DISABLED)


def test_the_chain_goes_up_then_down():
    assert models(decide(SIMPLE, context())) == ["small", "large"]
    assert models(decide(COMPLEX, context())) == ["large", "small"]
    assert models(decide(SIMPLE, context(), fallback_to_complex=False)) == ["small"]
    assert models(decide(COMPLEX, context(), fallback_to_simple=False)) == ["large"]


def test_a_forced_tier_wins_and_an_unknown_one_lists_the_tiers():
    route = decide(SIMPLE, context(forced_tier="complex"))
    assert (route.tier, route.cause) == ("complex", Cause.FORCED)
    with pytest.raises(RequestError, match="simple, complex") as caught:
        decide(SIMPLE, context(forced_tier="huge"))
    assert caught.value.status == 400


def test_capability_comes_before_complexity_and_before_the_settings_about_fallback():
    small = target("simple", "small", capabilities=frozenset())
    for allowed in (True, False):
        route = decide(SIMPLE, context(small=small, needs=TOOLS), fallback_to_complex=allowed)
        assert (route.tier, route.cause) == ("complex", Cause.CAPABILITY)
        assert models(route) == ["large"]


def test_a_prompt_that_does_not_fit_goes_where_it_does():
    small = target("simple", "small", context_length=100)
    route = decide(SIMPLE, context(small=small, prompt_tokens=101))
    assert (route.tier, route.cause) == ("complex", Cause.CAPABILITY)


def test_a_prompt_that_cannot_fit_anywhere_is_refused_at_once():
    small = target("simple", "small", context_length=100)
    large = target("complex", "large", context_length=200)
    decide(SIMPLE, context(small, large, prompt_tokens=800))
    with pytest.raises(RequestError, match="longest context of any model is 200"):
        decide(SIMPLE, context(small, large, prompt_tokens=801))
    decide(SIMPLE, context(small, prompt_tokens=10**9))  # one length is not known


def test_when_nobody_can_the_tier_itself_is_asked_so_that_it_says_why():
    unable = {
        "small": target("simple", "small", capabilities=frozenset()),
        "large": target("complex", "large", capabilities=frozenset()),
    }
    route = decide(SIMPLE, context(**unable, needs=TOOLS))
    assert (route.tier, models(route)) == ("simple", ["small"])


def test_without_any_deployment_there_is_a_clear_error():
    with pytest.raises(RequestError, match="no upstream"):
        decide(SIMPLE, RoutingContext(targets={}))


TIERS = [
    {"name": "tiny", "below": 1, "deployments": ["a"]},
    {"name": "middle", "below": 5, "deployments": ["b", "c"]},
    {"name": "huge", "deployments": ["d"]},
]


@given(st.floats(0, 10))
def test_every_score_has_exactly_one_tier(score):
    config = TierConfig.from_mapping({"tiers": TIERS})
    expected = "tiny" if score < 1 else "middle" if score < 5 else "huge"
    assert config.tier_of(score).name == expected


def test_three_tiers():
    router = TieredModelRouter(TierConfig.from_mapping({"tiers": TIERS}))
    assert router.route(SIMPLE)[0] == "a"
    assert router.route(COMPLEX)[1].tier == "middle"
    assert router.route(COMPLEX)[0] == "b"


def test_the_chain_of_a_middle_tier_goes_up_before_it_goes_down_from_the_nearest():
    config = TierConfig.from_mapping({"tiers": FOUR})
    targets = {name: (target(name, name), target(name, f"{name}2")) for name in "abcd"}
    route = TieredModelRouter(config).sent_to("c", "why", RoutingContext(targets))
    assert models(route) == ["c", "c2", "d", "d2", "b", "b2", "a", "a2"]
    assert route == ("c", Cause.SCORED, route.candidates, "why")


FOUR = [{"name": n, "below": 2.0 + at, "deployments": [n]} for at, n in enumerate("abc")]
FOUR.append({"name": "d", "deployments": ["d"]})


@pytest.mark.parametrize(
    ("tier", "up", "down", "chain"),
    [
        ("b", True, True, "bcda"),
        ("b", True, False, "bcd"),
        ("b", False, True, "ba"),
        ("b", False, False, "b"),
        ("c", False, True, "cba"),
        ("a", True, False, "abcd"),
        ("d", True, True, "dcba"),
    ],
)
@pytest.mark.parametrize("needs", [frozenset(), TOOLS])
def test_fallback_goes_where_it_may(tier, up, down, chain, needs):
    config = TierConfig.from_mapping(
        {"tiers": FOUR, "fallback_to_complex": up, "fallback_to_simple": down}
    )
    targets = {name: (target(name, name),) for name in "abcd"}
    router = TieredModelRouter(config)
    route = router.sent_to(tier, "", RoutingContext(targets, needs=needs))
    assert "".join(models(route)) == chain


def test_the_nearest_allowed_tier_below_is_asked():
    router = TieredModelRouter(TierConfig.from_mapping({"tiers": FOUR}))
    targets = {name: (target(name, name),) for name in "abcd"}
    given = RoutingContext(targets, allowed_tiers=frozenset("ab"))
    assert models(router.sent_to("d", "", given)) == ["b", "a"]


def test_who_is_able_is_asked_though_fallback_is_off_the_higher_first():
    config = TierConfig.from_mapping(
        {"tiers": FOUR, "fallback_to_complex": False, "fallback_to_simple": False}
    )
    targets = {name: (target(name, name),) for name in "abcd"}
    targets["b"] = (target("b", "b", frozenset()),)
    route = TieredModelRouter(config).sent_to("b", "why", RoutingContext(targets, needs=TOOLS))
    assert models(route) == ["c", "d", "a"]
    assert (route.tier, route.cause) == ("c", Cause.CAPABILITY)
    assert route.reason == "b cannot answer this (tools); why"


def test_the_reason_names_what_is_needed_or_the_context():
    needs = frozenset({Capability.TOOLS, Capability.VISION})
    small = target("simple", "small", frozenset({Capability.TOOLS}))
    route = decide(SIMPLE, context(small=small, needs=needs))
    assert route.reason.startswith("simple cannot answer this (tools, vision); ")
    small = target("simple", "small", context_length=100)
    route = decide(SIMPLE, context(small=small, prompt_tokens=101))
    assert route.reason.startswith("simple cannot answer this (context); ")
    route = decide(SIMPLE, context(small=small, prompt_tokens=100))
    assert (route.tier, route.cause) == ("simple", Cause.SCORED)


def test_a_disabled_router_says_so():
    route = decide(SIMPLE, context(), enabled=False)
    assert route.reason == "tiered routing is disabled"
    three = TieredModelRouter(TierConfig.from_mapping({"tiers": TIERS, "enabled": False}))
    targets = {name: (target(name, name),) for name in three.tiers}
    assert three.decide(three.score(SIMPLE), RoutingContext(targets)).tier == "huge"
    route = decide(COMPLEX, context(forced_tier="simple"), enabled=False)
    assert (route.tier, route.reason) == ("simple", "the client named the tier")


def test_refusals_say_where_and_why_for_programs():
    with pytest.raises(RequestError) as caught:
        decide(SIMPLE, context(forced_tier="huge"))
    error = caught.value
    assert error.message == "unknown tier 'huge'; the tiers are: simple, complex"
    assert (error.field, error.code) == ("x-gearshift-tier", "unknown_tier")
    with pytest.raises(RequestError) as caught:
        decide(SIMPLE, RoutingContext(targets={}))
    error = caught.value
    assert (error.status, error.message) == (503, "no upstream serves any tier's model")
    with pytest.raises(RequestError, match="no upstream"):
        decide(SIMPLE, RoutingContext(targets={}, prompt_tokens=1_000))
    small = target("simple", "small", context_length=100)
    large = target("complex", "large", context_length=90)
    with pytest.raises(RequestError) as caught:
        decide(SIMPLE, context(small, large, prompt_tokens=401))
    error = caught.value
    assert error.message == (
        "the prompt has roughly 401 tokens; the longest context of any model is 100"
    )
    assert (error.status, error.field, error.code) == (400, "messages", "context_length_exceeded")


def test_a_context_of_zero_is_not_known():
    none = target("simple", "small", context_length=0)
    route = decide(SIMPLE, context(none, target("complex", "l", context_length=0)))
    assert route.tier == "simple"
    decide(SIMPLE, context(none, target("complex", "l", context_length=0), prompt_tokens=9))


def test_nobody_to_answer_a_tier_leaves_the_next_one():
    targets = {"simple": (), "complex": (target("complex", "large"),)}
    route = decide(SIMPLE, RoutingContext(targets))
    assert (route.tier, route.cause) == ("complex", Cause.CAPABILITY)
    assert not TieredModelRouter().is_movable(RoutingContext(targets))


def test_a_failed_score_is_told_as_the_cause_only_where_it_decides():
    class Broken:
        name, version = "own", "1"

        def score(self, text_or_messages):
            raise ValueError

    router = TieredModelRouter(scorer=Broken())
    result = router.score(SIMPLE)
    assert router.decide(result, context()).cause is Cause.SCORER_FAILED
    route = router.decide(result, context(forced_tier="complex"))
    assert route.cause is Cause.FORCED
    route = TieredModelRouter().decide(TieredModelRouter().score(SIMPLE), context())
    assert route.cause is Cause.SCORED
    assert route.reason == TieredModelRouter().score(SIMPLE).reasoning


@pytest.mark.parametrize(
    ("given", "is_movable"),
    [
        ({}, True),
        ({"prompt_tokens": 10**6}, True),
        ({"allowed_tiers": frozenset({"simple", "complex"})}, True),
        ({"allowed_tiers": frozenset({"simple"})}, False),
        ({"allowed_tiers": frozenset({"complex"})}, False),
        ({"allowed_tiers": frozenset()}, False),
        ({"forced_tier": "simple"}, False),
        ({"needs": TOOLS}, True),
        ({"needs": TOOLS, "small": target("simple", "small", frozenset())}, False),
        ({"needs": TOOLS, "large": target("complex", "large", frozenset())}, False),
        ({"prompt_tokens": 9, "small": target("simple", "s", context_length=8)}, False),
        ({"prompt_tokens": 8, "small": target("simple", "s", context_length=8)}, True),
    ],
)
def test_the_score_decides_where_a_low_one_alone_leads_to_the_smallest_tier(given, is_movable):
    assert TieredModelRouter().is_movable(context(**given)) is is_movable
    assert not TieredModelRouter(TierConfig(enabled=False)).is_movable(context(**given))


def test_of_three_tiers_none_but_the_first_may_lead_to_it():
    router = TieredModelRouter(TierConfig.from_mapping({"tiers": TIERS}))
    able = {name: (target(name, name, TOOLS),) for name in ("tiny", "middle", "huge")}
    given = RoutingContext(able, needs=TOOLS)
    assert router.is_movable(given)
    # Whatever the middle tier cannot do, the one above it does.
    less = {**able, "middle": (target("middle", "m", frozenset()),)}
    assert router.is_movable(given._replace(targets=less))
    least = {**less, "huge": (target("huge", "h", frozenset()),)}
    assert not router.is_movable(given._replace(targets=least))


def test_new_targets_are_heeded_at_once():
    router = TieredModelRouter()
    result = router.score(SIMPLE)
    before = context()
    assert models(router.decide(result, before)) == ["small", "large"]
    assert router.decide(result, before).candidates is router.decide(result, before).candidates
    after = context(small=target("simple", "smaller"))
    assert models(router.decide(result, after)) == ["smaller", "large"]
    assert models(router.decide(result, before)) == ["small", "large"]


def test_the_length_of_one_request_does_not_decide_for_the_next():
    router = TieredModelRouter()
    result = router.score(SIMPLE)
    given = context(
        target("simple", "small", context_length=50), target("complex", "l", context_length=100)
    )
    for tokens, tier in ((60, "complex"), (50, "simple"), (51, "complex"), (0, "simple")):
        route = router.decide(result, given._replace(prompt_tokens=tokens))
        assert route.tier == tier


def test_targets_without_the_wish_of_fallback_are_left_out_for_plain_requests_too():
    route = decide(SIMPLE, context(prompt_tokens=10), fallback_to_complex=False)
    assert models(route) == ["small"]


def test_a_scorer_of_ones_own_is_checked_and_ours_is_believed():
    class Own(TaskComplexityScorer):
        def score(self, text_or_messages):
            return replace(super().score(text_or_messages), score=11.0)

    assert TieredModelRouter(scorer=Own(TierConfig())).score(SIMPLE).failure
    Own.__module__ = "gearshift.own.tests"
    assert TieredModelRouter(scorer=Own(TierConfig())).score(SIMPLE).score == 11.0
    Own.__module__ = "gearshifts.tests"
    assert TieredModelRouter(scorer=Own(TierConfig())).score(SIMPLE).failure
    # Bounds are the router's own, whatever the scorer was made with.
    own = type("Own", (TaskComplexityScorer,), {"__module__": "own"})
    found = TieredModelRouter(TierConfig(complexity_threshold=5.0), own(TierConfig()))
    assert found.score(SIMPLE).bounds == (("simple", 5.0), ("complex", None))


def test_the_scorer_and_the_settings_may_be_left_out():
    router = TieredModelRouter()
    assert router.config == TierConfig()
    assert isinstance(router.scorer, TaskComplexityScorer)
    assert TieredModelRouter(TierConfig(complexity_threshold=9.0)).score(COMPLEX).threshold == 9.0
    assert router.tiers == ("simple", "complex")
