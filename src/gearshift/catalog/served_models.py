"""Which names a client may put into `model`, and what each of them stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gearshift.constants.model_constants import AUTO_MODEL
from gearshift.pipeline.topology import Topology, canonical, info_of
from gearshift.tiered_routing.allowed_tiers import allowed_targets
from gearshift.types import ModelInfo, UpstreamState


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A name that clients may put into `model`.

    Attributes:
        upstream: Who serves it; `None` for `auto` and the tiers.
        info: What the upstream says of it.
    """

    name: str
    kind: Literal["auto", "tier", "model"]
    upstream: str | None = None
    info: ModelInfo | None = None


def served_models(
    topology: Topology, states: Mapping[str, UpstreamState], allowed_tiers: frozenset[str] | None
) -> list[ServedModel]:
    """`auto`, the tiers, and the upstreams' models, as far as a client may use them."""
    served = [ServedModel(AUTO_MODEL, "auto")]
    served += [
        ServedModel(tier, "tier")
        for tier in topology.tiers
        if allowed_tiers is None or tier in allowed_tiers
    ]
    for model, deployments in topology.models.items():
        targets = allowed_targets(deployments, topology.tiers, allowed_tiers)
        if not targets:
            continue
        first = targets[0].deployment
        served.append(ServedModel(model, "model", first.upstream, info_of(first, states)))
    return served


def of_name(name: str, models: Iterable[ServedModel]) -> ServedModel | None:
    """The model that a name stands for, however Ollama lets it be written."""
    wanted = canonical(name)
    same = [served for served in models if canonical(served.name) == wanted]
    return next((served for served in same if served.name == name), same[0] if same else None)
