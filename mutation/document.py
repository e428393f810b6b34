"""The result of `make mutants` as a table, as JSON and as docs/mutants.md."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from mutation.report import Area

_DOCUMENT: Final = """\
# Mutation tests

The code that promises something is changed a little, one place at a time, and the unit tests and
small seeded simulations of its area are run: a change that none of them notices is a survivor.
Changes that the type checker refuses do not count, nor do those of a log line's words.

Written by `make mutants ARGS=--write` on {date}, mutmut {version}.

{table}

Why the survivors live (`mutation/survivors.yaml`):

| mutants | reason |
|---|---|
{reasons}
"""


def table(areas: list[Area]) -> str:
    """The counts as a Markdown table, and below it the survivors that nobody gave a reason for."""
    rows = ["| area | mutants | killed | share | survivors with a reason | without |"]
    rows.append("|---|---|---|---|---|---|")
    for area in areas:
        known = sum(one.reason is not None for one in area.survivors)
        unknown = len(area.survivors) - known
        rows.append(
            f"| {area.name} | {area.mutants} | {area.killed} | {area.share:.1%} "
            f"| {known} | {unknown} |"
        )
    for area in (area for area in areas if area.not_run):
        rows.append(f"\n{area.name}: {area.not_run} mutants are yet to be tried")
    for one in (one for area in areas for one in area.survivors if one.reason is None):
        rows.append(f"\n{one.name} ({one.status})\n- {one.removed}\n+ {one.added}")
    return "\n".join(rows)


def as_json(areas: list[Area]) -> str:
    """The same for programs."""
    return json.dumps(
        {
            area.name: {
                "mutants": area.mutants,
                "not_run": area.not_run,
                "killed": area.killed,
                "share": area.share,
                "survivors": [
                    {"name": one.name, "status": one.status, "removed": one.removed}
                    | {"added": one.added, "reason": one.reason}
                    for one in area.survivors
                ],
            }
            for area in areas
        },
        indent=1,
    )


def write_document(path: Path, areas: list[Area]) -> None:
    """Write the table and the reasons, with how many mutants each of them covers."""
    counts = Counter(one.reason for area in areas for one in area.survivors if one.reason)
    reasons = [f"| {number} | {reason} |" for reason, number in counts.most_common()]
    text = _DOCUMENT.format(
        date=datetime.now(UTC).date(),
        version=version("mutmut"),
        table=table(areas).partition("\n\n")[0],
        reasons="\n".join(reasons),
    )
    path.write_text(text, "utf-8")
