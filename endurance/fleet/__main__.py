"""`make fleet`: what several hosts do while their network, Redis and each other fail.

    make fleet ARGS="--seed 7"

Three replicas (one with a clock that is a minute ahead), two upstreams, a Redis with a standby and
a PostgreSQL, each in a network namespace of its own, under load. A replica is cut off from Redis,
then killed, then another from everybody; Redis is killed and its standby takes over; an upstream
disappears. No answer may be wrong, no change of the configuration lost, the limit of a key not
exceeded by more than 5 %, and turns of a conversation go where the ones before went.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tempfile
from pathlib import Path

from endurance.fleet.network import NotPermittedError, enter, network
from endurance.fleet.report import Report
from endurance.fleet.scenario import Scenario, running_fleet
from endurance.terminal import progress, run


def main() -> int:
    """Run it; 0 if nothing was violated, 2 if it cannot be run here."""
    parser = argparse.ArgumentParser(prog="make fleet", description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", metavar="FOLDER", help="keep configurations and logs there")
    given = parser.parse_args()
    try:
        enter()
    except NotPermittedError as error:
        print(error, file=sys.stderr)
        return 2
    return run(_main(given))


def _folder(name: str) -> Path:
    folder = Path(name).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # PostgreSQL has a user of its own
    return folder


async def _main(given: argparse.Namespace) -> int:
    names = ("one", "two", "three", "upa", "upb", "redisa", "redisb", "postgres")
    with tempfile.TemporaryDirectory(prefix="gearshift-fleet-") as temporary:
        folder = _folder(given.keep or temporary)
        progress("starting")
        async with contextlib.AsyncExitStack() as stack:
            hosts = await stack.enter_async_context(network(names))
            fleet = await stack.enter_async_context(running_fleet(hosts, folder))
            scenario = Scenario(fleet, given.seed)
            await scenario.run()
            report = Report.of(scenario, given.seed)
            await report.compare_log(fleet.log.url)
    progress("")
    print(json.dumps(report.facts(), indent=2) if given.json else report.text())
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
