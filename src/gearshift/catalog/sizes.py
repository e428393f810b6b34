"""Sizes: how many parameters a model has, as its upstream says, or else as its name does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gearshift.config.loading import Settings
from gearshift.constants.model_sizes import parameters_of
from gearshift.pipeline.health import HealthMonitor
from gearshift.pipeline.topology import is_listed
from gearshift.types import UpstreamState


class Fleet(Protocol):
    """What is asked of an interface: its tiers, and what its upstreams say of their models."""

    settings: Settings
    health: HealthMonitor

    def upstream_states(self) -> Mapping[str, UpstreamState]:
        """What the newest probe of each upstream found."""


class Sizes:
    """Follows the live interface; any thread may ask.

    What was found is remembered until a probe finds an upstream changed, because every request
    asks twice.
    """

    def __init__(self) -> None:
        self._llm: Fleet | None = None
        self._seen: object = None
        self._known: dict[tuple[str, str], float | None] = {}
        self._largest = ("", "")

    def switch_to(self, llm: Fleet) -> None:
        """Ask this one's upstreams from now on."""
        self._llm = llm
        self._seen = None

    def parameters(self, upstream: str, model: str) -> float | None:
        """The number of weights of a model on an upstream; `None` if nobody knows."""
        sizes = self._current()
        try:
            return sizes[upstream, model]
        except KeyError:
            state = None if self._llm is None else self._llm.upstream_states().get(upstream)
            size = sizes[upstream, model] = _found(model, state)
            return size

    def largest(self) -> tuple[str, str]:
        """Upstream and model that always-complex would ask."""
        self._current()
        return self._largest

    def saving(self) -> float | None:
        """Share of compute that the smallest tier's model saves against the largest's (0-1)."""
        small, large = (self.parameters(*self._first(place)) for place in (0, -1))
        return None if small is None or large is None else 1.0 - small / large

    def _current(self) -> dict[tuple[str, str], float | None]:
        """What is known, emptied when an upstream has changed."""
        topology = None if self._llm is None else self._llm.health.topology
        if topology is not self._seen or topology is None:
            self._largest = self._first(-1)
            self._known = {}
            self._seen = topology
        return self._known

    def _first(self, place: int) -> tuple[str, str]:
        if self._llm is None:
            return "", ""
        tier = self._llm.settings.tiered_routing.ordered_tiers[place].name
        targets = self._llm.health.topology.tiers.get(tier)
        if targets:
            return targets[0].deployment.upstream, targets[0].deployment.model
        return "", self._llm.settings.first_model(tier)


def _found(model: str, state: UpstreamState | None) -> float | None:
    infos = () if state is None else state.models
    reported = next((info.parameters for info in infos if is_listed(model, info)), None)
    return parameters_of(model) if reported is None else float(reported)
