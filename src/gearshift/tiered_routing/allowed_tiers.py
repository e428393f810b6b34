"""Which tiers a client may use: what is left of the deployments, and the refusal of the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gearshift.errors import RequestError
from gearshift.tiered_routing.candidates import Candidate


def allowed_targets(
    targets: Sequence[Candidate],
    tiers: Mapping[str, Sequence[Candidate]],
    allowed: frozenset[str] | None,
) -> tuple[Candidate, ...]:
    """Those of `targets` that stand in an allowed tier, each as the target of that tier."""
    if allowed is None:
        return tuple(targets)
    reachable = (target for tier in tiers if tier in allowed for target in tiers[tier])
    by_deployment = {target.deployment: target for target in reachable}
    same = (by_deployment.get(target.deployment) for target in targets)
    return tuple(target for target in same if target is not None)


def not_allowed(what: str, allowed: Collection[str], field: str | None = None) -> RequestError:
    """The refusal of what a client's API key does not cover."""
    return RequestError(
        f"this API key may not use {what}; it may use: {', '.join(sorted(allowed)) or 'no tier'}",
        status=403,
        field=field,
        code="tier_not_allowed",
    )
