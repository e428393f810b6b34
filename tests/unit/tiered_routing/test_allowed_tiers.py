"""A client that may use only some tiers is sent to none of the others, whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.errors import RequestError
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.allowed_tiers import allowed_targets, not_allowed
from gearshift.tiered_routing.candidates import Candidate, RoutingContext
from gearshift.types import Capability, Cause, Deployment

NAMES = ("a", "b", "c", "d")
TIERS = [{"name": name, "below": 3 * n + 2, "deployments": [name]} for n, name in enumerate(NAMES)]
del TIERS[-1]["below"]
TEXTS = ("What time is it?", "Explain async vs threads", "")
ROUTERS = {
    (enabled, up, down): TieredModelRouter(
        TierConfig.from_mapping(
            {
                "tiers": TIERS,
                "enabled": enabled,
                "fallback_to_complex": up,
                "fallback_to_simple": down,
            }
        )
    )
    for enabled in (True, False)
    for up in (True, False)
    for down in (True, False)
}
PLAIN = ROUTERS[True, True, True]


def target(tier, model=None, **more):
    return Candidate(Deployment("u", model or tier), "ollama", tier, **more)


TARGETS = {name: (target(name),) for name in NAMES}


def decide(text, allowed, router=PLAIN, **more):
    given_ = RoutingContext(**{"targets": TARGETS, "allowed_tiers": frozenset(allowed), **more})
    return router.decide(router.scorer.score(text), given_)


@pytest.mark.parametrize(
    ("allowed", "tier", "chain"),
    [
        ("abcd", "b", "bcda"),
        ("bc", "b", "bc"),
        ("d", "d", "d"),
        ("ad", "d", "da"),
        ("acd", "c", "cda"),
        ("a", "a", "a"),
    ],
)
def test_the_nearest_tier_that_is_allowed_rather_above(allowed, tier, chain):
    text = "Explain async vs threads"
    assert PLAIN.scorer.score(text).tier == "b"
    route = decide(text, allowed)
    assert route.tier == tier
    assert "".join(target.tier for target in route.candidates) == chain
    if "b" in allowed:
        assert route.cause is Cause.SCORED
    else:
        assert route.cause is Cause.FORCED
        assert route.reason.startswith("the API key does not allow b; ")


def test_a_forced_tier_that_is_not_allowed_is_refused_naming_the_others():
    with pytest.raises(RequestError, match="may not use tier 'b'; it may use: a, d") as caught:
        decide("hi", "ad", forced_tier="b")
    assert (caught.value.status, caught.value.code) == (403, "tier_not_allowed")
    route = decide("hi", "ad", forced_tier="d")
    assert (route.tier, route.cause) == ("d", Cause.FORCED)
    with pytest.raises(RequestError) as caught:
        decide("hi", "ad", forced_tier="zzz")
    assert caught.value.status == 400


@pytest.mark.parametrize("allowed", ["", "z"])
def test_a_key_without_any_tier_that_exists_is_refused(allowed):
    with pytest.raises(RequestError, match="no tier") as caught:
        decide("hi", allowed)
    assert caught.value.status == 403


def test_capability_does_not_lead_out_of_the_allowed_tiers():
    unable = {"a": (target("a", capabilities=frozenset()),)}
    needs = frozenset({Capability.TOOLS})
    route = decide("hi", "a", targets={**TARGETS, **unable}, needs=needs)
    assert [target.tier for target in route.candidates] == ["a"]
    route = decide("hi", "ac", targets={**TARGETS, **unable}, needs=needs)
    assert (route.tier, route.cause) == ("c", Cause.CAPABILITY)


def test_a_context_that_is_not_allowed_does_not_count():
    targets = {name: (target(name, context_length=10),) for name in "ab"}
    targets["b"] = (target("b", context_length=10_000),)
    with pytest.raises(RequestError, match="longest context of any model is 10"):
        decide("hi", "a", targets=targets, prompt_tokens=1000)


@given(
    st.sampled_from(TEXTS),
    st.frozensets(st.sampled_from(NAMES), min_size=1),
    st.sampled_from(sorted(ROUTERS)),
    st.frozensets(st.sampled_from(NAMES)),
    st.booleans(),
)
def test_no_circumstance_leads_out_of_the_allowed_tiers(text, allowed, key, incapable, has_needs):
    targets = {
        name: (target(name, capabilities=frozenset() if name in incapable else None),)
        for name in NAMES
    }
    needs = frozenset({Capability.VISION} if has_needs else ())
    route = decide(text, allowed, ROUTERS[key], targets=targets, needs=needs)
    assert route.tier in allowed
    assert {target.tier for target in route.candidates} <= allowed


def test_a_deployment_of_two_tiers_is_allowed_through_either():
    both = {"a": (target("a", "m"),), "b": (target("b", "m"), target("b", "n"))}
    outside = Candidate(Deployment("u", "x"), "ollama", "")
    known = (*both["a"], outside)
    assert allowed_targets(known, both, None) == known
    assert allowed_targets(known, both, frozenset("b")) == (target("b", "m"),)
    assert allowed_targets((target("b", "n"),), both, frozenset("a")) == ()


def test_the_refusal_names_what_may_be_used():
    refusal = not_allowed("tier 'c'", {"b", "a"})
    assert refusal.message == "this API key may not use tier 'c'; it may use: a, b"
    assert (refusal.status, refusal.field, refusal.code) == (403, None, "tier_not_allowed")
    refusal = not_allowed("model 'm'", (), "model")
    assert refusal.message == "this API key may not use model 'm'; it may use: no tier"
    assert refusal.field == "model"
