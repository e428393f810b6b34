"""The tests' own properties, which hypothesis fills with other inputs on every run."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from fuzz.report import Outcome

TESTS: Final = (
    "tests/contract/test_any_input.py",
    "tests/unit/dialects",
    "tests/unit/tiered_routing/test_scorer_properties.py",
)
_COUNT: Final = re.compile(r"(\d+) passing, (\d+) failing, and (\d+) invalid test cases")
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) .*", re.MULTILINE)
_OPTIONS: Final = (
    *("-m", "hypothesis", "--hypothesis-show-statistics"),
    *("-p", "no:cacheprovider", "--timeout", "600"),
)


def run(seconds: int, folder: Path) -> Outcome:
    """Run them again and again, at least once.

    Args:
        seconds: How long; a run that has begun is finished.
        folder: Gets the log.
    """
    started = time.monotonic()
    log = folder / "properties.log"
    inputs, failures = 0, list[str]()
    with log.open("w") as output:
        while not failures and (inputs == 0 or time.monotonic() - started < seconds):
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", *_OPTIONS, *TESTS],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            output.write(ran.stdout)
            counted = sum(sum(map(int, found)) for found in _COUNT.findall(ran.stdout))
            inputs += counted
            if ran.returncode or not counted:
                failures = _FAILED.findall(ran.stdout) or [
                    f"pytest ended with code {ran.returncode} and {counted} inputs"
                ]
    if failures:
        failures.append(f"see {log}")
    return Outcome("properties", "hypothesis", inputs, time.monotonic() - started, tuple(failures))
