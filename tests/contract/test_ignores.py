"""What the type checker is told to ignore says why, beside it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "benchmarks", "examples", "simulations", "endurance", "fuzz", "mutation")
IGNORED = re.compile(r"# type: ignore\b(?!\[[a-z, -]+\] +# \w)")


def test_every_ignored_type_has_its_reason():
    places = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for folder in FOLDERS
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file != Path(__file__)
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if IGNORED.search(line)
    ]
    assert places == []
