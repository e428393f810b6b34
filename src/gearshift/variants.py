"""Variants: what the arms of running experiments change about routing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gearshift.pipeline.topology import Topology
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.tiered_routing.tier_router import Target, TieredModelRouter
from gearshift.types import Message

Way = tuple[float | None, str | None]
"""Threshold and scorer of a variant; `None` for the configured one."""


class Assigned(NamedTuple):
    """What one session gets.

    Attributes:
        models: By tier, the model that answers there.
        arms: As the decision shows them.
    """

    router: TieredModelRouter
    models: Mapping[str, str]
    arms: str

    def tiers(self, topology: Topology) -> Mapping[str, Sequence[Target]]:
        """The tiers with the models of this variant, where somebody serves them."""
        if not self.models:
            return topology.tiers
        changed = {
            tier: tuple(replace(target, tier=tier) for target in topology.of_model(model))
            for tier, model in self.models.items()
        }
        return {tier: changed.get(tier) or chain for tier, chain in topology.tiers.items()}


class Variants:
    """A router for every combination of thresholds and scorers, made before it is needed.

    Args:
        routing: The configured settings.
        router: The configured router.
        experiments: Those that run; no two of one dimension.

    Raises:
        ConfigError: A scorer cannot be loaded.
    """

    def __init__(
        self, routing: TierConfig, router: TieredModelRouter, experiments: Sequence[Experiment]
    ) -> None:
        self.experiments = tuple(experiments)
        self._routers: dict[Way, TieredModelRouter] = {}
        self._shares: dict[Way, float] = {}
        for way, share in _ways(self.experiments):
            self._routers.setdefault(way, _router(routing, router, way))
            self._shares[way] = self._shares.get(way, 0.0) + share

    def assigned(self, unit: str) -> Assigned | None:
        """What a session gets; `None` where it takes part in nothing."""
        found = [(e, arm) for e in self.experiments if (arm := e.arm_of(unit)) is not None]
        if not found:
            return None
        models = {tier: model for _, arm in found for tier, model in arm.models.items()}
        arms = ",".join(f"{experiment.name}:{arm.name}" for experiment, arm in found)
        return Assigned(self._routers[_way(arm for _, arm in found)], models, arms)

    def propensity(self, messages: Sequence[Message], tier: str) -> float:
        """The chance with which such a conversation is sent to a tier, whoever asks."""
        same = (
            self._shares[way]
            for way, router in self._routers.items()
            if router.scorer.score(messages).tier == tier
        )
        return min(1.0, sum(same))


def _ways(experiments: Sequence[Experiment]) -> Iterator[tuple[Way, float]]:
    """Every combination of thresholds and scorers, with its share of the traffic."""
    for threshold, first in _options(experiments, Dimension.THRESHOLD):
        for scorer, second in _options(experiments, Dimension.SCORER):
            yield _way(arm for arm in (threshold, scorer) if arm is not None), first * second


def _options(
    experiments: Sequence[Experiment], dimension: Dimension
) -> list[tuple[Arm | None, float]]:
    found = next((one for one in experiments if one.dimension is dimension), None)
    if found is None:
        return [(None, 1.0)]
    each = found.share / len(found.arms)
    return [(None, 1.0 - found.share), *((arm, each) for arm in found.arms)]


def _way(arms: Iterator[Arm]) -> Way:
    threshold: float | None = None
    scorer: str | None = None
    for arm in arms:
        threshold = arm.threshold if arm.threshold is not None else threshold
        scorer = arm.scorer if arm.scorer is not None else scorer
    return threshold, scorer


def _router(routing: TierConfig, router: TieredModelRouter, way: Way) -> TieredModelRouter:
    threshold, scorer = way
    if way == (None, None):
        return router
    changed = with_threshold(routing, threshold) if threshold is not None else routing
    if scorer is not None:
        changed = changed.model_copy(update={"scorer": scorer})
    return TieredModelRouter(changed, load_scorer(changed))


def with_threshold(routing: TierConfig, threshold: float) -> TierConfig:
    """The settings with another bound of the lowest tier."""
    if not routing.tiers:
        return routing.model_copy(update={"complexity_threshold": threshold})
    first = routing.tiers[0].model_copy(update={"below": threshold})
    return routing.model_copy(update={"tiers": (first, *routing.tiers[1:])})
