"""What a run has shown, as text and as JSON, and what of it is a violation."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Self

import sqlalchemy

from endurance.fleet.scenario import Scenario
from endurance.fleet.services import LIMIT_PER_MINUTE
from endurance.terminal import table

_MOST_OVERSHOOT: Final = 0.05
_LEAST_STICKY: Final = 0.99
_UNWRITTEN_SECONDS: Final = 2.0
"""Before a replica was killed: decisions that it had not written yet are gone with it."""
_SHOWN: Final = 8


@dataclass(slots=True)
class Report:
    """Figures and violations."""

    seed: int
    scenario: Scenario
    violations: list[str] = field(default_factory=list)
    logged: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, seed: int) -> Self:
        """What the run has shown."""
        report = cls(seed, scenario)
        seen, found = scenario.seen, report.violations
        found += [f"a wrong answer of {one.replica}: {one.problem}" for one in seen.wrong()]
        found += [
            f"{one.kind} at {one.replica}: {one.status} {one.problem}" for one in seen.failed()
        ]
        let_through, overshoot = seen.overshoot(LIMIT_PER_MINUTE)
        if overshoot > _MOST_OVERSHOOT:
            found.append(f"{let_through} requests let through, {overshoot:.1%} too many")
        pairs, kept = seen.stickiness(("simple", "complex"))
        if not pairs or kept / pairs < _LEAST_STICKY:
            found.append(f"{kept} of {pairs} turns went where the one before went")
        found += scenario.problems
        found += [
            f"{when}: after {spent:.1f} s, not within {within:g}"
            for when, spent, within in scenario.followed
            if spent is not None and spent > within
        ]
        for name, replica in scenario.fleet.replicas.items():
            found += [f"{name} said: {line}" for line in replica.defects()[:_SHOWN]]
        return report

    async def compare_log(self, url: str) -> None:
        """Whether the decisions that clients were told are in the log, once each."""
        await asyncio.sleep(3)  # what waits is written every second
        known = await asyncio.to_thread(_logged, url)
        answers = [one for one in self.scenario.seen.answers if one.decision and one.status == 200]
        lost = [one for one in answers if one.decision not in known]
        killed = self.scenario.killed_at
        unwritten = [
            one
            for one in lost
            if one.replica == "one" and killed - _UNWRITTEN_SECONDS < one.ended <= killed + 0.5
        ]
        self.logged = {"answers": len(answers), "lost with the replica": len(unwritten)}
        if len(lost) > len(unwritten):
            self.violations.append(f"{len(lost) - len(unwritten)} decisions are not in the log")

    def facts(self) -> dict[str, Any]:
        """Everything as JSON."""
        seen = self.scenario.seen
        let_through, overshoot = seen.overshoot(LIMIT_PER_MINUTE)
        pairs, kept = seen.stickiness(("simple", "complex"))
        return {
            "seed": self.seed,
            "requests": len(seen.answers),
            "statuses": Counter(str(one.status) for one in seen.answers),
            "cache": Counter(one.cache for one in seen.answers if one.kind == "repeat"),
            "wrong": len(seen.wrong()),
            "failed": len(seen.failed()),
            "failed_at_broken_hosts": seen.excused(),
            "limited": {"let_through": let_through, "overshoot": overshoot},
            "turns": {"pairs": pairs, "kept": kept},
            "changes": [
                {"when": when, "seconds": spent, "within": within}
                for when, spent, within in self.scenario.followed
            ],
            "logged": self.logged,
            "disturbances": [
                {"what": one.what, "seconds": one.ended - one.began} for one in seen.disturbances
            ],
            "violations": self.violations,
        }

    def text(self) -> str:
        """The same for people."""
        facts = self.facts()
        turns, limited = facts["turns"], facts["limited"]
        changes = [
            (one["when"], "never" if one["seconds"] is None else f"{one['seconds']:.2f}",
             f"{one['within']:g}")
            for one in facts["changes"]
        ]  # fmt: skip
        broken = [(one["what"], f"{one['seconds']:.1f}") for one in facts["disturbances"]]
        parts = [
            f"seed {self.seed}: {facts['requests']} requests, {dict(facts['statuses'])}; of "
            f"repeated ones {dict(facts['cache'])}",
            f"{facts['wrong']} wrong answers, {facts['failed']} failed where nothing was broken, "
            f"{facts['failed_at_broken_hosts']} at hosts that were",
            f"limit of a key: {limited['let_through']} let through, {limited['overshoot']:+.1%}",
            f"conversations: {turns['kept']} of {turns['pairs']} turns went where they had to",
            f"decision log: {self.logged}",
            table(("all replicas have a change", "after s", "allowed"), changes),
            table(("broken", "for s"), broken),
        ]
        parts += [f"VIOLATION (seed {self.seed}): {text}" for text in self.violations[:_SHOWN]]
        parts.append(f"{len(self.violations)} violations")
        return "\n\n".join(parts)


def _logged(url: str) -> set[str]:
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return set(connection.scalars(sqlalchemy.text("SELECT id FROM decisions")))
    finally:
        engine.dispose()
