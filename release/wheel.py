"""`make check-wheel`: the wheel, installed in empty environments as users do, must work.

With the newest versions that pyproject.toml allows and, on the oldest Python, with the lowest:
without extras, where every command that lacks one must say which, then with each extra alone. With
the newest, a program that uses the public API is type-checked as well.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator, Mapping
from email.parser import Parser
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from release.checkers import check_types
from release.commands import CHECKS, LACKING, Installed, check

ROOT: Final = Path(__file__).parents[1]
_OLDEST_PYTHON: Final = (3, 11)


def main() -> None:
    """Build the wheel and try it; ends with 1 at the first thing that does not work."""
    with tempfile.TemporaryDirectory(prefix="gearshift-wheel-") as name:
        folder = Path(name)
        wheel = _built(folder)
        requirements = required(wheel)
        _try(wheel, folder / "newest", {}, "newest")
        (folder / "types").mkdir()
        check_types(folder / "newest" / "bin" / "python", folder / "types")
        if sys.version_info[:2] == _OLDEST_PYTHON:
            _try(wheel, folder / "lowest", lowest(requirements), "lowest")
        else:
            print("lowest versions: only with Python 3.11, newer ones have no wheels of them")


def required(wheel: Path) -> list[Requirement]:
    """What a wheel requires, its extras included."""
    with zipfile.ZipFile(wheel) as file:
        name = next(one for one in file.namelist() if one.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(file.read(name).decode("utf-8"))
    return [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]


def lowest(requirements: list[Requirement]) -> dict[str, str]:
    """The lowest version that is allowed of each package."""
    return {
        requirement.name: bound.version
        for requirement in requirements
        for bound in requirement.specifier
        if bound.operator in (">=", "==")
    }


def _built(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def _try(wheel: Path, folder: Path, versions: Mapping[str, str], title: str) -> None:
    venv.create(folder, with_pip=True)
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(f"{name}=={at}\n" for name, at in versions.items()))
    home = folder / "home"
    home.mkdir()
    installed = Installed(folder / "bin", home)
    _pip(folder, "install", "-c", str(constraints), str(wheel))
    check(f"{title}, no extra", installed, CHECKS[""])
    for extra, lacking in LACKING.items():
        check(f"{title}, {extra} is missing", installed, lacking)
    before = set(_names(folder))
    for extra in filter(None, CHECKS):
        _pip(folder, "install", "-c", str(constraints), f"{wheel}[{extra}]")
        check(f"{title}, {extra}", installed, CHECKS[extra])
        _pip(folder, "uninstall", "-y", *sorted(set(_names(folder)) - before))


def _pip(folder: Path, *arguments: str) -> str:
    command = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"pip {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout


def _names(folder: Path) -> Iterator[str]:
    for line in _pip(folder, "list", "--format", "freeze").splitlines():
        yield re.split("==| @ ", line)[0]


if __name__ == "__main__":
    os.umask(0o077)
    main()
