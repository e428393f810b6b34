"""What became of the mutants of each area, read from the last run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from mutation.survivors import Reasons

GOAL: Final = 0.85
AREAS: Final = ("guarantees", "pipeline", "quality", "tiered_routing.tier_router", "planning")
_KILLED: Final = ("killed", "timeout", "segfault")
_LEFT_OUT: Final = ("caught by type check", "skipped")
"""What `make check` refuses is no mutant for the tests."""
_NUMBER: Final = re.compile(r"__mutmut_\d+$")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test noticed: its function, the lines it changes, why it may live."""

    name: str
    function: str
    removed: str
    added: str
    reason: str | None


@dataclass(slots=True)
class Area:
    """One package, or module, and what became of its mutants."""

    name: str
    statuses: Counter[str] = field(default_factory=Counter)
    survivors: list[Survivor] = field(default_factory=list)

    @property
    def mutants(self) -> int:
        """All that the tests could have noticed."""
        return self.statuses.total() - sum(self.statuses[status] for status in _LEFT_OUT)

    @property
    def killed(self) -> int:
        """Those that a test noticed, by failing or by never ending."""
        return sum(self.statuses[status] for status in _KILLED)

    @property
    def share(self) -> float:
        """Killed among all, 0–1."""
        return self.killed / self.mutants if self.mutants else 1.0

    @property
    def is_kept(self) -> bool:
        """Whether the goal is reached and each survivor has its reason."""
        return self.share >= GOAL and all(one.reason for one in self.survivors)


def judged(reasons: Reasons, only: list[str]) -> list[Area]:
    """The areas with their mutants, from mutmut's folder `mutants/`."""
    areas = {name: Area(name) for name in AREAS}
    for name, status in _results():
        module = name.removeprefix("gearshift.")
        area = next((area for area in areas if module.startswith(f"{area}.")), None)
        if area is None or (only and not any(module.startswith(f"{one}.") for one in only)):
            continue
        areas[area].statuses[status] += 1
        if status not in _KILLED + _LEFT_OUT:
            areas[area].survivors.append(_survivor(name, reasons))
    return [area for area in areas.values() if area.statuses]


def _results() -> Iterator[tuple[str, str]]:
    for path in sorted(Path("mutants/src").rglob("*.meta")):
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items():
            yield name, status_by_exit_code[code]


def _survivor(name: str, reasons: Reasons) -> Survivor:
    function = _NUMBER.sub("", name).removeprefix("gearshift.")
    lines = get_diff_for_mutant(name).split("\n")
    removed = _side(lines, "-")
    return Survivor(name, function, removed, _side(lines, "+"), reasons.find(function, removed))


def _side(lines: list[str], sign: str) -> str:
    return " ".join(
        line[1:].strip() for line in lines if line.startswith(sign) and line[:3] != sign * 3
    )
