"""`make bench`: what can be measured in minutes with nothing but this repository, in turn.

make bench                                   all that is listed in `PARTS` below
gearshift evaluate FILE…                     needs outcome files, which are not in the repository
make bench-compute                           needs 12 GB of memory and half an hour
python -m benchmarks.scorer_memory FILE…     needs any file of prompts
python -m benchmarks.answer_all FILE         needs a running gateway and a file of prompts
python -m benchmarks.large_log               needs 4 GB of disk
python -m benchmarks.offline                 needs 2 GB of disk
python -m benchmarks.shadows                 alone: watches times; many_streams, stuck_tier too
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version

PARTS = ("golden_rates", "scorer_cost", "large_bodies", "cancellation", "decision_log", "gateways")
PACKAGES = ("gearshift", "httptools", "uvloop", "orjson", "google-re2", "xllamacpp")


def main() -> int:
    today = datetime.datetime.now(datetime.UTC).date()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"{today}, Python {platform.python_version()}, {os.cpu_count()} cores, {packages}")
    codes = []
    for part in PARTS:
        print(f"\n## {part}", flush=True)
        codes.append(subprocess.call([sys.executable, "-m", f"benchmarks.{part}"]))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
