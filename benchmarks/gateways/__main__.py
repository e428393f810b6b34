"""Measures gearshift beside nginx and LiteLLM's proxy, in one run on one machine.

    python -m benchmarks.gateways [--quick] [--only MEASURE]... [--without-litellm] [--json FILE]

The same fake upstream and the same load for all; the gateway on one core, load and upstream on
the other. What cannot be had (wrk, nginx, LiteLLM) is said to be missing. Read ratios, not
absolutes: gateways take turns within each measure, so that noise meets all of them.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from benchmarks.gateways import load, measures
from benchmarks.gateways.peers import (
    LITELLM,
    MissingError,
    Peer,
    answers,
    fake_upstream,
    gearshift,
    litellm,
    nginx,
    wrk,
)

MEASURES = ("throughput", "latency", "streams", "memory", "workers", "growth")
PACKAGES = ("gearshift", "uvloop", "httptools", "orjson", "google-re2")


def header(report: measures.Report) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    report.say(f"{today}, Python {platform.python_version()}, {packages}")
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    processor = names[0].partition(":")[2].strip() if names else platform.machine()
    report.say(f"{said.strip()}; {LITELLM}; {os.cpu_count()} cores, {processor}")


def run(given: argparse.Namespace, report: measures.Report) -> None:
    wanted = given.only or MEASURES
    rounds, seconds = (1, 1.0) if given.quick else (3, 3.0)
    header(report)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        wrk()
        upstream = stack.enter_context(fake_upstream(folder))
        peers = _peers(stack, report, folder, upstream, given)
        if "throughput" in wanted:
            report.say("\n### Whole answers")
            measures.throughput(report, peers, folder, rounds=rounds, seconds=seconds)
        peers = {**peers, "direct": upstream}
        if "latency" in wanted:
            report.say("\n### One connection")
            measures.latency(report, peers, folder, rounds=rounds, seconds=seconds)
        if "streams" in wanted:
            report.say("\n### Paced streams")
            measures.paced(report, peers, rounds=rounds)
        if "growth" in wanted:
            report.say("\n### Growth")
            measures.growth(report, peers["gearshift"], upstream)
        if "memory" in wanted:
            report.say("\n### Memory")
            requests = 10_000 if given.quick else 100_000
            measures.memory(report, folder, upstream, requests=requests)
        if "workers" in wanted:
            report.say("\n### Workers")
            measures.workers(report, folder, upstream, rounds=rounds, seconds=seconds)


def _peers(
    stack: ExitStack,
    report: measures.Report,
    folder: Path,
    upstream: Peer,
    given: argparse.Namespace,
) -> dict[str, Peer]:
    peers = {"gearshift": stack.enter_context(gearshift(folder, upstream))}
    others = {"nginx": nginx} | ({} if given.without_litellm else {"LiteLLM": litellm})
    for name, start in others.items():
        if name == "LiteLLM" and given.only and "throughput" not in given.only:
            continue
        try:
            peers[name] = stack.enter_context(start(folder, upstream))
            answers(peers[name], load.body())
        except (MissingError, OSError) as error:
            peers.pop(name, None)
            report.say(f"{name} not measured: {error}")
    report.say(f"gearshift's first answer came from {answers(peers['gearshift'], load.body())}")
    return peers


def goals(report: measures.Report) -> None:
    report.say("\n### Goals")
    for goal in report.goals:
        sign = ">=" if goal.is_at_least else "<="
        word = "reached" if goal.is_reached else "MISSED"
        report.say(
            f"| {goal.what} | {sign} {goal.limit:g} | {goal.figure:.3g} {goal.spread} | {word} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=MEASURES)
    parser.add_argument("--without-litellm", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    report = measures.Report()
    try:
        run(given, report)
    except MissingError as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    goals(report)
    if given.json:
        found = [vars(goal) | {"is_reached": goal.is_reached} for goal in report.goals]
        given.json.write_text(json.dumps({**report.data, "goals": found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
