"""What mutmut has written about its mutants; nothing else here knows its files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

_FOLDER: Final = Path("mutants")
_STATS: Final = "mutmut-stats.json"
_SURVIVED: Final = (0, 5, 33)
"""Exit status of tests that noticed nothing, or where there are none."""


class UnreadableError(Exception):
    """One of mutmut's files cannot be read; the message says what to do."""


class Verdict(NamedTuple):
    """A mutant and what became of it.

    Attributes:
        name: As mutmut gives it: `gearshift.planning.planner.x__can_be_judged__mutmut_3`.
        status: In mutmut's words: `killed`, `survived`, `no tests`, …
        path: Its file, from the repository's root.
    """

    name: str
    status: str
    path: Path


def read(root: Path) -> Iterator[Verdict]:
    """The verdicts of all runs so far, of files that still exist.

    Raises:
        UnreadableError: One of mutmut's files is half written.
    """
    from mutmut.stats import status_by_exit_code

    for path in _files(root):
        source = path.relative_to(root / _FOLDER).with_suffix("")
        for name, code in _known(path)["exit_code_by_key"].items():
            yield Verdict(name, status_by_exit_code[code], source)


def forget_survivors(root: Path, only: Sequence[str] = ()) -> None:
    """Let the next run try them again: mutmut keeps verdicts, but a test may be new.

    Args:
        root: Of the repository.
        only: Packages or modules that it will try, without `gearshift.`; all where none is named.

    Raises:
        UnreadableError: One of mutmut's files is half written.
    """
    tried = tuple(f"gearshift.{name}." for name in only) or ""
    for path in _files(root):
        known = _known(path)
        codes = known["exit_code_by_key"]
        known["exit_code_by_key"] = {
            name: None if code in _SURVIVED and name.startswith(tried) else code
            for name, code in codes.items()
        }
        path.write_text(json.dumps(known, indent=4), "utf-8")


def forget_tests(root: Path) -> None:
    """Let the next run find out anew which tests run which function.

    By itself mutmut does so for new tests only, so that a function with a new name, or one that an
    old test runs since the code has changed, would count as one that no test runs.

    Raises:
        UnreadableError: The file is half written.
    """
    path = root / _FOLDER / _STATS
    if path.exists():
        nothing: dict[str, object] = {"duration_by_test": {}, "tests_by_mangled_function_name": {}}
        path.write_text(json.dumps(_known(path) | nothing, indent=4), "utf-8")


def diff(verdict: Verdict) -> tuple[str, str]:
    """The lines that a mutant takes out and those it puts in. Reads the working folder."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    lines = get_diff_for_mutant(verdict.name, path=verdict.path).split("\n")
    return _side(lines, "-"), _side(lines, "+")


def _files(root: Path) -> list[Path]:
    written = root / _FOLDER
    found = sorted(written.glob("src/**/*.meta"))
    return [path for path in found if (root / path.relative_to(written)).with_suffix("").exists()]


def _known(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise UnreadableError(
            f"{path} is half written: wait for the run that writes it; if it was killed, "
            f"start afresh with rm -r {_FOLDER}"
        ) from error


def _side(lines: list[str], sign: str) -> str:
    return " ".join(
        line[1:].strip() for line in lines if line.startswith(sign) and line[:3] != sign * 3
    )
