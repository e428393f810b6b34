"""Planner: a request in, its decision and the candidates for an answer out; nothing is sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from gearshift.client.requests import estimated_tokens
from gearshift.config.sections.quality import QualitySettings
from gearshift.constants.model_constants import AUTO_MODEL, EMBEDDINGS
from gearshift.errors import RequestError
from gearshift.pipeline.topology import Topology
from gearshift.planning.assignment import Assigner
from gearshift.planning.decision_ids import DecisionIds, sampling_hash
from gearshift.planning.embedding_refusals import check_tier, no_model_set, not_embedding
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.tiered_routing.allowed_tiers import allowed_targets, not_allowed
from gearshift.tiered_routing.candidates import Candidate, RoutingContext
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.tier_router import TieredModelRouter
from gearshift.types import Cause, ChatRequest, Decision, EmbeddingRequest, Operation

_LOG: Final = logging.getLogger(__name__)
_MOST_TOLD: Final = 100


class Plan(NamedTuple):
    """What is to be done with a request.

    Attributes:
        candidates: Whom to ask, in order; never empty.
        scoring_seconds: Time the scorer took.
    """

    decision: Decision
    candidates: tuple[Candidate, ...]
    scoring_seconds: float


class Planner:
    """Decides for one interface.

    Args:
        router: Chooses the tier.
        config_hash: Of the settings, for the decisions.
        quality: Which requests are sampled for judging, and which explore.
    """

    def __init__(
        self,
        router: TieredModelRouter,
        config_hash: str,
        quality: QualitySettings | None = None,
    ) -> None:
        self.router = router
        self._quality = quality or QualitySettings()
        self._assigner = Assigner(router, self._quality)
        self._config_hash = config_hash
        self._ids = DecisionIds()
        self._told: set[str] = set()

    @property
    def experiment_routers(self) -> ExperimentRouters | None:
        """What running experiments change; `None` while there are none."""
        return self._assigner.routers

    @experiment_routers.setter
    def experiment_routers(self, experiment_routers: ExperimentRouters | None) -> None:
        self._assigner.routers = experiment_routers

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

    def plan_embedding(self, request: EmbeddingRequest, topology: Topology) -> Plan:
        """Whom to ask for vectors: those who have the model; nothing is scored, and no tier asked.

        Vectors of different models cannot be compared, so the model is never chosen by request.

        Raises:
            RequestError: 404 for a model that nobody has; 400 for none where none is configured, a
                tier in its place, or an unknown tier; 403 for what the client may not use.
        """
        check_tier(request.forced_tier, topology.tiers)
        if request.model.removesuffix(":latest") in ("", AUTO_MODEL):
            targets, reason = topology.embeddings, "embeddings.model"
            if not targets:
                raise no_model_set()
        else:
            targets, reason = topology.of_model(request.model), "the client named the model"
            if not targets:
                raise not_embedding(request.model, topology.tiers)
        if request.allowed_tiers is not None and EMBEDDINGS not in request.allowed_tiers:
            targets = allowed_targets(targets, topology.tiers, request.allowed_tiers)
            if not targets:
                raise not_allowed("embeddings of this model", request.allowed_tiers, "model")
        targets = tuple(replace(target, tier=EMBEDDINGS) for target in targets)
        why = (Cause.FORCED, reason)
        decision = self._decision(request, self._ids.next(), targets[0], None, why, self.router)
        return Plan(decision, targets, 0.0)

    def _scored(self, request: ChatRequest, topology: Topology, forced_tier: str | None) -> Plan:
        decision_id = self._ids.next()
        context = RoutingContext(
            targets=topology.tiers,
            forced_tier=forced_tier,
            needs=request.needs,
            prompt_tokens=estimated_tokens(request.messages),
            allowed_tiers=request.allowed_tiers,
            session_tier=None if request.kept is None else request.kept.tier,
        )
        assignment = self._assigner.assign(request, context, topology, decision_id)
        route = assignment.route
        decision = self._decision(
            request,
            decision_id,
            route.candidates[0],
            assignment.result,
            (route.cause, route.reason),
            assignment.router,
            assignment.propensity,
            assignment.arms,
            assignment.movable,
        )
        return Plan(decision, route.candidates, assignment.scoring_seconds)

    def _tell(self, scorer: str, failure: str) -> None:
        """Log a failure of the scorer: each kind once, since every request may meet it."""
        if failure not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(failure)
            _LOG.error("the scorer %r failed, so the last tier answers: %s", scorer, failure)

    def _decision(
        self,
        request: ChatRequest,
        decision_id: str,
        target: Candidate,
        result: ComplexityResult | None,
        why: tuple[Cause, str],
        router: TieredModelRouter,
        propensity: float = 1.0,
        arms: str | None = None,
        movable: bool = False,
    ) -> Decision:
        cause, reason = why
        scorer = router.scorer
        deployment = target.deployment
        where = (target.tier, deployment.model, deployment.upstream, target.provider)
        scored: tuple[float | None, Mapping[str, float], Mapping[str, float]] = (None, {}, {})
        how = ("none", "", router.config.complexity_threshold)
        if result is not None and result.failure:
            how = (scorer.name, scorer.version, result.threshold)
            self._tell(scorer.name, result.failure)
        elif result is not None:
            scored = (result.score, result.factors, result.contributions)
            how = (scorer.name, scorer.version, result.threshold)
        share = self._quality.shadow_share
        is_sampled = movable and sampling_hash(decision_id) < share and _can_be_judged(request)
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
            share if is_sampled else None,
            movable,
        )


def _can_be_judged(request: ChatRequest) -> bool:
    """Whether it is a conversation in words.

    Tools would be called twice; a text to be continued, or a gap in one, has no question that a
    judge could read.
    """
    asks = request.operation is Operation.CHAT or request.is_templated
    return asks and not request.needs and not request.options.get("suffix")
