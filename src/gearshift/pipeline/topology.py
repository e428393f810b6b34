"""Topology: which deployments stand behind each tier and each model name, as far as is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.providers.base import UpstreamConfig
from gearshift.tiered_routing.candidates import Candidate
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import Capability, Deployment, ModelInfo, UpstreamState

Incapabilities = Mapping[Deployment, frozenset[Capability]]
"""What deployments were found unable to do, by the errors they gave."""


@dataclass(frozen=True, slots=True)
class Topology:
    """An immutable picture; a new one is made when an upstream's state changes.

    Attributes:
        tiers: Deployments of each tier, best first.
        models: Deployments of each concrete model name.
        by_canonical: The same by `canonical` names.
        shared: The tiers that each upstream serves; the empty name for models of no tier.
        embeddings: Deployments of the model that answers `auto` for embeddings, if one is set.
    """

    tiers: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    models: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    embeddings: tuple[Candidate, ...] = ()
    by_canonical: Mapping[str, tuple[Candidate, ...]] = field(init=False)

    def __post_init__(self) -> None:
        models = {canonical(model): self.models[model] for model in reversed([*self.models])}
        object.__setattr__(self, "by_canonical", models)

    def tiers_at(self, upstream: str) -> frozenset[str]:
        """Who shares an upstream."""
        return self.shared.get(upstream, frozenset())

    def of_model(self, name: str) -> tuple[Candidate, ...]:
        """The deployments that serve a model, however Ollama lets its name be written."""
        return self.models.get(name) or self.by_canonical.get(canonical(name), ())


def canonical(model: str) -> str:
    """The one spelling of a model's name, by Ollama's rules.

    Its tag is written out, its case does not count, nor do the registry and the folder that are
    meant where none is named.

    >>> canonical("Gemma2"), canonical("registry.ollama.ai/library/gemma2:2b")
    ('gemma2:latest', 'gemma2:2b')
    """
    name = model.strip().lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def is_listed(model: str, info: ModelInfo) -> bool:
    """Whether an upstream's entry is the model that a name stands for."""
    if model == info.name or canonical(model) == canonical(info.name):
        return True
    names = (info.name, *info.aliases)
    return any(fnmatchcase(model, name) for name in names if "*" in name) or (
        canonical(model) in map(canonical, info.aliases)
    )


def info_of(deployment: Deployment, states: Mapping[str, UpstreamState]) -> ModelInfo | None:
    """What its upstream reports of a model; `None` if nothing, or before the first probe."""
    state = states.get(deployment.upstream)
    infos = state.models if state else ()
    return next((info for info in infos if is_listed(deployment.model, info)), None)


def resolve(
    config: TierConfig,
    upstreams: Sequence[UpstreamConfig],
    states: Mapping[str, UpstreamState],
    incapabilities: Incapabilities,
    embeddings_model: str | None = None,
) -> Topology:
    """Match the tiers' models with upstreams, by configuration first, then by what they list.

    Args:
        config: The tiers.
        upstreams: All of them, in their order.
        states: What they said last, by name.
        incapabilities: What deployments were found unable to do.
        embeddings_model: Who answers `auto` for embeddings, named as the models of tiers are.
    """
    described = _Described(upstreams, states, incapabilities)
    tiers = {
        tier.name: tuple(
            target for entry in tier.deployments for target in described.targets(tier.name, entry)
        )
        for tier in config.ordered_tiers
    }
    models: dict[str, tuple[Candidate, ...]] = {}
    of_tiers = [target for candidates in tiers.values() for target in candidates]
    tier_of = {target.deployment: target.tier for target in of_tiers}
    for target in (*of_tiers, *described.listed(tier_of)):
        targets = models.get(target.deployment.model, ())
        if all(target.deployment != other.deployment for other in targets):
            models[target.deployment.model] = (*targets, target)
    embeddings = described.targets(EMBEDDINGS, embeddings_model) if embeddings_model else []
    shared = _shared([*tiers.values(), *models.values()])
    return Topology(tiers, models, shared, tuple(embeddings))


def _shared(tiers: Sequence[Sequence[Candidate]]) -> dict[str, frozenset[str]]:
    tiers_of: dict[str, set[str]] = {}
    for target in (target for candidates in tiers for target in candidates):
        tiers_of.setdefault(target.deployment.upstream, set()).add(target.tier)
    return {upstream: frozenset(tiers) for upstream, tiers in tiers_of.items()}


@dataclass(frozen=True, slots=True)
class _Described:
    upstreams: Sequence[UpstreamConfig]
    states: Mapping[str, UpstreamState]
    incapabilities: Incapabilities

    def targets(self, tier: str, entry: str) -> list[Candidate]:
        """Where a tier's entry lives: `upstream/model`, or every upstream that has the model."""
        prefix, _, rest = entry.partition("/")
        for upstream in self.upstreams:
            if upstream.name == prefix and rest:
                return [self._target(tier, upstream, rest)]
        owners = [upstream for upstream in self.upstreams if self._has(upstream, entry)]
        # Nobody is known to have it: ask those that might, rather than answer "no such model".
        if not owners:
            owners = [u for u in self.upstreams if not _declared(u)] or [*self.upstreams]
            owners.sort(key=self._is_without)  # who is known to have others is asked last
        return [self._target(tier, upstream, entry) for upstream in owners]

    def listed(self, tier_of: Mapping[Deployment, str]) -> list[Candidate]:
        """Every model that some upstream is known to serve."""
        targets = []
        for upstream in self.upstreams:
            state = self.states.get(upstream.name)
            reported = [info.name for info in state.models] if state else []
            for model in _declared(upstream) or reported:
                tier = tier_of.get(Deployment(upstream.name, model), "")
                targets.append(self._target(tier, upstream, model))
        return targets

    def _has(self, upstream: UpstreamConfig, model: str) -> bool:
        declared = _declared(upstream)
        if declared:
            return any(canonical(model) == canonical(name) for name in declared)
        state = self.states.get(upstream.name)
        return state is not None and any(is_listed(model, info) for info in state.models)

    def _is_without(self, upstream: UpstreamConfig) -> bool:
        state = self.states.get(upstream.name)
        return state is not None and state.is_reachable and state.lists_models

    def _target(self, tier: str, upstream: UpstreamConfig, model: str) -> Candidate:
        deployment = Deployment(upstream.name, model)
        info = info_of(deployment, self.states)
        capabilities = info.capabilities if info else None
        lacking = self.incapabilities.get(deployment)
        if lacking:
            capabilities = (frozenset(Capability) if capabilities is None else capabilities) - (
                lacking
            )
        return Candidate(
            deployment,
            upstream.provider,
            tier,
            capabilities,
            info.context_length if info else None,
        )


def _declared(upstream: UpstreamConfig) -> tuple[str, ...]:
    return upstream.models
