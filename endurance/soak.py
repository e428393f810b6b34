"""`make soak`: under steady load memory must stay flat, and every descriptor must come back.

    make soak ARGS="--minutes 10"

The load of `make chaos` on a real `gearshift serve`, before a fast fake upstream that fails now
and then and one real llama.cpp engine. Memory and descriptors of the gateway are sampled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from endurance.clients import Load
from endurance.engines import MODELS, REPLIES, running_engines
from endurance.gateway import Gateway, Upstream, running_gateway, settings
from endurance.ledger import Ledger
from endurance.measuring import Growth, Sample, growth, sample
from endurance.settling import settled
from endurance.terminal import progress, run, table

_LIMITS = {"connect_seconds": 1.0, "first_token_seconds": 5.0, "idle_seconds": 5.0}
_LEAST_SAMPLES = 5
_START_SECONDS = 3.0  # for what is opened after it is ready, such as the log
_SETTLE_SECONDS = 30.0
_FAKES = 2
_LONGEST_PAUSE = 0.05
_SHOWN = 10


@dataclass(slots=True)
class Report:
    """What a run found."""

    seed: int
    clients: int
    ledger: Ledger = field(default_factory=Ledger)
    before: Sample | None = None
    samples: list[Sample] = field(default_factory=list)
    after: Sample | None = None
    warm_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    @property
    def steady(self) -> list[Sample]:
        """The samples after the warm-up."""
        return [s for s in self.samples if s.at >= self.warm_seconds]


def main() -> int:
    """Run it; 0 if everything is flat."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between samples")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return run(_main(parser.parse_args()))


async def _main(given: argparse.Namespace) -> int:
    report = Report(given.seed, given.clients, warm_seconds=given.minutes * 60 * 0.3)
    with tempfile.TemporaryDirectory(prefix="gearshift-soak-") as temporary:
        folder = Path(temporary)
        progress("starting engine and gateway")
        async with running_engines({"complex": 1}, folder) as engines, _fakes() as ports:
            upstreams = [
                Upstream(f"fake-{n}", f"http://127.0.0.1:{p}/v1", "simple", MODELS["simple"])
                for n, p in enumerate(ports)
            ]
            port = engines[0].port
            real = Upstream("real", f"http://127.0.0.1:{port}/v1", "complex", MODELS["complex"])
            config = settings([*upstreams, real], _LIMITS)
            async with running_gateway(config, folder, f"--workers={given.workers}") as gateway:
                await _soak(given, report, gateway, [*ports, port])
    _judge(report)
    progress("")
    print(_as_json(report) if given.json else _as_text(report))
    return 1 if report.violations else 0


@asynccontextmanager
async def _fakes() -> AsyncIterator[list[int]]:
    """Two fake upstreams, so that the fast path goes on when one of them is left alone."""
    processes = []
    try:
        for _ in range(_FAKES):
            arguments = ("--model", MODELS["simple"], "--reply", REPLIES["simple"])
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "endurance.fake_upstream", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            processes.append(process)
        lines = [await p.stdout.readline() for p in processes if p.stdout is not None]
        yield [json.loads(line)["port"] for line in lines]
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _soak(
    given: argparse.Namespace, report: Report, gateway: Gateway, ports: list[int]
) -> None:
    start = time.monotonic()
    pid = gateway.process.pid
    end = given.minutes * 60
    await asyncio.sleep(_START_SECONDS)
    report.before = sample(0.0, pid, ports)
    load = Load(
        gateway.url,
        report.ledger,
        REPLIES,
        count=given.clients,
        seed=given.seed,
        longest_pause=_LONGEST_PAUSE,
    )
    async with load:
        while (at := time.monotonic() - start) < end:
            report.samples.append(sample(at, pid, ports))
            shown = report.samples[-1].memory / 1e6
            progress(f"{len(report.ledger.entries)} requests, {shown:.1f} MB, {end - at:.0f} s")
            await asyncio.sleep(min(given.every, end - at))
    if gateway.process.returncode is not None:
        report.violations.append(f"the gateway ended with code {gateway.process.returncode}")
        return
    counted = await settled(gateway)
    report.violations += report.ledger.violations(gateway.records(), counted)
    while (at := time.monotonic() - start) < end + _SETTLE_SECONDS:
        report.after = sample(at, pid, ports)
        if _own(report.after) <= _own(report.before):
            return
        progress("waiting for connections to be closed")
        await asyncio.sleep(1.0)


def _own(measured: Sample) -> int:
    """Descriptors but for connections kept to upstreams, which are meant to stay."""
    return measured.descriptors - measured.pooled


def _judge(report: Report) -> None:
    before, after = report.before, report.after
    assert before is not None
    if after is None:
        return  # it has ended: that is told already
    if len(report.steady) < _LEAST_SAMPLES:
        report.violations.append("too short: too few samples after the warm-up")
        return
    memory = growth(report.steady)
    if not memory.is_flat:
        report.violations.append(
            f"memory grew by {memory.total / 1e6:.2f} MB, more than {memory.allowed / 1e6:.2f} MB"
        )
    if _own(after) > _own(before):
        report.violations.append(
            f"{_own(after) - _own(before)} descriptors more than before the load, "
            f"{_SETTLE_SECONDS:g} s after it"
        )
    if after.pooled > report.clients * (_FAKES + 1):
        report.violations.append(f"{after.pooled} connections kept to upstreams")


def _as_text(report: Report) -> str:
    ends = report.ledger.endings()
    minutes = report.samples[-1].at / 60
    parts = [
        f"seed {report.seed}, {minutes:.1f} minutes, {ends.total()} requests: "
        + ", ".join(f"{count} {ending}" for ending, count in ends.most_common()),
        table(
            ("at s", "memory MB", "descriptors", "to upstreams", "threads"),
            [_row(s) for s in _thinned(report)],
        ),
    ]
    if len(report.steady) >= _LEAST_SAMPLES:
        parts.append(_verdict(growth(report.steady), report))
    parts += [f"VIOLATION (seed {report.seed}): {text}" for text in report.violations[:_SHOWN]]
    parts.append(f"{len(report.violations)} violations")
    return "\n\n".join(parts)


def _thinned(report: Report) -> list[Sample]:
    """The idle ends and a dozen samples between."""
    step = max(1, len(report.samples) // 12)
    ends = (report.before, *report.samples[::step], report.after)
    return [s for s in ends if s is not None]


def _row(measured: Sample) -> tuple[object, ...]:
    memory = f"{measured.memory / 1e6:.1f}"
    counts = (measured.descriptors, measured.pooled, measured.threads)
    return (f"{measured.at:.0f}", memory, *counts)


def _verdict(memory: Growth, report: Report) -> str:
    word = "flat" if memory.is_flat else "growing"
    return (
        f"memory is {word}: {memory.total / 1e6:+.2f} MB after {report.warm_seconds:.0f} s of "
        f"warm-up (95 % interval {memory.low / 1e6:+.2f} to {memory.high / 1e6:+.2f}), "
        f"up to {memory.allowed / 1e6:.2f} MB of {memory.first / 1e6:.1f} MB counts as flat"
    )


def _as_json(report: Report) -> str:
    enough = len(report.steady) >= _LEAST_SAMPLES
    return json.dumps(
        {
            "seed": report.seed,
            "endings": report.ledger.endings(),
            "samples": [asdict(s) for s in report.samples],
            "before": asdict(report.before) if report.before else None,
            "after": asdict(report.after) if report.after else None,
            "growth": asdict(growth(report.steady)) if enough else None,
            "violations": report.violations,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
