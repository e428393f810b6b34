"""The areas whose mutants are counted, and what `--only` may name."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

AREAS: Final = {
    "guarantees": ("guarantees",),
    "pipeline": ("pipeline",),
    "planner": ("planning",),
    "quality": ("quality",),
    "router": ("tiered_routing.scorer_checks", "tiered_routing.tier_router"),
}
"""Names, and the packages or modules of `gearshift` that each stands for; mutated are the files
that `[tool.mutmut]` in pyproject.toml lists, and a test compares the two."""


class UnknownNameError(ValueError):
    """`--only` names nothing that is mutated; the message says what could be meant."""


def area_of(module: str) -> str | None:
    """The area of a module, or of something in one (`pipeline.hedging.race`)."""
    areas = (area for area, parts in AREAS.items() if any(is_in(module, part) for part in parts))
    return next(areas, None)


def is_in(module: str, part: str) -> bool:
    """Whether `part` is this module, or a package around it."""
    return module == part or module.startswith(f"{part}.")


def mutated_modules(root: Path) -> list[str]:
    """The modules that `[tool.mutmut]` names, without the leading `gearshift.`."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    return sorted(_modules(root, settings["only_mutate"]))


def chosen(only: Sequence[str], modules: Sequence[str]) -> list[str]:
    """What `--only` means: an area's name stands for its parts; anything else for itself.

    Args:
        only: Areas, packages or modules, with or without the leading `gearshift.`.
        modules: All that are mutated.

    Raises:
        UnknownNameError: One of them is none of these.
    """
    return [part for name in only for part in _parts(name.removeprefix("gearshift."), modules)]


def _parts(name: str, modules: Sequence[str]) -> tuple[str, ...]:
    if name in AREAS:
        return AREAS[name]
    if any(is_in(module, name) for module in modules):
        return (name,)
    close = get_close_matches(name, [*AREAS, *modules], n=3)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    raise UnknownNameError(
        f"--only {name}: nothing of that name is mutated; {meant}"
        f"the areas are {', '.join(AREAS)}, and a module of one is named like {modules[0]}"
    )


def _modules(root: Path, patterns: Sequence[str]) -> Iterator[str]:
    source = root / "src" / "gearshift"
    for path in source.rglob("*.py"):
        if any(fnmatch.fnmatch(str(path.relative_to(root)), pattern) for pattern in patterns):
            yield ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
