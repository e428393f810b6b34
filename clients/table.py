"""The tables of clients in docs/clients/README.md, written by the runs that tried them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_BEGIN: Final = "<!-- Written by `make {}`; do not edit below. -->"
_END: Final = "<!-- End of `make {}`. -->"
HEADS: Final = {
    "whole": "whole answer",
    "stream": "stream",
    "tools": "tools",
    "error": "unknown model",
    "cancel": "left stream",
    "embeddings": "embeddings",
}
"""The column of each feature."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One feature of one client.

    Attributes:
        client: The package.
        row: Which of its interfaces.
        feature: What was tried.
        problem: Empty if it went well; `None` where there is nothing to try.
    """

    client: str
    version: str
    row: str
    dialect: str
    feature: str
    problem: str | None

    @property
    def title(self) -> str:
        """The package and which of its interfaces."""
        return self.client if self.row in ("", self.client) else f"{self.client}, {self.row}"


def write_table(file: Path, outcomes: Sequence[Outcome], target: str) -> None:
    """Replace the rows of these clients between the marks of a target of make; keep the others."""
    begin, end = _BEGIN.format(target), _END.format(target)
    before, _, rest = file.read_text("utf-8").partition(begin)
    old, _, after = rest.partition(end)
    rows = dict(_read(old)) | dict(_rows(outcomes, datetime.now(UTC).date().isoformat()))
    lines = [
        f"| client | version | dialect | {' | '.join(HEADS.values())} | date |",
        "|---" * (4 + len(HEADS)) + "|",
        *(rows[title] for title in sorted(rows)),
    ]
    file.write_text("\n".join([f"{before}{begin}", *lines, f"{end}{after}"]), "utf-8")


def _read(table: str) -> Iterator[tuple[str, str]]:
    """The rows that are there, by their first cell."""
    for line in table.splitlines():
        found = re.match(r"\| ([^|]+?) \|", line)
        if found and found[1] != "client":
            yield found[1], line


def _rows(outcomes: Iterable[Outcome], today: str) -> Iterator[tuple[str, str]]:
    by_title: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_title.setdefault(outcome.title, []).append(outcome)
    for title, tried in by_title.items():
        results = {outcome.feature: outcome.problem for outcome in tried}
        cells = " | ".join(_cell(results.get(feature)) for feature in HEADS)
        yield title, f"| {title} | {tried[0].version} | {tried[0].dialect} | {cells} | {today} |"


def _cell(problem: str | None) -> str:
    return "–" if problem is None else "failed" if problem else "yes"
