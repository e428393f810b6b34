"""What the decision log takes: decisions a second into SQLite, and requests a second with it.

Usage: python -m benchmarks.decision_log [--rounds N]

Gateways with and without the log take turns in the same run; read the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select
from tests.fakes.finished import finished

from benchmarks.gateways import load
from benchmarks.gateways.peers import MissingError, fake_upstream, gearshift, wrk
from gearshift.constants.model_sizes import parameters_of
from gearshift.decision_log.database import open_database
from gearshift.decision_log.schema import DECISIONS
from gearshift.decision_log.writer import LogWriter
from gearshift.telemetry.compute import Accounting

DECISIONS_WRITTEN = 45_000
CONNECTIONS = 64
SECONDS = 3.0


def written_per_second(folder: Path) -> float:
    """From the first decision handed over to the last one written."""
    url = f"sqlite:///{folder / 'throughput.db'}"
    open_database(url).dispose()
    accounting = Accounting(
        lambda _, model: parameters_of(model), lambda: ("", "mistral:7b-instruct")
    )
    events = [finished() for _ in range(DECISIONS_WRITTEN)]
    writer = LogWriter(url, accounting, with_prompts=False)
    writer.start()
    time.sleep(1.0)
    start = time.perf_counter()
    writer.add(events)
    while writer.waiting:
        time.sleep(0.005)
    writer.stop()
    spent = time.perf_counter() - start
    engine = open_database(url)
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(DECISIONS)).scalar_one()
    engine.dispose()
    assert count == DECISIONS_WRITTEN
    return DECISIONS_WRITTEN / spent


def rates(folder: Path, rounds: int, *, is_varied: bool) -> dict[str, list[float]]:
    """Requests a second with the log on and off, in turns."""
    folder.mkdir()
    found: dict[str, list[float]] = {"off": [], "on": []}
    with ExitStack() as stack:
        wrk()
        upstream = stack.enter_context(fake_upstream(folder))
        lua = load.script(folder, is_varied=is_varied)
        for name in found:
            (folder / name).mkdir()
        peers = {
            name: stack.enter_context(
                gearshift(
                    folder / name,
                    upstream,
                    settings=f"decision_log: {{enabled: {str(name == 'on').lower()}}}\n",
                )
            )
            for name in found
        }
        for peer in peers.values():
            load.measured(peer, lua, CONNECTIONS, 1.0)
        for number in range(rounds):
            order = list(peers.items())
            for name, peer in order if number % 2 else reversed(order):
                found[name].append(load.measured(peer, lua, CONNECTIONS, SECONDS).rate)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        speeds = sorted(written_per_second(Path(tempfile.mkdtemp(dir=name))) for _ in range(3))
        print(f"decisions written a second, median of 3: {speeds[1]:,.0f} (goal 20,000)")
        for text in ("varied", "repeated"):
            try:
                found = rates(Path(name) / text, rounds, is_varied=text == "varied")
            except MissingError as error:
                print(f"requests a second: not measured, {error}")
                return
            print(_compared(text, found))


def _compared(text: str, found: dict[str, list[float]]) -> str:
    ratios = [on / off for on, off in zip(found["on"], found["off"], strict=True)]
    off, on = (statistics.median(found[name]) for name in ("off", "on"))
    return (
        f"requests a second at {CONNECTIONS} connections, {text} text, median of {len(ratios)}: "
        f"{off:,.0f} without, {on:,.0f} with the log ({1e6 / on - 1e6 / off:.0f} us a request); "
        f"ratio of each pair {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}; goal .95)"
    )


if __name__ == "__main__":
    main()
