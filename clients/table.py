"""The table of clients in docs/clients/README.md, written by the run that tried them."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from clients.case import FEATURES

_BEGIN: Final = "<!-- Written by `make {}`; do not edit below. -->"
_END: Final = "<!-- End of `make {}`. -->"
_HEADS: Final = {
    "whole": "whole answer",
    "stream": "stream",
    "tools": "tools",
    "error": "unknown model",
    "cancel": "left stream",
    "embeddings": "embeddings",
}


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
    """Replace what stands between the marks of a target of make."""
    begin, end = _BEGIN.format(target), _END.format(target)
    before, _, rest = file.read_text("utf-8").partition(begin)
    text = "\n".join([begin, *lines(outcomes), end])
    file.write_text(before + text + rest.partition(end)[2], "utf-8")


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table in Markdown."""
    features = [f for f in FEATURES if any(o.feature == f for o in outcomes)]
    today = datetime.now(UTC).date()
    system = f"{platform.system()}, Python {platform.python_version()}"
    yield f"gearshift {version('gearshift')}, {today}, {system}:"
    yield ""
    yield f"| client | version | dialect | {' | '.join(_HEADS[f] for f in features)} |"
    yield "|---" * (3 + len(features)) + "|"
    for rows in _grouped(outcomes):
        first = rows[0]
        results = {row.feature: row.problem for row in rows}
        cells = (_cell(results.get(feature)) for feature in features)
        yield f"| {first.title} | {first.version} | {first.dialect} | {' | '.join(cells)} |"
    for outcome in outcomes:
        if outcome.problem:
            words = " ".join(outcome.problem.split()).replace("|", "\\|")
            yield f"\n{outcome.title}, {outcome.feature}: {words}"


def _cell(problem: str | None) -> str:
    return "–" if problem is None else "failed" if problem else "yes"


def _grouped(outcomes: Iterable[Outcome]) -> list[list[Outcome]]:
    rows: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        rows.setdefault((outcome.client, outcome.row, outcome.dialect), []).append(outcome)
    return [*rows.values()]
