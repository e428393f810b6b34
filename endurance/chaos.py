"""`make chaos`: real engines are killed and frozen under load; no answer may be lost or half.

    make chaos ARGS="--seconds 60 --seed 7"

A real `gearshift serve` stands before real llama.cpp engines with tiny models. Many clients ask
in both dialects, whole and streamed; some leave, some send nonsense. Every request must end in
one complete answer or one well-formed error, and clients, log and metrics must count the same.
At the end SIGTERM under load: what was accepted is answered, and the gateway ends with code 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from endurance.chances import missed
from endurance.clients import Load
from endurance.engines import MODELS, REPLIES, Engine, running_engines
from endurance.faults import Outage, carry_out, felt, plan
from endurance.gateway import Counted, Gateway, Upstream, running_gateway, settings
from endurance.ledger import Ending, Ledger
from endurance.reload import UNKNOWN_SETTING, reload
from endurance.settling import PROBE, drained, recovered, settled
from endurance.terminal import progress, run, table

LIMITS = {
    "connect_seconds": 1.0,
    "first_token_seconds": 4.0,
    "idle_seconds": 4.0,
    "total_seconds": 20.0,
}
_SHOWN = 8


@dataclass(slots=True)
class Report:
    """What a run found."""

    seed: int
    seconds: float
    ledger: Ledger = field(default_factory=Ledger)
    outages: list[Outage] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    drained: Ledger = field(default_factory=Ledger)
    facts: dict[str, float | int | None] = field(default_factory=dict)


def main() -> int:
    """Run it; 0 if nothing was violated."""
    given = _parse()
    if given.keep:
        Path(given.keep).mkdir(parents=True, exist_ok=True)
    return run(_main(given))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=150.0, help="of load with faults")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--engines", type=int, default=2, help="for each tier")
    parser.add_argument("--reload", action="store_true", help="reload the configuration midway")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", metavar="FOLDER", help="keep configuration and log there")
    return parser.parse_args()


async def _main(given: argparse.Namespace) -> int:
    report = Report(given.seed, given.seconds)
    with tempfile.TemporaryDirectory(prefix="gearshift-chaos-") as temporary:
        folder = Path(given.keep or temporary)
        progress("starting engines and gateway")
        async with running_engines(dict.fromkeys(MODELS, given.engines), folder) as engines:
            config = settings(_upstreams(engines), LIMITS)
            workers = f"--workers={given.workers}"
            async with running_gateway(config, folder, workers) as gateway:
                await _chaos(given, report, gateway, engines)
                await _drain(given, report, gateway, engines)
    progress("")
    print(_as_json(report) if given.json else _as_text(report))
    return 1 if report.violations else 0


def _upstreams(engines: list[Engine]) -> list[Upstream]:
    return [
        Upstream(e.upstream, f"http://127.0.0.1:{e.port}/v1", e.tier, MODELS[e.tier])
        for e in engines
    ]


async def _chaos(
    given: argparse.Namespace, report: Report, gateway: Gateway, engines: list[Engine]
) -> None:
    """Load and faults, then the books."""
    faults = plan(given.seed, given.seconds, [engine.tier for engine in engines])
    end = time.monotonic() + given.seconds
    load = Load(gateway.url, report.ledger, REPLIES, count=given.clients, seed=given.seed)
    async with load, asyncio.TaskGroup() as group:
        shown = group.create_task(_show(report.ledger, end))
        harm = group.create_task(carry_out(faults, engines))
        if given.reload:
            changed = group.create_task(reload(gateway, given.seconds / 3))
        report.outages = await harm
        await asyncio.sleep(max(0.0, end - time.monotonic()))
        shown.cancel()
    if given.reload:
        report.violations += changed.result()
    code = gateway.process.returncode
    if code is not None:
        report.violations.append(f"the gateway ended under load with code {code}")
        report.violations += report.ledger.violations(gateway.records(), None)
        return
    progress("waiting until every engine is used again")
    seconds = await recovered(gateway, list(MODELS))
    report.facts["recovered_seconds"] = seconds
    if seconds is None:
        report.violations.append("a tier does not answer although all its engines do")
    counted = await settled(gateway)
    _settle(report, gateway, counted, [engine.upstream for engine in engines])


def _settle(report: Report, gateway: Gateway, counted: Counted, engines: list[str]) -> None:
    records = []
    for record in gateway.records():
        if PROBE in record["prompt"]:
            counted.decided[record["dialect"], str(record["status"])] -= 1
        else:
            records.append(record)
    report.facts |= {"log_records": len(records), "metrics_total": counted.total}
    report.violations += report.ledger.violations(records, counted)
    lost = missed(
        report.ledger.entries, records, report.outages, engines, LIMITS["first_token_seconds"]
    )
    report.violations += [f"an answer that could have been given: {text}" for text in lost]
    report.violations += [f"the gateway said: {x}" for x in _defects(gateway.other_lines())]


def _defects(lines: list[str]) -> list[str]:
    """Lines of the log that tell of a defect of ours, not of the mistake made on purpose."""
    told = [line for line in lines if line.startswith("Traceback") or " error " in line[:60]]
    return [line for line in told if UNKNOWN_SETTING not in line]


async def _drain(
    given: argparse.Namespace, report: Report, gateway: Gateway, engines: list[Engine]
) -> None:
    """SIGTERM under load."""
    if gateway.process.returncode is not None:
        return
    known = sum(1 for _ in gateway.records())
    progress("SIGTERM under load")
    load = Load(
        gateway.url,
        report.drained,
        REPLIES,
        count=given.clients,
        seed=given.seed,
        first=given.clients,
    )
    async with load:
        await asyncio.sleep(3.0)
        found, report.facts["drain_seconds"] = await drained(gateway, engines, load)
    records = list(gateway.records())[known:]
    report.violations += [
        f"at SIGTERM: {problem}" for problem in (*found, *report.drained.violations(records, None))
    ]


async def _show(ledger: Ledger, end: float) -> None:
    while True:
        left = max(0.0, end - time.monotonic())
        wrong = ledger.endings()[Ending.WRONG]
        progress(f"{len(ledger.entries)} requests, {wrong} wrong, {left:.0f} s to go")
        await asyncio.sleep(0.5)


def _as_text(report: Report) -> str:
    ends, last, facts = report.ledger.endings(), report.drained.endings(), report.facts
    rows = [(f"{ending}", ends[ending], last[ending]) for ending in Ending]
    rows.append(("requests", ends.total(), last.total()))
    parts = [
        f"seed {report.seed}, {report.seconds:g} s of faults",
        table(("ended", "under faults", "at SIGTERM"), rows),
        f"availability {report.ledger.availability():.4%}; log records "
        f"{facts.get('log_records')}, counted by /metrics {facts.get('metrics_total')}",
        f"recovered in {facts.get('recovered_seconds')} s; drained in "
        f"{facts.get('drain_seconds')} s",
        table(
            ("fault", "at s", "lasted s", "requests", "failed", "felt s", "slowest answer s"),
            _outage_rows(report),
        ),
    ]
    parts += [f"VIOLATION (seed {report.seed}): {text}" for text in report.violations[:_SHOWN]]
    parts.append(f"{len(report.violations)} violations")
    return "\n\n".join(parts)


def _outage_rows(report: Report) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    ends = [outage.began for outage in report.outages[1:]] + [float("inf")]
    for outage, until in zip(report.outages, ends, strict=True):
        impact = felt(outage, report.ledger.entries, until)
        rows.append(
            (
                f"{outage.fault.kind} {outage.name}",
                f"{outage.fault.at:.1f}",
                f"{outage.ended - outage.began:.1f}",
                str(impact.asked),
                str(impact.failures),
                f"{impact.seconds:.1f}",
                f"{impact.slowest:.1f}",
            )
        )
    return rows


def _as_json(report: Report) -> str:
    keys = ("fault", "at", "lasted", "requests", "failed", "felt", "slowest")
    return json.dumps(
        {
            "seed": report.seed,
            "seconds": report.seconds,
            "endings": report.ledger.endings(),
            "endings_at_sigterm": report.drained.endings(),
            "availability": report.ledger.availability(),
            **report.facts,
            "outages": [dict(zip(keys, row, strict=True)) for row in _outage_rows(report)],
            "violations": report.violations,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
