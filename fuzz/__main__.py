"""`make fuzz`: every fuzzer for its share of the time, then how many inputs each of them ran.

make fuzz                                 6 minutes
make fuzz ARGS="--minutes 60 --json"      longer, and for programs
make fuzz ARGS="--only splice"            one of them
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fuzz import api, guided, properties
from fuzz.report import Outcome, told
from fuzz.targets import TARGETS

_FOLDER: Final = Path(".fuzz")
_API, _PROPERTIES = "http-api", "properties"
_SHARES: Final = {_API: 0.3, _PROPERTIES: 0.15, **dict.fromkeys(TARGETS, 0.55 / len(TARGETS))}


def main() -> int:
    """0 if nothing was found, else 1."""
    arguments = _arguments()
    _FOLDER.mkdir(exist_ok=True)
    outcomes = []
    for outcome in _run(arguments.only or list(_SHARES), arguments.minutes * 60):
        outcomes.append(outcome)
        print(f"{outcome.name}: {outcome.inputs:,} inputs", file=sys.stderr, flush=True)
    print(told(outcomes, as_json=arguments.json))
    return int(any(outcome.failures for outcome in outcomes))


def _run(names: list[str], seconds: float) -> Iterator[Outcome]:
    whole = sum(_SHARES[name] for name in names)
    for name in names:
        share = max(1, round(seconds * _SHARES[name] / whole))
        if name == _API:
            yield api.run(share, _FOLDER)
        elif name == _PROPERTIES:
            yield properties.run(share, _FOLDER)
        else:
            yield guided.run(name, share, _FOLDER)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=6.0, help="all of them together")
    parser.add_argument("--json", action="store_true", help="the summary as JSON")
    parser.add_argument("--only", action="append", choices=list(_SHARES), help="may be repeated")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
