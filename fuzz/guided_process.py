"""The process in which atheris fuzzes one target: its name, then libFuzzer's own arguments."""

from __future__ import annotations

import sys

import atheris

# What is imported here is watched for the branches that an input takes; it must come first.
with atheris.instrument_imports(include=["gearshift"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until the time is used or something breaks."""
    name, *arguments = sys.argv[1:]
    target = TARGETS[name]

    def one(data: bytes) -> None:
        target.holds(bytes(data))

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
