"""Which tier a score goes to, and whom to ask in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import RequestError
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.tier_router import Circumstances, Target
from gearshift.types import Capability, Cause, Deployment

SIMPLE, COMPLEX = "What time is it?", "Explain async vs threads"
TOOLS = frozenset({Capability.TOOLS})


def target(tier, model, capabilities=None, context_length=None):
    return Target(Deployment("u", model), "ollama", tier, capabilities, context_length)


def circumstances(small=None, large=None, **more):
    return Circumstances(
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
    return [target.deployment.model for target in route.chain]


def test_a_text_goes_to_the_model_of_its_tier():
    router = TieredModelRouter(TierConfig())
    assert router.route(SIMPLE)[0] == "gemma2:2b"
    model, result = router.route([{"role": "user", "content": COMPLEX}])
    assert (model, result.tier) == ("mistral:7b-instruct", "complex")


def test_a_disabled_router_sends_everything_to_the_last_tier():
    assert TieredModelRouter(TierConfig(enabled=False)).route(SIMPLE)[0] == "mistral:7b-instruct"
    route = decide(SIMPLE, circumstances(), enabled=False)
    assert (route.tier, route.cause) == ("complex", Cause.DISABLED)


def test_the_chain_goes_up_then_down():
    assert models(decide(SIMPLE, circumstances())) == ["small", "large"]
    assert models(decide(COMPLEX, circumstances())) == ["large", "small"]
    assert models(decide(SIMPLE, circumstances(), fallback_to_complex=False)) == ["small"]
    assert models(decide(COMPLEX, circumstances(), fallback_to_simple=False)) == ["large"]


def test_a_forced_tier_wins_and_an_unknown_one_lists_the_tiers():
    route = decide(SIMPLE, circumstances(forced_tier="complex"))
    assert (route.tier, route.cause) == ("complex", Cause.FORCED)
    with pytest.raises(RequestError, match="simple, complex") as caught:
        decide(SIMPLE, circumstances(forced_tier="huge"))
    assert caught.value.status == 400


def test_capability_comes_before_complexity_and_before_the_settings_about_fallback():
    small = target("simple", "small", capabilities=frozenset())
    for allowed in (True, False):
        route = decide(SIMPLE, circumstances(small=small, needs=TOOLS), fallback_to_complex=allowed)
        assert (route.tier, route.cause) == ("complex", Cause.CAPABILITY)
        assert models(route) == ["large"]


def test_a_prompt_that_does_not_fit_goes_where_it_does():
    small = target("simple", "small", context_length=100)
    route = decide(SIMPLE, circumstances(small=small, prompt_tokens=101))
    assert (route.tier, route.cause) == ("complex", Cause.CAPABILITY)


def test_a_prompt_that_cannot_fit_anywhere_is_refused_at_once():
    small = target("simple", "small", context_length=100)
    large = target("complex", "large", context_length=200)
    decide(SIMPLE, circumstances(small, large, prompt_tokens=800))
    with pytest.raises(RequestError, match="longest context of any model is 200"):
        decide(SIMPLE, circumstances(small, large, prompt_tokens=801))
    decide(SIMPLE, circumstances(small, prompt_tokens=10**9))  # one length is not known


def test_when_nobody_can_the_tier_itself_is_asked_so_that_it_says_why():
    unable = {
        "small": target("simple", "small", capabilities=frozenset()),
        "large": target("complex", "large", capabilities=frozenset()),
    }
    route = decide(SIMPLE, circumstances(**unable, needs=TOOLS))
    assert (route.tier, models(route)) == ("simple", ["small"])


def test_without_any_deployment_there_is_a_clear_error():
    with pytest.raises(RequestError, match="no upstream"):
        decide(SIMPLE, Circumstances(targets={}))


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
