"""From the traffic of the log to what each tier must do, at any threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gearshift.capacity.fitting import FEWEST, Fit, Seen, fit, residuals
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.traffic import Bools, Traffic
from gearshift.capacity.workload import Speed, Workload
from gearshift.errors import GearshiftError

_MOST_RESIDUAL: Final = 20.0  # an answer that took longer waited for something that is not work


@dataclass(frozen=True, slots=True)
class Stated:
    """What is stated of a tier, and counts more than the log; `None` for what is not.

    Attributes:
        speed: Of a model alone.
        slots: Requests at once.
        slowdown: 0-1.
    """

    speed: Speed | None = None
    slots: int | None = None
    slowdown: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """How a tier's deployments answer.

    Attributes:
        speed: Of a request alone.
        server: How several slow each other down.
        fit: Where that comes from; `None` if it is stated.
    """

    speed: Speed
    server: BatchingServer
    fit: Fit | None


class Logged:
    """The traffic of the log.

    Args:
        traffic: At least one clean request.
        tiers: The names of the configured tiers, the lowest first.
        stated: What counts more than the log, by tier.
    """

    def __init__(
        self, traffic: Traffic, tiers: Sequence[str], stated: Mapping[str, Stated]
    ) -> None:
        self._tiers = tuple(tiers)
        self._traffic = traffic
        self._work = np.ones(len(traffic.time))  # times what the tokens say
        self._stated = stated
        self._models = {tier: self._found(tier) for tier in tiers}

    def workloads(
        self, bounds: Sequence[float], rate: float, dispersion: float
    ) -> dict[str, Workload]:
        """What arrives at each tier that gets anything.

        What the score decides goes where the bounds say, with the tokens it had; of a request
        that goes to another tier than it did, that tier's model is taken to write as much.

        Raises:
            GearshiftError: It is not known how fast a tier is that gets requests.

        Args:
            bounds: The scores from which each tier but the lowest answers, ascending.
            rate: Requests per second, hits of the cache included.
            dispersion: Of all of them; a part of them has less.
        """
        traffic = self._traffic
        at = np.searchsorted(np.array(bounds), traffic.score, side="right")
        by_score = np.array(self._tiers)[np.clip(at, 0, len(self._tiers) - 1)]
        tier = np.where(traffic.is_scored, by_score, traffic.tier)
        found: dict[str, Workload] = {}
        for name in self._tiers:
            asked = (tier == name) & ~traffic.is_hit
            known = asked & traffic.is_clean
            if not asked.any():
                continue
            model = self.model(name)
            if not known.any():
                raise GearshiftError(f"{name}: no answer of the log says how many tokens it had")
            share = float(asked.sum()) / len(traffic.time)
            # A part drawn by chance has the dispersion of the whole by that part (thinning).
            thinned = 1.0 + share * (dispersion - 1.0)
            found[name] = self._workload(model, known, rate * share, thinned)
        if not found:
            raise GearshiftError("the cache answered every request of the log: nothing to plan")
        return found

    def model(self, tier: str) -> Model:
        """How a tier's deployments answer.

        Raises:
            GearshiftError: Too few requests say so.
        """
        model = self._models[tier]
        if model is None:
            raise GearshiftError(
                f"{tier}: fewer than {FEWEST} answers of the log say how fast it is; state it: "
                f"--tier {tier}:decode=TOKENS_PER_SECOND,prefill=TOKENS_PER_SECOND,slots=N"
            )
        return model

    def _workload(self, model: Model, known: Bools, rate: float, dispersion: float) -> Workload:
        work, traffic = self._work[known], self._traffic
        first = model.speed.first(traffic.prompt[known]) * work
        rest = model.speed.rest(traffic.completion[known]) * work
        prompt, completion = traffic.prompt[known].mean(), traffic.completion[known].mean()
        overhead = model.speed.overhead
        return Workload(rate, first, rest, dispersion, float(prompt), float(completion), overhead)

    def _found(self, tier: str) -> Model | None:
        stated = self._stated.get(tier, Stated())
        chosen = (self._traffic.tier == tier) & self._traffic.is_clean
        if stated.speed is not None:
            server = BatchingServer(
                stated.slots or 1, 1.0 if stated.slowdown is None else stated.slowdown
            )
            return Model(stated.speed, server, None)
        if chosen.sum() < FEWEST:
            return None
        seen = self._seen(chosen)
        found = fit(seen, stated.slots, stated.slowdown)
        self._work[chosen] = np.clip(residuals(seen, found), 0.0, _MOST_RESIDUAL)
        return Model(found.speed, found.server, found)

    def _seen(self, chosen: Bools) -> Seen:
        """With everything else that the same deployments had, whatever became of it."""
        traffic = self._traffic
        there = np.isin(traffic.deployment, np.unique(traffic.deployment[chosen]))
        there &= ~traffic.is_hit
        return Seen(
            traffic.deployment[there],
            traffic.time[there],
            traffic.seconds[there],
            traffic.first[there],
            traffic.prompt[there],
            traffic.completion[there],
            chosen[there],
        )
