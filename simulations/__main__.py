"""Puts the guarantees to the test in simulated worlds, and writes docs/guarantees.md's tables.

Usage: python -m simulations [--worlds N] [--workers N] [--only NAME] [--json]

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
from types import ModuleType
from typing import Any

from simulations import explored, late, peeking, replays, thresholds, tuning

DOCUMENT = Path(__file__).parents[1] / "docs" / "guarantees.md"
PARTS: dict[str, ModuleType] = {
    "tune": thresholds,
    "replay": replays,
    "explored": explored,
    "experiment": peeking,
    "late": late,
    "auto_tune": tuning,
}
"""By the names of their tables; each has `run` and `table`, and results that know `is_kept`."""
FULL = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=FULL, help="in each cell")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", choices=PARTS, action="append", help="some of the parts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: dict[str, list[Any]] = {}
    for name in arguments.only or PARTS:
        part = PARTS[name]
        started = time.perf_counter()
        found[name] = part.run(arguments.worlds, arguments.workers)
        seconds = time.perf_counter() - started
        if not arguments.json:
            print(f"{name}\n\n{part.table(found[name])}\n", flush=True)
        if arguments.worlds >= FULL:
            total = sum(one.worlds for one in found[name])
            _write(name, f"{_stamp(total, seconds)}\n\n{part.table(found[name])}")
    if arguments.json:
        print(json.dumps({name: [asdict(one) for one in part] for name, part in found.items()}))
    broken = [one for part in found.values() for one in part if not one.is_kept]
    for one in broken:
        print(f"broken: {one}", file=sys.stderr)
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
