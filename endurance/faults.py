"""The plan of a chaos run: which engines are killed or frozen, when, and how it was felt."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from endurance.engines import Engine
from endurance.ledger import Ending, Entry

_CALM_SECONDS = 3.0  # before the first fault and after the last one
_FAILED = (Ending.ERROR, Ending.BROKEN_OFF, Ending.WRONG)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        at: Seconds after the beginning.
        kind: `kill` (SIGKILL, restarted when it is over) or `pause` (SIGSTOP, SIGCONT).
        engines: Their numbers.
        lasts: Seconds; a restart comes on top.
    """

    at: float
    kind: str
    engines: tuple[int, ...]
    lasts: float


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault that took place, in the clock's own seconds."""

    fault: Fault
    name: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Felt:
    """What clients felt of an outage: failures, over how long, and the slowest answer."""

    asked: int
    failures: int
    seconds: float
    slowest: float


def plan(seed: int, seconds: float, tiers: Sequence[str]) -> list[Fault]:
    """Faults for so many seconds; `tiers` says which tier each engine belongs to."""
    chance = random.Random(f"{seed}/faults")
    found: list[Fault] = []
    at = _CALM_SECONDS
    while True:
        kind = chance.choice(("kill", "kill", "pause"))
        lasts = chance.uniform(0.2, 4.0) if kind == "kill" else chance.uniform(0.5, 8.0)
        draw = chance.random()
        if draw < 0.7:
            engines = [chance.randrange(len(tiers))]
        elif draw < 0.9:
            tier = chance.choice(sorted(set(tiers)))
            engines = [n for n, name in enumerate(tiers) if name == tier]
        else:
            engines = [*range(len(tiers))]
        if at + lasts + _CALM_SECONDS > seconds:
            return found
        found.append(Fault(round(at, 2), kind, tuple(engines), round(lasts, 2)))
        at += lasts + chance.uniform(1.0, 5.0)


async def carry_out(faults: Iterable[Fault], engines: Sequence[Engine]) -> list[Outage]:
    """Do it all in turn; afterwards every engine runs."""
    start = time.monotonic()
    outages = []
    for fault in faults:
        await asyncio.sleep(max(0.0, start + fault.at - time.monotonic()))
        outages.append(await _carry_out(fault, [engines[number] for number in fault.engines]))
    return outages


async def _carry_out(fault: Fault, engines: Sequence[Engine]) -> Outage:
    began = time.monotonic()
    if fault.kind == "kill":
        await asyncio.gather(*(engine.kill() for engine in engines))
        await asyncio.sleep(fault.lasts)
        await asyncio.gather(*(engine.start() for engine in engines))
    else:
        for engine in engines:
            engine.pause()
        try:
            await asyncio.sleep(fault.lasts)
        finally:
            for engine in engines:
                engine.resume()
    name = "+".join(engine.upstream for engine in engines)
    return Outage(fault, name, began, time.monotonic())


def felt(outage: Outage, entries: Iterable[Entry], until: float) -> Felt:
    """What was felt by requests that ended before the next outage, at `until`."""
    near = [e for e in entries if outage.began <= e.ended < until and not e.request.is_too_long]
    failures = sorted(e.ended for e in near if e.ending in _FAILED)
    answers = [e.ended - e.started for e in near if e.ending is Ending.ANSWERED]
    lasted = failures[-1] - outage.began if failures else 0.0
    return Felt(len(near), len(failures), lasted, max(answers, default=0.0))
