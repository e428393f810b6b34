"""What became of the mutants of each area."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mutation.areas import AREAS, area_of, is_in
from mutation.survivors import Reasons
from mutation.verdicts import Verdict

GOAL: Final = 0.85
_KILLED: Final = ("killed", "timeout", "segfault")
_LEFT_OUT: Final = ("caught by type check", "skipped")
"""What `make check` refuses is no mutant for the tests."""
_NOT_RUN: Final = ("not checked", "check was interrupted by user")
_NUMBER: Final = re.compile(r"__mutmut_\d+$")

Diff = Callable[[Verdict], tuple[str, str]]
"""The lines that a mutant takes out, and those it puts in."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test noticed.

    Attributes:
        function: Where it is, without `gearshift.`.
        status: `survived`, or `no tests` where none even runs the function.
        reason: Why it may live, if anybody said so.
    """

    name: str
    function: str
    status: str
    removed: str
    added: str
    reason: str | None


@dataclass(slots=True)
class Part:
    """A module and what became of its mutants."""

    name: str
    statuses: Counter[str] = field(default_factory=Counter)
    survivors: list[Survivor] = field(default_factory=list)

    def count(self, status: str, survivor: Survivor | None) -> None:
        """Add one mutant.

        Args:
            status: In mutmut's words.
            survivor: The same mutant, if no test noticed it.
        """
        self.statuses[status] += 1
        if survivor:
            self.survivors.append(survivor)

    @property
    def killed(self) -> int:
        """Those that a test noticed, by failing or by never ending."""
        return sum(self.statuses[status] for status in _KILLED)

    @property
    def mutants(self) -> int:
        """Those that were tried and that the tests could have noticed."""
        return self.killed + len(self.survivors)

    @property
    def not_run(self) -> int:
        """Those that a run has yet to try."""
        return sum(self.statuses[status] for status in _NOT_RUN)

    @property
    def share(self) -> float:
        """Killed among all, 0–1."""
        return self.killed / self.mutants if self.mutants else 1.0

    @property
    def unexplained(self) -> list[Survivor]:
        """The survivors that nobody gave a reason for."""
        return [one for one in self.survivors if one.reason is None]


@dataclass(slots=True)
class Area(Part):
    """One area, which is a few modules."""

    modules: dict[str, Part] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        """Whether all were tried, enough of them killed, and each survivor has its reason."""
        return not self.not_run and self.share >= GOAL and not self.unexplained


def judged(
    verdicts: Iterable[Verdict], reasons: Reasons, diff: Diff, only: Sequence[str] = ()
) -> list[Area]:
    """The areas that have mutants, with those mutants, and so their modules.

    Args:
        verdicts: Of all mutants.
        reasons: Why survivors may live.
        diff: What a survivor changes.
        only: Packages or modules, without `gearshift.`; none stands for all.
    """
    areas = {name: Area(name) for name in AREAS}
    for verdict in verdicts:
        changed = verdict.name.removeprefix("gearshift.")
        area = area_of(changed)
        if area is None or (only and not any(is_in(changed, one) for one in only)):
            continue
        module = changed.rpartition(".")[0]
        survivor = _survivor(verdict, changed, reasons, diff)
        areas[area].count(verdict.status, survivor)
        areas[area].modules.setdefault(module, Part(module)).count(verdict.status, survivor)
    return [area for area in areas.values() if area.statuses]


def _survivor(verdict: Verdict, changed: str, reasons: Reasons, diff: Diff) -> Survivor | None:
    if verdict.status in _KILLED + _LEFT_OUT + _NOT_RUN:
        return None
    function = _NUMBER.sub("", changed)
    removed, added = diff(verdict)
    reason = reasons.find(function, removed)
    return Survivor(verdict.name, function, verdict.status, removed, added, reason)
