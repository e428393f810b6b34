"""Whatever chance decides, the logged propensity is that of where the request really goes."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import product
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.client.requests import chat_request
from gearshift.config.sections.quality import QualitySettings
from gearshift.errors import RequestError
from gearshift.pipeline.topology import Topology
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.planning.planner import Planner
from gearshift.tiered_routing import TierConfig, TieredModelRouter
from gearshift.tiered_routing.candidates import Candidate
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.types import Capability, Cause, Deployment

COMPLEX = "Explain async vs threads"  # scores 4.17
TEXTS = ("What time is it?", COMPLEX, f"{COMPLEX}. First compare, then implement both in Python")
LONG = "word " * 400


class Backwards(TaskComplexityScorer):
    """What the rule finds hard is easy."""

    def score(self, text_or_messages):
        found = super().score(text_or_messages)
        score = 10.0 - found.score
        below = [name for name, bound in found.bounds if bound is not None and score < bound]
        return replace(found, score=score, tier=below[0] if below else found.bounds[-1][0])


@dataclass(frozen=True)
class Setting:
    """A gateway, and one request to it."""

    routing: TierConfig
    topology: Topology
    quality: QualitySettings
    experiments: tuple
    request: object

    def planner(self):
        planner = Planner(TieredModelRouter(self.routing), "hash", self.quality)
        if self.experiments:
            routers = ExperimentRouters(self.routing, planner.router, self.experiments)
            planner.experiment_routers = routers
        return planner


CAPABILITIES = st.sampled_from([None, frozenset(), frozenset(Capability)])
LENGTHS = st.sampled_from([None, 300, 100_000])
SHARES = st.sampled_from([0.25, 0.6, 1.0])


@st.composite
def setting(draw):
    names = draw(st.sampled_from([("simple", "complex"), ("a", "b", "c")]))
    tiers = [{"name": n, "below": 3.0 + at, "deployments": [n]} for at, n in enumerate(names)]
    del tiers[-1]["below"]
    routing = TierConfig.from_mapping(
        {
            "tiers": tiers,
            "enabled": draw(st.sampled_from([True, True, True, False])),
            "fallback_to_complex": draw(st.booleans()),
        }
    )
    models = {
        name: (Candidate(Deployment("u", name), "ollama", tier, draw(CAPABILITIES), draw(LENGTHS)),)
        for name, tier in [*((n, n) for n in names), ("another", "")]
    }
    quality = QualitySettings(
        shadow_share=1.0,
        explore_share=draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        explore_band=draw(st.sampled_from([0.5, 2.0, 10.0])),
    )
    thresholds = (Arm("low", threshold=1.0), Arm("mid", threshold=2.9), Arm("high", threshold=6.0))
    scorers = (Arm("rule", scorer="rule"), Arm("other", scorer=f"{__name__}:Backwards"))
    named = (Arm("usual", models={names[0]: names[0]}), Arm("new", models={names[0]: "another"}))
    possible = (
        (Dimension.THRESHOLD, thresholds[: draw(st.integers(2, 3))]),
        (Dimension.SCORER, scorers),
        (Dimension.MODELS, named),
    )
    experiments = tuple(
        Experiment(dimension.value, dimension, arms, draw(SHARES))
        for dimension, arms in possible
        if draw(st.booleans())
    )
    request = chat_request(
        draw(st.sampled_from([*TEXTS, LONG, f"{COMPLEX} {LONG}"])),
        model=draw(st.sampled_from(["auto", "auto", "auto", names[0], "another"])),
        tier=draw(st.sampled_from([None, None, None, names[-1]])),
    )
    request.session = draw(st.sampled_from([None, "a session"]))
    request.needs = draw(st.sampled_from([frozenset(), frozenset({Capability.TOOLS})]))
    request.allowed_tiers = draw(
        st.sampled_from([None, None, frozenset(names[:1]), frozenset(names[1:]), frozenset(names)])
    )
    topology = Topology({name: models[name] for name in names}, models)
    return Setting(routing, topology, quality, experiments, request)


def replayed(case):
    """Every way in which the lots can fall: its chance, and the decision; refusals left out."""
    planner = case.planner()
    lots = [
        [(None, 1.0 - one.share), *((arm, one.share / len(one.arms)) for arm in one.arms)]
        for one in case.experiments
    ]
    share = case.quality.explore_share
    for *arms, (explores, chance) in product(*lots, [(True, share), (False, 1.0 - share)]):
        assigned = dict(zip((one.name for one in case.experiments), arms, strict=True))
        for _, part in arms:
            chance *= part
        if not chance:
            continue
        with (
            patch.object(
                Experiment, "arm_of", lambda self, _, assigned=assigned: assigned[self.name][0]
            ),
            patch(
                "gearshift.planning.assignment.is_explored", lambda *_, explores=explores: explores
            ),
        ):
            try:
                plan = planner.plan(case.request, case.topology)
            except RequestError:
                continue
        yield chance, plan.decision


@given(setting())
@settings(max_examples=150)
def test_inverse_propensities_of_every_tier_add_up_to_the_requests(case):
    weights, chances = Counter(), Counter()
    decisions = list(replayed(case))
    for chance, decision in decisions:
        weights[decision.tier] += chance / decision.propensity
        chances[decision.tier] += chance
    assert weights == pytest.approx(dict.fromkeys(weights, 1.0))
    for _, decision in decisions:
        assert decision.propensity == pytest.approx(chances[decision.tier])


@given(setting())
@settings(max_examples=150)
def test_what_is_evidence_and_who_takes_part_depends_on_no_lot(case):
    decisions = [decision for _, decision in replayed(case)]
    assert len({decision.movable for decision in decisions}) <= 1
    lowest = case.routing.ordered_tiers[0].name
    models = any(one.dimension is Dimension.MODELS for one in case.experiments)
    for decision in decisions:
        if decision.cause is Cause.DISABLED or not decision.tier or case.request.forced_tier:
            assert not decision.movable
        if decision.sample_rate is not None:
            assert decision.movable
        if not decision.movable and len(case.routing.ordered_tiers) == 2 and not models:
            # The score does not decide, so chance does not either.
            assert len({one.tier == lowest for one in decisions}) == 1
