"""Assignment: what chance decides about a request, with the propensity of where it really goes.

Experiments and exploration draw lots here and nowhere else. The propensity is the sum over all
lots that lead to the same tier once capabilities, lengths and rights have had their say, so over a
replayed randomisation the inverse propensities of each tier that can be reached add up to the
number of requests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import fsum
from typing import Final, NamedTuple

from gearshift.client.requests import scored_messages
from gearshift.config.sections.quality import QualitySettings
from gearshift.errors import RequestError
from gearshift.pipeline.topology import Topology
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.planning.exploration import is_explored, other_side
from gearshift.tiered_routing.candidates import RoutingContext
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.tier_router import RoutingChoice, TieredModelRouter
from gearshift.types import Cause, ChatRequest

_NOWHERE: Final = ""


class Assignment(NamedTuple):
    """Where a request goes.

    Attributes:
        router: Whose scorer and threshold count.
        scoring_seconds: Time the scorer took.
        propensity: The chance, above 0 and up to 1, with which such a request goes to this tier.
        arms: The experiments it takes part in, as `name:arm` with commas between.
        movable: Whether the score decides: a low one would send it to the smallest tier, any
            other one elsewhere, whatever the lots.
    """

    router: TieredModelRouter
    result: ComplexityResult
    route: RoutingChoice
    scoring_seconds: float
    propensity: float = 1.0
    arms: str | None = None
    movable: bool = False


class Assigner:
    """Draws lots, and knows the chance of every outcome.

    Args:
        router: The configured one.
        quality: Which share of the requests explores.

    Attributes:
        routers: What running experiments change; `None` while there are none.
    """

    def __init__(self, router: TieredModelRouter, quality: QualitySettings) -> None:
        self.routers: ExperimentRouters | None = None
        self._router = router
        self._quality = quality

    def assign(
        self,
        request: ChatRequest,
        context: RoutingContext,
        topology: Topology,
        decision_id: str,
    ) -> Assignment:
        """The route of a request.

        Args:
            request: Whose words are scored.
            context: With the tiers of `topology`.
            topology: Whom an experiment's models are looked up in.
            decision_id: Its randomness decides, or the session's where there is one.

        Raises:
            RequestError: As `TieredModelRouter.decide`.
        """
        if context.forced_tier is not None:
            result, seconds = _scored(self._router, request)
            return Assignment(self._router, result, self._router.decide(result, context), seconds)
        routers = self.routers
        assigned = routers.assigned(request.session or decision_id) if routers else None
        if routers is None or assigned is None:
            router, here = self._router, context
        else:
            router = assigned.router
            here = context._replace(targets=routers.tiers(assigned.models, topology))
        result, seconds = _scored(router, request)
        route = router.decide(result, here)
        other = self._other(result, route, here) if assigned is None else None
        if other is not None and is_explored(decision_id, self._quality):
            reason = f"explored; {route.reason}"
            route = other._replace(cause=Cause.EXPERIMENT, reason=reason)
        elif assigned is not None and route.cause is Cause.SCORED:
            reason = f"{route.reason}; {assigned.arms}"
            route = route._replace(cause=Cause.EXPERIMENT, reason=reason)
        if routers is not None:
            propensity = self._propensity(routers, request, context, topology, route.tier)
        elif other is None:
            propensity = 1.0
        else:
            share = self._quality.explore_share
            propensity = share if route.tier == other.tier else 1.0 - share
        return Assignment(
            router,
            result,
            route,
            seconds,
            propensity,
            assigned.arms if assigned else None,
            not result.failure and self._is_movable(routers, context, topology),
        )

    def _other(
        self, result: ComplexityResult, route: RoutingChoice, context: RoutingContext
    ) -> RoutingChoice | None:
        """Where exploring would lead; `None` where it would change nothing."""
        side = other_side(result, self._router.tiers, self._quality)
        if side is None or result.failure or not self._router.config.enabled:
            return None
        other = self._router.sent_to(side, "", context)
        return None if other.tier == route.tier or other.tier != side else other

    def _propensity(
        self,
        routers: ExperimentRouters,
        request: ChatRequest,
        context: RoutingContext,
        topology: Topology,
        tier: str,
    ) -> float:
        chances = list(self._chances(routers, request, context, topology))
        if all(where == tier for where, _ in chances):
            return 1.0  # not merely within rounding
        return fsum(chance for where, chance in chances if where == tier)

    def _chances(
        self,
        routers: ExperimentRouters,
        request: ChatRequest,
        context: RoutingContext,
        topology: Topology,
    ) -> Iterator[tuple[str, float]]:
        """The tier that each lot leads to, with the lot's chance."""
        for lot in routers.lots:
            if lot.chance <= 0:
                continue
            here = context._replace(targets=routers.tiers(lot.models, topology))
            result = lot.router.score(scored_messages(request))
            try:
                route = lot.router.sent_to(result.tier, "", here)
            except RequestError:  # refused, such as by models with a shorter context
                yield _NOWHERE, lot.chance
                continue
            other = self._other(result, route, here) if lot.is_outside else None
            share = 0.0 if other is None else self._quality.explore_share
            if share < 1.0:
                yield route.tier, lot.chance * (1.0 - share)
            if other is not None:
                yield other.tier, lot.chance * share

    def _is_movable(
        self, routers: ExperimentRouters | None, context: RoutingContext, topology: Topology
    ) -> bool:
        if routers is None:
            return self._router.is_movable(context)
        return all(
            self._router.is_movable(context._replace(targets=routers.tiers(models, topology)))
            for models in routers.models
        )


def _scored(router: TieredModelRouter, request: ChatRequest) -> tuple[ComplexityResult, float]:
    started = time.perf_counter()
    messages = scored_messages(request)
    result = router.score(messages)
    return result, time.perf_counter() - started
