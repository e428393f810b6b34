"""`make mutants`: changes the code that promises something, and counts what the tests let pass.

make mutants                                  all of it; unchanged functions keep their verdict
make mutants ARGS="--only planner"            one area
make mutants ARGS="--only guarantees.step"    one module
make mutants ARGS="--json"                    for programs

Exit status 1 where less than 85 % of an area's mutants are killed, or a survivor has no reason in
`mutation/survivors.yaml`; 2 where there is nothing to judge.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from mutation import verdicts
from mutation.areas import AREAS, UnknownNameError, chosen, mutated_modules
from mutation.document import as_json, table, write_document
from mutation.report import Area, judged
from mutation.run import RunError, require_mutmut, run
from mutation.survivors import Reasons, RuleError

ROOT: Final = Path(__file__).parents[1]
_STOPPED: Final = 130


def main(given: list[str] | None = None) -> int:
    """0 if enough mutants were killed and each survivor has its reason, 1 if not, 2 on errors."""
    arguments = _parser().parse_args(given)
    os.chdir(ROOT)  # where mutmut looks for its files
    try:
        areas = _areas(arguments)
    except (UnknownNameError, RuleError, RunError, verdicts.UnreadableError) as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nmutants: stopped; the verdicts so far are kept", file=sys.stderr)
        return _STOPPED
    print(as_json(areas) if arguments.json else table(areas))
    if arguments.write:
        write_document(ROOT / "docs" / "mutants.md", areas)
    return int(not all(area.is_kept for area in areas))


def _areas(arguments: argparse.Namespace) -> list[Area]:
    only = chosen(arguments.only, mutated_modules(ROOT))
    reasons = Reasons.read(ROOT / "mutation" / "survivors.yaml")
    require_mutmut()
    if not arguments.report_only:
        verdicts.forget_survivors(ROOT, only)
        verdicts.forget_tests(ROOT)
        run(ROOT, only)
    areas = judged(verdicts.read(ROOT), reasons, verdicts.diff, only)
    if not areas:
        raise RunError("nothing has been tried yet; leave out --report-only")
    return areas


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make mutants", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"an area ({', '.join(AREAS)}) or a module such as guarantees.step; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--report-only", action="store_true", help="judge the last run again")
    parser.add_argument("--write", action="store_true", help="write docs/mutants.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
