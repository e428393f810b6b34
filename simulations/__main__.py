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

from simulations import thresholds

DOCUMENT = Path(__file__).parents[1] / "docs" / "guarantees.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2_000, help="in each cell")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    start = time.perf_counter()
    found = thresholds.run(arguments.worlds, arguments.workers)
    broken = [one for one in found if not one.is_kept]
    total = sum(one.worlds for one in found)
    if arguments.json:
        print(json.dumps({"worlds": total, "cells": [asdict(one) for one in found]}, indent=1))
    else:
        print(thresholds.table(found))
    for one in broken:
        print(f"broken: {one}", file=sys.stderr)
    if arguments.worlds >= 2_000:
        _write("tune", f"{_stamp(total, time.perf_counter() - start)}\n\n{thresholds.table(found)}")
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
