"""`make mutants`: changes the code that promises something, and counts what the tests let pass.

make mutants                                  all of it; unchanged functions keep their verdict
make mutants ARGS="--only guarantees.step"    one module
make mutants ARGS="--json"                    for programs

Exit status 1 where less than 85 % of an area's mutants are killed, or a survivor has no reason in
`mutation/survivors.yaml`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from mutation.document import as_json, table, write_document
from mutation.report import judged
from mutation.survivors import Reasons

ROOT: Final = Path(__file__).parents[1]


def main() -> int:
    """0 if enough mutants were killed and each survivor has its reason, else 1."""
    arguments = _arguments()
    if not arguments.report_only:
        _run(arguments.only)
    areas = judged(Reasons.read(ROOT / "mutation" / "survivors.yaml"), arguments.only)
    print(as_json(areas) if arguments.json else table(areas))
    if arguments.write:
        write_document(ROOT / "docs" / "mutants.md", areas)
    return int(not all(area.is_kept for area in areas))


def _run(only: list[str]) -> None:
    # mutmut draws its progress for a terminal; in a pipe each step would be a line of its own.
    shown = None if sys.stderr.isatty() else subprocess.DEVNULL
    names = [f"gearshift.{name}.*" for name in only]
    finished = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", *names], cwd=ROOT, stdout=shown, check=False
    )
    if finished.returncode not in (0, 1):
        sys.exit(
            f"mutmut failed with exit status {finished.returncode}; run it by hand: mutmut run"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", action="append", default=[], help="a module; may be repeated")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--report-only", action="store_true", help="judge the last run again")
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
