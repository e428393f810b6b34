"""A request in, its decision and whom to ask out."""

import time
from dataclasses import replace
from unittest.mock import patch

import pytest

from gearshift.client.embeddings import embedding_request
from gearshift.client.requests import chat_request
from gearshift.config.sections.quality import QualitySettings
from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.errors import RequestError
from gearshift.pipeline.topology import Topology
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.planning.planner import Planner
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Capability, Cause, Deployment, Operation, Session

COMPLEX = "Explain async vs threads"  # scores 4.17

SMALL = Candidate(Deployment("u", "small"), "ollama", "simple")
LARGE = Candidate(Deployment("u", "large"), "ollama", "complex")
OTHER = Candidate(Deployment("v", "other"), "openai", "")
TOPOLOGY = Topology(
    {"simple": (SMALL,), "complex": (LARGE,)},
    {"small:latest": (SMALL,), "large": (LARGE,), "other": (OTHER,)},
)


def planner(**quality):
    return Planner(TieredModelRouter(), "hash", QualitySettings(**quality))


def plan(model="auto", text="What time is it?", *, with_quality=None, **changes):
    request = chat_request(text, model=model)
    for name, value in changes.items():
        setattr(request, name, value)
    return planner(**(with_quality or {})).plan(request, TOPOLOGY)


@pytest.mark.parametrize("model", ["auto", "", "auto:latest"])
def test_auto_is_scored(model):
    found = plan(model)
    decision = found.decision
    assert found.candidates == (SMALL, LARGE)
    assert decision.place == ("simple", "small", "u")
    assert (decision.cause, decision.scorer, decision.threshold) == (Cause.SCORED, "rule", 3.0)
    assert (decision.config_hash, decision.propensity, decision.arms) == ("hash", 1.0, None)
    assert decision.movable
    assert found.scoring_seconds > 0


@pytest.mark.parametrize("changes", [{"model": "complex"}, {"forced_tier": "complex"}])
def test_a_tier_that_the_client_names_is_certain_and_no_evidence(changes):
    decision = plan(**changes, with_quality={"shadow_share": 1.0, "explore_share": 0.5}).decision
    assert (decision.tier, decision.cause, decision.propensity) == ("complex", Cause.FORCED, 1.0)
    assert decision.score is not None
    assert not decision.movable
    assert decision.sample_rate is None


@pytest.mark.parametrize("model", ["other", "small", "large"])
def test_a_model_that_the_client_names_is_asked_unscored(model):
    found = plan(model, with_quality={"shadow_share": 1.0})
    assert found.decision.model == model
    assert len(found.candidates) == 1
    assert found.decision.score is None
    assert found.decision.cause is Cause.FORCED
    assert (found.decision.movable, found.decision.sample_rate) == (False, None)


def test_what_nobody_has_and_what_the_key_does_not_allow_is_refused_in_words():
    with pytest.raises(RequestError, match="model 'nobody' not found; use 'auto', a tier") as error:
        plan("nobody")
    assert error.value.status == 404
    with pytest.raises(RequestError, match="may not use model 'large'") as error:
        plan("large", allowed_tiers=frozenset({"simple"}))
    assert error.value.status == 403
    with pytest.raises(RequestError, match="unknown tier 'tiny'"):
        plan(forced_tier="tiny")


@pytest.mark.parametrize(
    ("changes", "is_sampled"),
    [
        ({}, True),
        ({"needs": frozenset({Capability.TOOLS})}, False),
        ({"operation": Operation.COMPLETION}, False),
        ({"operation": Operation.COMPLETION, "is_templated": True}, True),
        ({"options": {"suffix": "x"}}, False),
        ({"allowed_tiers": frozenset({"simple"})}, False),
        ({"allowed_tiers": frozenset({"simple", "complex"})}, True),
    ],
)
def test_what_a_judge_can_compare_on_both_tiers_is_sampled(changes, is_sampled):
    decision = plan(**changes, with_quality={"shadow_share": 1.0}).decision
    assert decision.sample_rate == (1.0 if is_sampled else None)


@pytest.mark.parametrize(("number", "is_sampled"), [(0.0, True), (0.249, True), (0.25, False)])
def test_a_share_is_sampled(number, is_sampled):
    with patch("gearshift.planning.planner.sampling_hash", return_value=number) as lot:
        decision = plan(with_quality={"shadow_share": 0.25}).decision
    assert decision.sample_rate == (0.25 if is_sampled else None)
    lot.assert_called_once_with(decision.id)


def test_the_decision_tells_what_the_scorer_found_and_whose_request_it_was():
    one = planner()
    request = chat_request(COMPLEX)
    request.session = "a session"
    before = time.time()
    decision = one.plan(request, TOPOLOGY).decision
    result = one.router.score(COMPLEX)
    assert before <= decision.time <= time.time()
    assert (decision.tier, decision.model, decision.upstream) == ("complex", "large", "u")
    assert (decision.provider, decision.session) == ("ollama", "a session")
    assert decision.score == result.score
    assert (decision.factors, decision.contributions) == (result.factors, result.contributions)
    assert (decision.scorer, decision.scorer_version) == ("rule", one.router.scorer.version)
    assert (decision.reason, decision.fallback) == (result.reasoning, None)


def test_a_named_model_is_decided_without_a_scorer():
    request = chat_request("What time is it?", model="other")
    request.session = "a session"
    found = planner().plan(request, TOPOLOGY)
    decision = found.decision
    assert found.candidates == (OTHER,)
    assert found.scoring_seconds == 0.0
    assert (decision.tier, decision.upstream, decision.provider) == ("", "v", "openai")
    assert (decision.factors, decision.contributions) == ({}, {})
    assert (decision.scorer, decision.scorer_version, decision.threshold) == ("none", "", 3.0)
    assert decision.reason == "the client named the model"
    assert (decision.propensity, decision.arms, decision.fallback) == (1.0, None, None)
    assert (decision.config_hash, decision.session) == ("hash", "a session")
    assert decision.id.startswith("dec-")


def test_a_model_of_several_deployments_is_asked_in_their_order():
    both = (OTHER, replace(OTHER, deployment=Deployment("w", "other")))
    topology = Topology(TOPOLOGY.tiers, {"other": both})
    found = planner().plan(chat_request("hi", model="other"), topology)
    assert found.candidates == both
    assert found.decision.upstream == "v"


def test_a_model_goes_before_a_tier_of_its_name_and_a_tier_may_bear_latest():
    named = Topology(TOPOLOGY.tiers, {"complex": (OTHER,)})
    assert planner().plan(chat_request("hi", model="complex"), named).candidates == (OTHER,)
    assert plan("complex:latest").decision.tier == "complex"
    assert plan("complex:latest").decision.cause is Cause.FORCED


def test_who_names_nothing_means_auto():
    request = chat_request("What time is it?")
    request.model = ""
    assert planner().plan(request, TOPOLOGY).decision.cause is Cause.SCORED


def test_a_named_tier_goes_before_a_named_model():
    assert plan("other", forced_tier="complex").candidates == (LARGE, SMALL)


def test_a_model_that_the_key_allows_answers_for_its_tier():
    decision = plan("large", allowed_tiers=frozenset({"complex"})).decision
    assert (decision.tier, decision.model, decision.cause) == ("complex", "large", Cause.FORCED)


def test_refusals_say_where_and_why_for_programs():
    with pytest.raises(RequestError) as error:
        plan("nobody")
    assert (error.value.field, error.value.code) == ("model", "model_not_found")
    assert "a tier (simple, complex) or a name" in error.value.message
    with pytest.raises(RequestError) as error:
        plan("other:latest" + "x" * 500, allowed_tiers=frozenset())
    assert error.value.status == 404
    with pytest.raises(RequestError) as error:
        plan("large", allowed_tiers=frozenset({"simple", "elsewhere"}))
    assert (error.value.field, error.value.code) == ("model", "tier_not_allowed")
    assert error.value.message.endswith("it may use: simple")
    with pytest.raises(RequestError) as error:
        plan("large", allowed_tiers=frozenset())
    assert error.value.message.endswith("model 'large'; it may use: no tier")


def test_a_long_name_is_cut_where_it_is_refused():
    long = "m" * 300
    topology = Topology(TOPOLOGY.tiers, {long: (OTHER,)})
    request = chat_request("hi", model=long)
    request.allowed_tiers = frozenset({"simple"})
    with pytest.raises(RequestError) as error:
        planner().plan(request, topology)
    assert f"'{'m' * 200}'" in error.value.message


def test_a_prompt_that_fits_only_elsewhere_is_not_for_the_score_to_move():
    small = replace(SMALL, context_length=10)
    topology = Topology({"simple": (small,), "complex": (LARGE,)})
    long, short = chat_request("w" * 44), chat_request("w" * 40)
    assert planner().plan(long, topology).decision.cause is Cause.CAPABILITY
    assert not planner().plan(long, topology).decision.movable
    assert planner().plan(short, topology).decision.movable


def test_what_a_request_needs_is_heeded():
    blind = replace(SMALL, capabilities=frozenset())
    topology = Topology({"simple": (blind,), "complex": (LARGE,)})
    request = chat_request("hi")
    request.needs = frozenset({Capability.VISION})
    decision = planner().plan(request, topology).decision
    assert (decision.tier, decision.cause) == ("complex", Cause.CAPABILITY)


def test_rights_are_heeded_where_the_score_decides():
    decision = plan(allowed_tiers=frozenset({"complex"})).decision
    assert (decision.tier, decision.cause) == ("complex", Cause.FORCED)


def test_running_experiments_are_handed_on():
    one = planner()
    assert one.experiment_routers is None
    arms = (Arm("low", threshold=1.0), Arm("high", threshold=6.0))
    experiment = Experiment("bounds", Dimension.THRESHOLD, arms)
    one.experiment_routers = running = ExperimentRouters(TierConfig(), one.router, [experiment])
    assert one.experiment_routers is running
    decision = one.plan(chat_request(COMPLEX), TOPOLOGY).decision
    arm = experiment.arm_of(decision.id)
    assert arm is not None
    assert decision.arms == f"bounds:{arm.name}"
    assert decision.threshold == arm.threshold
    assert decision.propensity == pytest.approx(0.5)
    assert decision.cause is Cause.EXPERIMENT
    one.experiment_routers = None
    assert one.plan(chat_request(COMPLEX), TOPOLOGY).decision.arms is None


def test_exploring_is_as_configured(monkeypatch):
    monkeypatch.setattr("gearshift.planning.assignment.is_explored", lambda *_: True)
    quality = {"explore_share": 0.25, "explore_band": 2.0}
    decision = plan(text=COMPLEX, with_quality=quality).decision
    assert (decision.tier, decision.propensity) == ("simple", 0.25)


def test_a_completion_with_a_gap_is_not_drawn():
    request = chat_request("def f():")
    request.operation, request.is_templated = Operation.COMPLETION, True
    request.options = {"suffix": "return 1"}
    one = planner(shadow_share=1.0)
    assert one.plan(request, TOPOLOGY).decision.sample_rate is None
    request.options = {"suffix": ""}
    assert one.plan(request, TOPOLOGY).decision.sample_rate == 1.0


class Failing:
    """A scorer that fails in 120 ways, each of them twice."""

    name, version = "own", "7"

    def __init__(self):
        self._kinds = iter([type(f"Kind{n}Error", (Exception,), {}) for n in range(120)] * 2)

    def score(self, text_or_messages):
        raise next(self._kinds)


def test_failures_of_a_scorer_are_told_once_and_not_without_end(caplog):
    one = Planner(TieredModelRouter(scorer=Failing()), "hash")
    for _ in range(240):
        decision = one.plan(chat_request("hi"), TOPOLOGY).decision
    assert (decision.scorer, decision.scorer_version, decision.threshold) == ("own", "7", 3.0)
    assert len(caplog.records) == 100
    assert "the scorer 'own' failed" in caplog.text
    assert "Kind0Error in test_planner.py, line" in caplog.text
    assert all(record.levelname == "ERROR" for record in caplog.records)


def planned(model="auto", topology=TOPOLOGY, **changes):
    request = embedding_request("Explain async vs threads", model=model)
    for name, value in changes.items():
        setattr(request, name, value)
    return planner(shadow_share=1.0, explore_share=0.5).plan_embedding(request, topology)


EMBEDDER = Candidate(Deployment("v", "embedder"), "openai", EMBEDDINGS)
WITH_MODEL = replace(TOPOLOGY, embeddings=(EMBEDDER,))


@pytest.mark.parametrize(
    ("model", "candidate", "reason"),
    [
        ("auto", EMBEDDER, "embeddings.model"),
        ("", EMBEDDER, "embeddings.model"),
        ("auto:latest", EMBEDDER, "embeddings.model"),
        (":latest", EMBEDDER, "embeddings.model"),
        ("other", replace(OTHER, tier=EMBEDDINGS), "the client named the model"),
        ("small", replace(SMALL, tier=EMBEDDINGS), "the client named the model"),
    ],
)
def test_embeddings_are_not_scored_and_belong_to_no_tier(model, candidate, reason):
    found = planned(model, WITH_MODEL)
    decision = found.decision
    assert (found.candidates, found.scoring_seconds) == ((candidate,), 0.0)
    assert decision.place == (EMBEDDINGS, candidate.deployment.model, candidate.deployment.upstream)
    assert (decision.cause, decision.reason, decision.score) == (Cause.FORCED, reason, None)
    assert (decision.propensity, decision.movable, decision.sample_rate) == (1.0, False, None)
    assert (decision.arms, decision.scorer, decision.factors) == (None, "none", {})


@pytest.mark.parametrize("tier", [None, "simple", "complex", EMBEDDINGS])
def test_a_tier_that_is_forced_for_all_requests_says_nothing_of_embeddings(tier):
    assert planned("other", forced_tier=tier).decision.model == "other"


@pytest.mark.parametrize(
    ("model", "changes", "status", "code"),
    [
        ("auto", {}, 400, "embeddings_model_not_set"),
        ("simple", {}, 400, "tier_without_embeddings"),
        ("nobody", {}, 404, "model_not_found"),
        ("other", {"forced_tier": "huge"}, 400, "unknown_tier"),
        ("other", {"allowed_tiers": frozenset({"simple"})}, 403, "tier_not_allowed"),
        ("large", {"allowed_tiers": frozenset({"simple"})}, 403, "tier_not_allowed"),
    ],
)
def test_embeddings_that_nobody_can_give_are_refused(model, changes, status, code):
    with pytest.raises(RequestError) as caught:
        planned(model, **changes)
    assert (caught.value.status, caught.value.code) == (status, code)


@pytest.mark.parametrize(
    ("model", "allowed"),
    [("small", {"simple"}), ("other", {"embeddings"}), ("auto", {"simple", "embeddings"})],
)
def test_a_key_may_use_the_models_of_its_tiers_or_any_with_embeddings_among_them(model, allowed):
    assert planned(model, WITH_MODEL, allowed_tiers=frozenset(allowed)).candidates


def test_a_refused_model_is_named_as_the_field_that_is_wrong():
    told = r"may not use embeddings of this model; it may use: simple$"
    with pytest.raises(RequestError, match=told) as caught:
        planned("large", allowed_tiers=frozenset({"simple"}))
    assert caught.value.field == "model"


@pytest.mark.parametrize(
    ("kept", "tier"), [("complex", "complex"), ("simple", "simple"), (None, "simple")]
)
def test_a_conversation_that_is_on_a_tier_does_not_go_below_it(kept, tier):
    request = chat_request("What time is it?")
    request.kept = kept and Session(kept, "u", "m")
    assert planner().plan(request, TOPOLOGY).decision.tier == tier
