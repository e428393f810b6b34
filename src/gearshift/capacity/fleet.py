"""A plan for all tiers together: how many deployments of each, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gearshift.capacity.plan import TierPlan


@dataclass(frozen=True, slots=True)
class Costs:
    """What one tier costs; `None` for what is not known.

    Attributes:
        per_deployment: Money for each deployment, per hour, whether it is used or not.
        per_request: Money for each request, where an API bills tokens.
        watts: Power of each deployment.
        flops: Compute of a mean request, in FLOPs.
    """

    per_deployment: float | None = None
    per_request: float | None = None
    watts: float | None = None
    flops: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedTier:
    """A tier of a fleet.

    Attributes:
        plan: Its plan.
        costs: What it costs.
        spare: Deployments beyond the plan, which may be down while the targets are met.
    """

    plan: TierPlan
    costs: Costs
    spare: int = 0

    @property
    def deployments(self) -> int:
        """All that run."""
        return self.plan.chosen.count + self.spare

    @property
    def money(self) -> float | None:
        """Per hour."""
        per_hour = 3_600 * self.plan.demand.workload.rate
        parts = [
            None if each is None else each * times
            for each, times in (
                (self.costs.per_deployment, self.deployments),
                (self.costs.per_request, per_hour),
            )
        ]
        known = [part for part in parts if part is not None]
        return sum(known) if known else None

    @property
    def kilowatts(self) -> float | None:
        """Of all that run, at full power."""
        watts = self.costs.watts
        return None if watts is None else self.deployments * watts / 1e3

    @property
    def flops(self) -> float | None:
        """Compute per hour."""
        each = self.costs.flops
        return None if each is None else 3_600 * self.plan.demand.workload.rate * each

    @property
    def saturates_at(self) -> float:
        """How many times this load takes all that the deployments without spares can do."""
        return 1.0 / self.plan.chosen.utilisation


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """All tiers that get requests, at one threshold.

    Attributes:
        threshold: Scores below it go to the lowest tier; `None` where shares were stated.
        is_safe: Whether a guarantee of quality covers the threshold, or it is the current one.
        tiers: Of each one that gets requests, the lowest first.
    """

    threshold: float | None
    is_safe: bool
    tiers: tuple[PlannedTier, ...]

    @property
    def deployments(self) -> int:
        """All that run."""
        return sum(tier.deployments for tier in self.tiers)

    @property
    def money(self) -> float | None:
        """Per hour; `None` unless it is known of each tier."""
        return _sum([tier.money for tier in self.tiers])

    @property
    def kilowatts(self) -> float | None:
        """Of all; `None` unless it is known of each tier."""
        return _sum([tier.kilowatts for tier in self.tiers])

    @property
    def flops(self) -> float | None:
        """Compute per hour; `None` unless it is known of each tier."""
        return _sum([tier.flops for tier in self.tiers])

    @property
    def first_to_saturate(self) -> PlannedTier:
        """The tier that a growing load fills up first."""
        return min(self.tiers, key=lambda tier: tier.saturates_at)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def best(fleets: Sequence[FleetPlan]) -> tuple[FleetPlan, str]:
    """The cheapest one whose threshold is safe, and by what it was chosen.

    Money counts where it is known of all; else power, else compute, else the number of
    deployments. Of equal ones the first is taken.

    Args:
        fleets: At least one of them is safe.
    """
    safe = [fleet for fleet in fleets if fleet.is_safe]
    for name, what in (
        ("money", "the least money per hour"),
        ("kilowatts", "the least power"),
        ("flops", "the least compute per hour"),
    ):
        costs = [getattr(fleet, name) for fleet in safe]
        if all(cost is not None for cost in costs):
            return min(safe, key=lambda fleet: getattr(fleet, name)), what
    return min(safe, key=lambda fleet: fleet.deployments), "the fewest deployments"
