"""Puts the guarantees to the test in simulated worlds, and writes docs/guarantees.md's tables.

Usage: python -m simulations [--worlds N] [--workers N] [--json]

Exit status 1 where a promise was broken more often than it may be.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from simulations import replays, thresholds

DOCUMENT = Path(__file__).parents[1] / "docs" / "guarantees.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2_000, help="in each cell")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    start = time.perf_counter()
    tuned = thresholds.run(arguments.worlds, arguments.workers)
    middle = time.perf_counter()
    replayed = replays.run(arguments.worlds, arguments.workers)
    end = time.perf_counter()
    broken: list[object] = [one for one in tuned if not one.is_kept]
    broken += [one for one in replayed if not one.is_kept]
    if arguments.json:
        found = {
            "tune": [asdict(one) for one in tuned],
            "replay": [asdict(one) for one in replayed],
        }
        print(json.dumps(found))
    else:
        print(thresholds.table(tuned), replays.table(replayed), sep="\n\n")
    for one in broken:
        print(f"broken: {one}", file=sys.stderr)
    if arguments.worlds >= 2_000:
        total = sum(one.worlds for one in tuned)
        _write("tune", f"{_stamp(total, middle - start)}\n\n{thresholds.table(tuned)}")
        total = sum(one.worlds for one in replayed)
        _write("replay", f"{_stamp(total, end - middle)}\n\n{replays.table(replayed)}")
    sys.exit(1 if broken else 0)


def _stamp(total: int, seconds: float) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("gearshift", "numpy", "scipy"))
    return f"{datetime.now(UTC):%Y-%m-%d}, {packages}; {total:,} worlds in {seconds:.0f} s."


def _write(name: str, text: str) -> None:
    begin, end = f"<!-- {name}: written by make stats-check -->", f"<!-- end of {name} -->"
    document = DOCUMENT.read_text("utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    DOCUMENT.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document), "utf-8")


if __name__ == "__main__":
    main()
