"""`gearshift` with a clock that is some seconds ahead.

    python -m endurance.fleet.ahead SECONDS ARGUMENTS…

Not by a library that is loaded before all others: those change how threads wait, too.
"""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Put the clock forward, then be `gearshift`."""
    seconds, now, now_ns = int(sys.argv.pop(1)), time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + seconds * 1_000_000_000
    from gearshift.cli.main import main as gearshift  # what takes the clock as a default, too

    gearshift()


if __name__ == "__main__":
    main()
