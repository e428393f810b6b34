"""A program that uses the whole public API, type-checked as its author would: mypy, then pyright.

Both are strict and see the installed package, not the source. Pyright comes from the package index
with the Node.js that it runs on, into an environment of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_PROGRAM: Final = _ROOT / "tests" / "typing" / "api.py"
_LOCK: Final = _ROOT / "requirements" / "types.lock"


def check_types(python: Path, folder: Path) -> None:
    """Check the program against the packages of a Python; the first complaint ends this program.

    Args:
        python: The interpreter of an environment with gearshift in it.
        folder: An empty folder to work in.
    """
    tools = folder / "tools"
    venv.create(tools, with_pip=True)
    pip = [str(tools / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--require-hashes", "-r", str(_LOCK)], folder)
    shutil.copy(_PROGRAM, folder)
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    for command in (
        ["mypy", "--strict", "--config-file", "", "--python-executable", str(python)],
        ["basedpyright", "--pythonpath", str(python)],
    ):
        program, *options = command
        _run([str(tools / "bin" / program), *options, _PROGRAM.name], folder)
        print(f"ok: {_PROGRAM.relative_to(_ROOT)}, {program}", flush=True)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
