"""One run of mutmut, with its progress on the terminal or in a file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_MUTMUT: Final = ("-m", "mutmut", "run")
_LOG: Final = Path("mutants", "run.log")
_SHOWN: Final = 2_000


class RunError(Exception):
    """There are no verdicts; the message says why and what to do."""


def require_mutmut() -> None:
    """Make sure that it is installed here.

    Raises:
        RunError: It is not.
    """
    if find_spec("mutmut") is None:
        raise RunError(
            "mutmut is not installed here; run `make mutants`, which makes an environment for it "
            "(with a Python other than 3.13: rm -rf .venv-mutants; make mutants PYTHON=python3.12)"
        )


def run(root: Path, only: Sequence[str]) -> None:
    """Try the mutants; verdicts of functions that have not changed are kept.

    Args:
        root: Of the repository.
        only: Packages or modules, without `gearshift.`; these are all tried again.

    Raises:
        RunError: It failed, such as for a test that fails without any mutant.
    """
    command = [sys.executable, *_MUTMUT, *(f"gearshift.{name}.*" for name in only)]
    if sys.stderr.isatty():
        # It draws for a terminal; our own standard output is for the result.
        status = subprocess.run(command, cwd=root, stdout=sys.stderr, check=False).returncode
        said = ""
    else:
        status, said = _logged(command, root)
    if status:
        raise RunError(f"mutmut failed with exit status {status}{said}")


def _logged(command: Sequence[str], root: Path) -> tuple[int, str]:
    path = root / _LOG
    path.parent.mkdir(exist_ok=True)
    print(f"mutmut writes its progress to {_LOG}", file=sys.stderr)
    with path.open("wb") as file:
        process = subprocess.run(command, cwd=root, stdout=file, stderr=file, check=False)
    # Each step of its progress overwrites the last one.
    said = path.read_text("utf-8", "replace").replace("\r", "\n")[-_SHOWN:]
    return process.returncode, f"; it ended with:\n{said.strip()}"
