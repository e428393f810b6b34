"""What the clients have seen, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

MARGIN_SECONDS: Final = 3.0
"""After a disturbance, until everybody is expected to be as before."""
_RIGHT: Final = (200, 429)


@dataclass(frozen=True, slots=True)
class Answered:
    """One request and its end.

    Attributes:
        kind: `turn`, `repeat` or `limited`.
        session: Of a turn.
        status: 0 where the connection failed.
        problem: Why it is not the answer that was asked for; empty where it is.
    """

    kind: str
    replica: str
    began: float
    ended: float
    status: int
    session: str = ""
    tier: str = ""
    upstream: str = ""
    decision: str = ""
    cache: str = ""
    problem: str = ""


@dataclass(slots=True)
class Disturbance:
    """Something that was broken for a while.

    Attributes:
        what: In words.
        hosts: Which ones it concerns; requests at, or by way of, these may fail.
        parts_state: Whether replicas no longer know the same.
    """

    what: str
    began: float
    hosts: frozenset[str]
    parts_state: bool
    ended: float = float("inf")

    def covers(self, one: Answered, margin: float = MARGIN_SECONDS) -> bool:
        """Whether the request was in progress during it, or shortly after."""
        return one.began < self.ended + margin and one.ended > self.began


@dataclass(slots=True)
class Seen:
    """All requests and disturbances of a run."""

    answers: list[Answered] = field(default_factory=list)
    disturbances: list[Disturbance] = field(default_factory=list)

    def wrong(self) -> list[Answered]:
        """Answers that look right and are not; nothing excuses them."""
        return [one for one in self.answers if one.status == 200 and one.problem]

    def failed(self) -> list[Answered]:
        """Requests that failed although whoever had to answer was there."""
        return [
            one for one in self.answers if one.status not in _RIGHT and not self._is_excused(one)
        ]

    def excused(self) -> int:
        """Requests that failed at, or by way of, a host that was broken."""
        bad = [one for one in self.answers if one.status not in _RIGHT]
        return len(bad) - len(self.failed())

    def _is_excused(self, one: Answered) -> bool:
        return any(
            disturbance.covers(one) and (not one.replica or one.replica in disturbance.hosts)
            for disturbance in self.disturbances
        )

    def overshoot(self, per_minute: float) -> tuple[int, float]:
        """How many were let through, and by how much that is more than the limit allows."""
        limited = [one for one in self.answers if one.kind == "limited"]
        if not limited:
            return 0, 0.0
        seconds = max(one.ended for one in limited) - min(one.began for one in limited)
        let_through = sum(one.status == 200 for one in limited)
        return let_through, let_through / (per_minute + per_minute / 60 * seconds) - 1

    def stickiness(self, ranks: Sequence[str]) -> tuple[int, int]:
        """Pairs of turns that follow each other undisturbed, and those that went where they had to.

        That is the same deployment; or a larger tier, and never a smaller one.
        """
        pairs = kept = 0
        for turns in self._conversations():
            for before, after in pairwise(turns):
                if before.status != 200 or after.status != 200 or self._is_parted(before, after):
                    continue
                pairs += 1
                rise = ranks.index(after.tier) - ranks.index(before.tier)
                kept += rise > 0 or (rise == 0 and before.upstream == after.upstream)
        return pairs, kept

    def _conversations(self) -> Iterable[list[Answered]]:
        by_session: dict[str, list[Answered]] = {}
        for one in self.answers:
            if one.session:
                by_session.setdefault(one.session, []).append(one)
        for turns in by_session.values():
            yield sorted(turns, key=lambda one: one.began)

    def _is_parted(self, *turns: Answered) -> bool:
        return any(
            disturbance.parts_state and any(disturbance.covers(one) for one in turns)
            for disturbance in self.disturbances
        )
