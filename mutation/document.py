"""The result of `make mutants` as a table, as JSON and as docs/mutants.md."""

from __future__ import annotations

import json
import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from mutation.report import Area, Part

_DOCUMENT: Final = """\
# Mutation tests

A mutation test changes the code in one small place and runs the tests of its area. A change (a
*mutant*) that makes a test fail is *killed*; one that no test notices *survives*: either a test is
missing, or the change makes no difference. Covered is the code that statistics, routing and
availability depend on; the tests are its unit tests and small seeded simulations. Mutants that the
type checker rejects do not count, nor do changes to the wording of log lines. A killed mutant
counts as killed until its function changes; survivors are tried again in each run.

Written by `make mutants ARGS=--write` on {date}, mutmut {mutmut}, Python {python}.

{areas}

{left}

## Modules

{modules}

## Reasons for the survivors

From `mutation/survivors.yaml`, with the number of mutants that each reason covers. An *equivalent*
change makes no difference to any result:

{reasons}
{unexplained}"""
_COLUMNS: Final = (
    "tried | killed | share | survivors with a reason | survivors without | not tried yet |"
)
_ALL_TRIED: Final = "All mutants were tried, and each survivor has a reason."


def table(areas: list[Area]) -> str:
    """The counts as a Markdown table, and below it the survivors that nobody gave a reason for."""
    return "\n\n".join([_counts("area", areas), *_unexplained(areas)])


def _counts(kind: str, parts: Sequence[Part]) -> str:
    return "\n".join([f"| {kind} | {_COLUMNS}", "|---" * 7 + "|", *map(_row, parts)])


def _row(part: Part) -> str:
    unexplained = len(part.unexplained)
    cells = (part.name, part.mutants, part.killed, f"{part.share:.1%}" if part.mutants else "–")
    rest = (len(part.survivors) - unexplained, unexplained, part.not_run)
    return "| " + " | ".join(map(str, cells + rest)) + " |"


def _unexplained(areas: list[Area]) -> list[str]:
    survivors = (one for area in areas for one in area.unexplained)
    return [f"{one.name} ({one.status})\n- {one.removed}\n+ {one.added}" for one in survivors]


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
    """Write the tables and the reasons, with how many mutants each of them covers."""
    modules = [module for area in areas for _, module in sorted(area.modules.items())]
    text = _DOCUMENT.format(
        date=datetime.now(UTC).date(),
        mutmut=version("mutmut"),
        python=platform.python_version(),
        areas=_counts("area", areas),
        left=_left(areas),
        modules=_counts("module", modules),
        reasons=_reasons(areas),
        unexplained="".join(f"\n```diff\n# {one}\n```\n" for one in _unexplained(areas)),
    )
    path.write_text(text, "utf-8")


def _left(areas: list[Area]) -> str:
    not_run = sum(area.not_run for area in areas)
    unexplained = sum(len(area.unexplained) for area in areas)
    told = [f"{not_run} mutants have not been tried yet."] if not_run else []
    told += [f"{unexplained} survivors have no reason; they are listed at the end."] * bool(
        unexplained
    )
    return " ".join(told) or _ALL_TRIED


def _reasons(areas: list[Area]) -> str:
    counts = Counter(one.reason for area in areas for one in area.survivors if one.reason)
    functions: defaultdict[str | None, set[str]] = defaultdict(set)
    for one in (one for area in areas for one in area.survivors):
        functions[one.reason].add(_readable(one.function))
    cells = (
        f"| {number} | {', '.join(sorted(functions[reason]))} | {reason} |"
        for reason, number in counts.most_common()
    )
    return "\n".join(["| mutants | in | reason |", "|---|---|---|", *cells])


def _readable(function: str) -> str:
    """`pipeline.hedging.xǁHedgingǁrace` as `pipeline.hedging.Hedging.race`."""
    module, _, name = function.rpartition(".")
    return f"`{module}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}`"
