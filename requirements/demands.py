"""Writes what each locked package demands of others, so that tests can resolve without a network.

`make lock` runs it; pip tells it the metadata of every pin. Versions are left out: a test in which
every demand permits every version is stricter than the packages are.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

HERE: Final = Path(__file__).parent
TABLE: Final = HERE / "demands.toml"
PYTHONS: Final = ("3.11", "3.13")
"""Some packages are pinned twice; between these, each pin is for one of them."""
_PIN: Final = re.compile(r"^[A-Za-z0-9][^\\\n]*==[^\\\n]*", re.MULTILINE)
_HEAD: Final = (
    "# Written by `make lock`: what each locked package demands of others, without versions.\n"
)


def pins(lock: str) -> list[Requirement]:
    """The requirements that a lock file pins, with their extras and markers."""
    return [Requirement(found.group()) for found in _PIN.finditer(lock)]


def pinned(requirement: Requirement) -> str:
    """A pin as `name==version`, the name in its normal form."""
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def is_for(requirement: Requirement, python: str, extra: str = "") -> bool:
    """Whether a requirement holds on this system with that Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def main() -> None:
    """Write the table anew from the lock files beside this file."""
    wanted = {
        python: [pin for lock in _locks() for pin in pins(lock) if is_for(pin, python)]
        for python in PYTHONS
    }
    extras: dict[str, set[str]] = {}
    for pin in (pin for every in wanted.values() for pin in every):
        extras.setdefault(pinned(pin), {""}).update(pin.extras)
    demands: dict[str, list[str]] = {}
    for python, every in wanted.items():
        # Two locks may pin one package differently, and pip takes one of each at a time.
        while new := {pin.name: pinned(pin) for pin in every if pinned(pin) not in demands}:
            for name, asked in _metadata(new.values(), python):
                demands[name] = sorted(set(_demands(asked, extras[name])))
    lines = (f'"{name}" = {json.dumps(asked)}\n' for name, asked in sorted(demands.items()))
    TABLE.write_text(_HEAD + "".join(lines), "utf-8")


def _locks() -> Iterator[str]:
    for file in sorted(HERE.glob("*.lock")):
        yield file.read_text("utf-8")


def _metadata(wanted: Iterable[str], python: str) -> Iterator[tuple[str, list[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--dry-run", "--ignore-installed", "--no-deps", "--report", str(report)),
                *("--only-binary", ":all:", "--python-version", python, "--target", folder),
                *wanted,
            ],
            check=True,
        )
        found: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["install"]
    for package in (entry["metadata"] for entry in found):
        name = f"{canonicalize_name(package['name'])}=={package['version']}"
        yield name, package.get("requires_dist", [])


def _demands(asked: Iterable[str], extras: Iterable[str]) -> Iterator[str]:
    """What holds with one of the extras and Pythons, without versions."""
    for requirement in map(Requirement, asked):
        if any(is_for(requirement, python, extra) for python in PYTHONS for extra in extras):
            requirement.specifier = SpecifierSet()
            yield str(requirement)


if __name__ == "__main__":
    main()
