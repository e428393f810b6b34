"""ExperimentRouters: what the arms of running experiments change about routing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from gearshift.pipeline.topology import Topology
from gearshift.tiered_routing.candidates import Candidate
from gearshift.tiered_routing.experiments import Arm, Dimension, Experiment
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.tiered_routing.tier_router import TieredModelRouter

RouterKey = tuple[float | None, str | None]
"""Threshold and scorer of a variant; `None` for the configured one."""

_CONFIGURED: Final[RouterKey] = (None, None)


class Assigned(NamedTuple):
    """What one session gets.

    Attributes:
        models: By tier, the model that answers there.
        arms: As the decision shows them.
    """

    router: TieredModelRouter
    models: Mapping[str, str]
    arms: str


class Lot(NamedTuple):
    """One of the things that can happen to a session.

    Attributes:
        chance: 0-1; those of all lots add up to 1.
        models: By tier, the model that answers there.
        is_outside: It takes part in no experiment.
    """

    chance: float
    router: TieredModelRouter
    models: Mapping[str, str]
    is_outside: bool


class ExperimentRouters:
    """A router for every combination of thresholds and scorers, made before it is needed.

    Args:
        routing: The configured settings.
        router: The configured router.
        experiments: Those that run; no two of one dimension.

    Attributes:
        lots: Everything that can happen to a session.
        models: What the tiers' models can be; empty where they are the configured ones.

    Raises:
        ConfigError: A scorer cannot be loaded.
    """

    def __init__(
        self, routing: TierConfig, router: TieredModelRouter, experiments: Sequence[Experiment]
    ) -> None:
        self.experiments = tuple(experiments)
        self._routers: dict[RouterKey, TieredModelRouter] = {}
        models = _options(self.experiments, Dimension.MODELS)
        self.models = tuple(arm.models if arm is not None else {} for arm, _ in models)
        lots = []
        for key, share in _router_keys(self.experiments):
            made = self._routers.setdefault(key, _router(routing, router, key))
            for arm, part in models:
                is_outside = key == _CONFIGURED and arm is None
                lots.append(Lot(share * part, made, arm.models if arm else {}, is_outside))
        self.lots = tuple(lots)
        self._topology: Topology | None = None
        self._tiers: dict[tuple[tuple[str, str], ...], Mapping[str, Sequence[Candidate]]] = {}

    def assigned(self, unit: str) -> Assigned | None:
        """What a session gets; `None` where it takes part in nothing."""
        taken = [(e, arm) for e in self.experiments if (arm := e.arm_of(unit)) is not None]
        if not taken:
            return None
        models = {tier: model for _, arm in taken for tier, model in arm.models.items()}
        arms = ",".join(f"{experiment.name}:{arm.name}" for experiment, arm in taken)
        return Assigned(self._routers[_router_key(arm for _, arm in taken)], models, arms)

    def tiers(
        self, models: Mapping[str, str], topology: Topology
    ) -> Mapping[str, Sequence[Candidate]]:
        """The tiers with these models, where somebody serves them."""
        if not models:
            return topology.tiers
        if topology is not self._topology:
            self._topology, self._tiers = topology, {}
        key = tuple(models.items())
        if key not in self._tiers:
            self._tiers[key] = _changed(models, topology)
        return self._tiers[key]


def _changed(models: Mapping[str, str], topology: Topology) -> Mapping[str, Sequence[Candidate]]:
    changed = {
        tier: tuple(replace(target, tier=tier) for target in topology.of_model(model))
        for tier, model in models.items()
    }
    return {tier: changed.get(tier) or candidates for tier, candidates in topology.tiers.items()}


def _router_keys(experiments: Sequence[Experiment]) -> Iterator[tuple[RouterKey, float]]:
    """Every combination of thresholds and scorers, with its share of the traffic."""
    for threshold, first in _options(experiments, Dimension.THRESHOLD):
        for scorer, second in _options(experiments, Dimension.SCORER):
            yield _router_key(arm for arm in (threshold, scorer) if arm is not None), first * second


def _options(
    experiments: Sequence[Experiment], dimension: Dimension
) -> list[tuple[Arm | None, float]]:
    compared = next((each for each in experiments if each.dimension is dimension), None)
    if compared is None:
        return [(None, 1.0)]
    share = compared.share / len(compared.arms)
    return [(None, 1.0 - compared.share), *((arm, share) for arm in compared.arms)]


def _router_key(arms: Iterator[Arm]) -> RouterKey:
    threshold: float | None = None
    scorer: str | None = None
    for arm in arms:
        threshold = arm.threshold if arm.threshold is not None else threshold
        scorer = arm.scorer if arm.scorer is not None else scorer
    return threshold, scorer


def _router(routing: TierConfig, router: TieredModelRouter, key: RouterKey) -> TieredModelRouter:
    threshold, scorer = key
    if key == _CONFIGURED:
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
