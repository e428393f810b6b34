"""The fewest deployments of a tier with which its targets are met, by simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from gearshift.capacity.estimates import RUNS, Interval, estimated
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.simulation import Balancing, Times, simulate
from gearshift.capacity.workload import Workload
from gearshift.errors import GearshiftError

LEVELS: Final = (50, 95, 99)
KINDS: Final = ("waited", "first", "total")
_FEWEST: Final = 6_000  # requests of one run that are reported
_TURNS: Final = 12  # at least so many times what is in flight at once, so that runs forget
_WARM_UP: Final = 5
_CELL: Final = 400  # in flight at once, in what is simulated together
_CELL_DEPLOYMENTS: Final = 12
_FULL: Final = 0.97  # from here on, a run is too short to say how long one waits
_FURTHEST: Final = 64  # times as many as the load alone needs: beyond that nothing gets better

Percentiles = Mapping[str, Mapping[str, Interval]]
"""By `waited`, `first` and `total`, then by `p50`, `p95` and `p99`; seconds."""


class ImpossibleError(GearshiftError):
    """No number of deployments meets the targets."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What must hold; `None` for what is not asked.

    Attributes:
        total: The 95th percentile of the whole time, in seconds.
        first: The 95th percentile of the time to the first token, in seconds.
        utilisation: The share of what the deployments can do that the load may take, at most 0.95:
            close to 1 a queue does not come to rest, and nothing that is measured of it lasts.
    """

    total: float | None = None
    first: float | None = None
    utilisation: float = 0.8


@dataclass(frozen=True, slots=True)
class Demand:
    """What a tier must do.

    Attributes:
        tier: Its name.
        workload: What arrives.
        server: One of its deployments.
        targets: What must hold.
    """

    tier: str
    workload: Workload
    server: BatchingServer
    targets: Targets


@dataclass(frozen=True, slots=True)
class Trial:
    """What so many deployments come to.

    Attributes:
        count: How many.
        utilisation: The share of what they can do that the load takes; 1 and more: too few.
        times: Percentiles; `None` where nothing was simulated, because they are too few.
        failures: In words, each target that is missed, and by how much; none: all are met.
    """

    count: int
    utilisation: float
    times: Percentiles | None
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TierPlan:
    """The plan for a tier.

    Attributes:
        demand: What it is for.
        chosen: The fewest deployments that meet the targets.
        smaller: One less (one less in each cell); `None` where that is none at all.
        cells: Equal groups of deployments with a balancer each, that are planned alike. One large
            group would do no worse: in it, a request finds a free deployment more often.
    """

    demand: Demand
    chosen: Trial
    smaller: Trial | None
    cells: int


Report = Callable[[str], None]
"""Told what is being simulated."""


def plan(
    demand: Demand,
    *,
    seed: int = 1,
    balancing: Balancing = Balancing.LEAST_BUSY,
    report: Report = lambda _: None,
) -> TierPlan:
    """Find the fewest deployments.

    A target is met where the upper end of the interval over the runs is not above it. It is taken
    for granted that more deployments do no worse.

    Args:
        demand: What they must do.
        seed: Of the first run; the others follow it.
        balancing: How requests are divided among them.
        report: Told each number that is tried.

    Raises:
        ImpossibleError: However many there are, a target is missed.
        MissingExtraError: SimPy is not installed.
    """
    _check_is_possible(demand)
    search = _Search(demand, seed, balancing, report)
    chosen = search.fewest()
    smaller = search.outcome(chosen - 1) if chosen > 1 else None
    return TierPlan(demand, search.outcome(chosen), smaller, search.cells)


def _check_is_possible(demand: Demand) -> None:
    """Even a request that has a deployment for itself takes its time."""
    work, targets = demand.workload, demand.targets
    for option, what, target, alone in (
        ("--first-token-seconds", "first tokens", targets.first, work.first),
        ("--p95-seconds", "answers", targets.total, work.first + work.rest),
    ):
        least = float(np.percentile(alone, 95)) + work.overhead
        if target is not None and least > target:
            raise ImpossibleError(
                f"{demand.tier}: no number of deployments meets {target:g} s: 5 % of the {what} "
                f"take longer than {least:.3g} s even where a request has a deployment for itself; "
                f"raise {option}, or use a faster model or machine"
            )


class _Search:
    """Tries numbers of deployments of one cell, each once."""

    def __init__(self, demand: Demand, seed: int, balancing: Balancing, report: Report) -> None:
        self._demand = demand
        self._seed = seed
        self._balancing = balancing
        self._report = report
        self._outcomes: dict[int, Trial] = {}
        self.cells = _cells(demand)
        self._workload = demand.workload.at_rate(demand.workload.rate / self.cells)

    def fewest(self) -> int:
        """The smallest number per cell that meets the targets."""
        server, targets = self._demand.server, self._demand.targets
        least = max(1, ceil(_busy(server, self._workload) / targets.utilisation - 1e-9))
        low, high = least - 1, least
        while self.outcome(high).failures:
            if high > least * _FURTHEST:
                raise ImpossibleError(
                    f"{self._demand.tier}: {high * self.cells:,} deployments still miss a target: "
                    f"{'; '.join(self.outcome(high).failures)}; raise it, or use a faster model "
                    "or machine"
                )
            low, high = high, high + max(1, 2 * (high - least))
        while high - low > 1:
            middle = (low + high) // 2
            if self.outcome(middle).failures:
                low = middle
            else:
                high = middle
        return high

    def outcome(self, count: int) -> Trial:
        """What so many per cell come to."""
        if count not in self._outcomes:
            self._report(f"{self._demand.tier}: {count * self.cells:,} deployments")
            self._outcomes[count] = self._tried(count)
        return self._outcomes[count]

    def _tried(self, count: int) -> Trial:
        server, targets = self._demand.server, self._demand.targets
        utilisation = _busy(server, self._workload) / count
        too_much = (
            ()
            if utilisation <= targets.utilisation + 1e-9
            else (
                f"{100 * utilisation:.0f} % utilisation, {100 * targets.utilisation:.0f} % allowed",
            )
        )
        if utilisation > _FULL:
            return Trial(count * self.cells, utilisation, None, too_much)
        times = _percentiles(list(self._runs(count)))
        missed = tuple(_missed(targets, times))
        return Trial(count * self.cells, utilisation, times, too_much + missed)

    def _runs(self, count: int) -> Iterator[Times]:
        server = self._demand.server
        flight = _flight(server, self._workload, count)
        for number in range(RUNS):
            yield simulate(
                self._workload,
                server,
                count,
                requests=max(_FEWEST, ceil(_TURNS * flight)),
                warm_up=max(_FEWEST // 10, ceil(_WARM_UP * flight)),
                seed=self._seed + number,
                balancing=self._balancing,
            )


def _cells(demand: Demand) -> int:
    """So many that what is in flight in one of them is simulated in seconds."""
    server, limit = demand.server, demand.targets.utilisation
    flight = _flight(server, demand.workload, _busy(server, demand.workload) / limit)
    return max(1, int(flight // max(_CELL, _CELL_DEPLOYMENTS * server.slots)))


def _busy(server: BatchingServer, workload: Workload) -> float:
    """How many deployments the load keeps busy."""
    return server.busy(workload.reading, workload.writing)


def _flight(server: BatchingServer, workload: Workload, count: float) -> float:
    """About how many requests are at `count` deployments, waiting ones included."""
    used = min(_busy(server, workload) / count, _FULL)
    left = max(1.0 - workload.reading / count, 1.0 - _FULL)  # of the time, for writing
    return count * (server.in_flight(workload.writing / count / left) + used / (1.0 - used))


def _percentiles(runs: list[Times]) -> Percentiles:
    """Each percentile of each run, and what they come to together."""
    by_run = {kind: [np.percentile(getattr(run, kind), LEVELS) for run in runs] for kind in KINDS}
    return {
        kind: {
            f"p{level}": estimated([float(row[at]) for row in rows])
            for at, level in enumerate(LEVELS)
        }
        for kind, rows in by_run.items()
    }


def _missed(targets: Targets, times: Percentiles) -> Iterator[str]:
    for name, target, kind in (
        ("first token", targets.first, "first"),
        ("total", targets.total, "total"),
    ):
        high = times[kind]["p95"].high
        if target is not None and high > target:
            yield (
                f"p95 {name} up to {high:.4g} s, {target:g} s allowed "
                f"({100 * (high / target - 1):.2g} % too much)"
            )
