"""Measures every scorer on recorded outcomes and writes the tables of docs/evaluation.md.

Usage: python -m benchmarks.routing_quality [--data FOLDER] [--only SECTION]... [--curves FOLDER]

FOLDER holds the recorded outcomes, `*.jsonl.gz`; without `--data` it is GEARSHIFT_EVAL_DATA.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.routing_quality import cost, labels, scorers
from benchmarks.routing_quality.data import Recorded, load, tested
from gearshift.errors import GearshiftError
from gearshift.evaluation.curves import write_curves
from gearshift.evaluation.peers import peer_versions
from gearshift.evaluation.scoring import Scored, baselines
from gearshift.tiered_routing.learned_scorer import LearnedScorer

SECTIONS = {"labels": labels.section, "scorers": scorers.section, "cost": cost.section}
DOCUMENT = Path(__file__).parents[2] / "docs" / "evaluation.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("GEARSHIFT_EVAL_DATA"))
    parser.add_argument("--only", action="append", choices=SECTIONS)
    parser.add_argument("--curves", metavar="FOLDER")
    arguments = parser.parse_args()
    if not arguments.data or not Path(arguments.data).is_dir():
        sys.exit("--data or GEARSHIFT_EVAL_DATA must name the folder of the recorded outcomes")
    try:
        files = load(Path(arguments.data))
    except GearshiftError as error:
        sys.exit(str(error))
    for name in arguments.only or SECTIONS:
        table = SECTIONS[name](files)
        print(f"\n{table}", flush=True)
        _write(name, f"{_stamp()}\n\n{table}")
    if arguments.curves:
        _draw(files, Path(arguments.curves))


def _stamp() -> str:
    packages = {name: version(name) for name in ("gearshift", "numpy", "scikit-learn")}
    named = ", ".join(f"{name} {number}" for name, number in (packages | peer_versions()).items())
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{datetime.now(UTC):%Y-%m-%d}, Python {python}, {named}."


def _write(name: str, text: str) -> None:
    """Put a table between its marks in the document."""
    begin, end = f"<!-- {name}: written by make eval -->", f"<!-- end of {name} -->"
    document = DOCUMENT.read_text("utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(document):
        sys.exit(f"{DOCUMENT}: has no place for {name!r}")
    DOCUMENT.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document), "utf-8")


def _draw(files: dict[str, Recorded], folder: Path) -> None:
    learned = LearnedScorer(remembered=0)
    for name, outcomes in tested(files).items():
        parts = [files[name]] if name in files else list(files.values())
        rule = np.concatenate([one.prompts.rule_scores[one.rows("test")] for one in parts])
        scores = {
            "rule": Scored(rule, None),
            "learned": Scored(np.array([learned.score(t).score for t in outcomes.prompts]), None),
            **baselines(outcomes, 0),
        }
        print(*write_curves(outcomes, scores, folder, seed=0))


if __name__ == "__main__":
    main()
