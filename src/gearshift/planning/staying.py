"""Staying: what a conversation's last turn means for the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import Cause, Decision, Deployment, Session

# What the client names, or what failed, says nothing about the conversation.
_SAYS_SOMETHING: Final = frozenset(
    {Cause.SCORED, Cause.SESSION, Cause.EXPERIMENT, Cause.CAPABILITY}
)


def staying(
    candidates: tuple[Candidate, ...], kept: Session, may_be_asked: Callable[[Deployment], bool]
) -> tuple[Candidate, ...]:
    """The candidates, with the deployment that has read the conversation before its equals.

    Args:
        candidates: In order; only those of the first one's tier and model are its equals.
        kept: Where the last turn was answered.
        may_be_asked: Whether a deployment may be asked now.
    """
    first = candidates[0]
    deployment = Deployment(kept.upstream, kept.model)
    if (first.tier, first.deployment.model) != (kept.tier, kept.model):
        return candidates
    for candidate in candidates[1:]:
        if candidate.deployment == deployment and candidate.tier == first.tier:
            if not may_be_asked(deployment):
                return candidates
            return (candidate, *(other for other in candidates if other is not candidate))
    return candidates


def after(
    kept: Session | None, planned: Decision, answered: Decision, tiers: Sequence[str]
) -> Session | None:
    """Where the conversation is after a turn; `None` where the turn says nothing about that.

    Args:
        kept: Where it was.
        planned: Where the turn was to go.
        answered: Where it went, if somebody else had to answer.
        tiers: All names, the smallest first.
    """
    if planned.cause not in _SAYS_SOMETHING or planned.tier not in tiers:
        return None
    is_known = kept is not None and kept.tier in tiers
    if kept is not None and is_known and tiers.index(planned.tier) < tiers.index(kept.tier):
        return None  # a side call
    if answered.tier == planned.tier:
        return Session(planned.tier, answered.upstream, answered.model)
    return Session(planned.tier, planned.upstream, planned.model)
