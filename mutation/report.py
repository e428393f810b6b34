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
class Area:
    """One area and what became of its mutants."""

    name: str
    statuses: Counter[str] = field(default_factory=Counter)
    survivors: list[Survivor] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """Those that a test noticed, by failing or by never ending."""
        return sum(self.statuses[status] for status in _KILLED)

    @property
    def mutants(self) -> int:
        """All that the tests could have noticed."""
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
    def is_kept(self) -> bool:
        """Whether all were tried, enough of them killed, and each survivor has its reason."""
        known = all(one.reason for one in self.survivors)
        return not self.not_run and self.share >= GOAL and known


def judged(
    verdicts: Iterable[Verdict], reasons: Reasons, diff: Diff, only: Sequence[str] = ()
) -> list[Area]:
    """The areas that have mutants, with those mutants.

    Args:
        verdicts: Of all mutants.
        reasons: Why survivors may live.
        diff: What a survivor changes.
        only: Packages or modules, without `gearshift.`; none stands for all.
    """
    areas = {name: Area(name) for name in AREAS}
    for verdict in verdicts:
        name, status = verdict.name, verdict.status
        module = name.removeprefix("gearshift.")
        area = area_of(module)
        if area is None or (only and not any(is_in(module, one) for one in only)):
            continue
        areas[area].statuses[status] += 1
        if status not in _KILLED + _LEFT_OUT + _NOT_RUN:
            function = _NUMBER.sub("", module)
            removed, added = diff(verdict)
            reason = reasons.find(function, removed)
            areas[area].survivors.append(Survivor(name, function, status, removed, added, reason))
    return [area for area in areas.values() if area.statuses]
