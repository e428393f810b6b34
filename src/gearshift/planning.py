"""Planning: a request in, its decision and the chain of deployments out; nothing is sent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gearshift.chat_requests import estimated_tokens
from gearshift.constants.model_constants import AUTO_MODEL
from gearshift.decision_ids import DecisionIds, draw
from gearshift.errors import RequestError
from gearshift.exploration import side_of
from gearshift.pipeline.topology import Topology
from gearshift.settings_quality import QualitySettings
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.tier_router import (
    Circumstances,
    Route,
    Target,
    TieredModelRouter,
    allowed_targets,
    not_allowed,
)
from gearshift.types import Cause, ChatRequest, Decision, Operation
from gearshift.variants import Variants


class Plan(NamedTuple):
    """What is to be done with a request.

    Attributes:
        chain: Whom to ask, in order; never empty.
        scoring_seconds: Time the scorer took.
    """

    decision: Decision
    chain: tuple[Target, ...]
    scoring_seconds: float


class Planner:
    """Decides for one interface.

    Args:
        router: Chooses the tier.
        config_hash: Of the settings, for the decisions.
        quality: Which requests are drawn for judging, and which explore.

    Attributes:
        variants: What running experiments change; `None` while there are none.
    """

    def __init__(
        self,
        router: TieredModelRouter,
        config_hash: str,
        quality: QualitySettings | None = None,
    ) -> None:
        self.router = router
        self.variants: Variants | None = None
        self._quality = quality or QualitySettings()
        self._config_hash = config_hash
        self._ids = DecisionIds()

    def plan(self, request: ChatRequest, topology: Topology) -> Plan:
        """Where a request goes, and why.

        Raises:
            RequestError: 404 for a model that nobody has, 400 for an unknown tier, 403 for what
                the client may not use.
        """
        model = request.model.removesuffix(":latest")
        tiers = topology.tiers
        if request.forced_tier is not None or model in ("", AUTO_MODEL):
            return self._scored(request, topology, request.forced_tier)
        targets = topology.of_model(request.model)
        if not targets and model in tiers:
            return self._scored(request, topology, model)
        if not targets:
            raise RequestError(
                f"model {request.model!r} not found; use {AUTO_MODEL!r}, a tier "
                f"({', '.join(tiers)}) or a name from the list of models",
                status=404,
                field="model",
                code="model_not_found",
            )
        targets = allowed_targets(targets, tiers, request.allowed_tiers)
        if not targets:
            allowed = (request.allowed_tiers or frozenset()).intersection(tiers)
            raise not_allowed(f"model {model[:200]!r}", allowed, "model")
        reason = "the client named the model"
        why = (Cause.FORCED, reason)
        decision = self._decision(request, self._ids.next(), targets[0], None, why, self.router)
        return Plan(decision, targets, 0.0)

    def _scored(self, request: ChatRequest, topology: Topology, forced_tier: str | None) -> Plan:
        decision_id = self._ids.next()
        router, assigned = self.router, None
        tiers: Mapping[str, Sequence[Target]] = topology.tiers
        if self.variants is not None and forced_tier is None:
            assigned = self.variants.assigned(request.session or decision_id)
            if assigned is not None:
                router, tiers = assigned.router, assigned.tiers(topology)
        started = time.perf_counter()
        result = router.scorer.score(request.messages)
        scoring_seconds = time.perf_counter() - started
        circumstances = Circumstances(
            targets=tiers,
            forced_tier=forced_tier,
            needs=request.needs,
            prompt_tokens=estimated_tokens(request.messages),
            allowed_tiers=request.allowed_tiers,
        )
        route = router.decide(result, circumstances)
        propensity, arms = 1.0, None
        if route.cause is Cause.SCORED:
            if assigned is not None and self.variants is not None:
                arms = assigned.arms
                propensity = self.variants.propensity(request.messages, route.tier)
                route = route._replace(cause=Cause.EXPERIMENT, reason=f"{route.reason}; {arms}")
            elif self._quality.explore_share > 0:
                route, propensity = self._explored(decision_id, result, route, circumstances)
        decision = self._decision(
            request,
            decision_id,
            route.chain[0],
            result,
            (route.cause, route.reason),
            router,
            propensity,
            arms,
        )
        return Plan(decision, route.chain, scoring_seconds)

    def _explored(
        self, decision_id: str, result: ComplexityResult, route: Route, circumstances: Circumstances
    ) -> tuple[Route, float]:
        """The route, or now and then the one on the other side of the threshold."""
        side = side_of(decision_id, result, self._quality)
        allowed = circumstances.allowed_tiers
        if side.other_tier is None or (allowed is not None and side.other_tier not in allowed):
            return route, side.propensity
        other = self.router.decide(result, circumstances._replace(forced_tier=side.other_tier))
        reason = f"explored; {route.reason}"
        return other._replace(cause=Cause.EXPERIMENT, reason=reason), side.propensity

    def _decision(
        self,
        request: ChatRequest,
        decision_id: str,
        target: Target,
        result: ComplexityResult | None,
        why: tuple[Cause, str],
        router: TieredModelRouter,
        propensity: float = 1.0,
        arms: str | None = None,
    ) -> Decision:
        cause, reason = why
        scorer = router.scorer
        deployment = target.deployment
        where = (target.tier, deployment.model, deployment.upstream, target.provider)
        scored: tuple[float | None, Mapping[str, float], Mapping[str, float]] = (None, {}, {})
        how = ("none", "", router.config.complexity_threshold)
        if result is not None:
            scored = (result.score, result.factors, result.contributions)
            how = (scorer.name, scorer.version, result.threshold)
        share = self._quality.shadow_share
        drawn = share if share > 0 and _may_be_drawn(request, cause, decision_id, share) else None
        # By position, which takes a third of the time; the order is that of the fields.
        return Decision(
            decision_id,
            time.time(),
            *where,
            *scored,
            reason,
            cause,
            *how,
            self._config_hash,
            request.session,
            propensity,
            None,
            arms,
            drawn,
        )


def _may_be_drawn(request: ChatRequest, cause: Cause, decision_id: str, share: float) -> bool:
    """Drawn for judging, and fit for it: a conversation in words that the score has routed.

    Tools would be called twice; a raw completion has no question that a judge could read.
    """
    if draw(decision_id) >= share or cause not in (Cause.SCORED, Cause.EXPERIMENT):
        return False
    is_chat = request.operation is Operation.CHAT or request.dialect == "ollama"
    return is_chat and not request.needs and not request.body.get("raw")
