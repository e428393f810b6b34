"""The structure of a package in numbers: units, levels, import cycles, longest file and function.

python -m benchmarks.structure                     this one
python -m benchmarks.structure OTHER/src/gearshift src/gearshift     before and after
python -m benchmarks.structure --json              for programs

A unit is a module or package at the top of the package. A unit is one level above the highest that
it imports from; units that import each other in a cycle share theirs. An import counts wherever it
stands, within functions and under `TYPE_CHECKING` too.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path

Graph = Mapping[str, Set[str]]


@dataclass(frozen=True, slots=True)
class Structure:
    """What is counted of one package.

    Attributes:
        top_modules: Modules directly in the package, `__init__` included.
        packages: Packages directly in it.
        levels: Of its units.
        cycles: Groups of modules that import each other, each sorted.
        unit_cycles: The same of units.
        longest_file: Its path and lines.
        longest_function: Its name and lines.
        median_function: Lines.
    """

    modules: int
    lines: int
    top_modules: int
    packages: int
    levels: int
    cycles: list[list[str]]
    unit_cycles: list[list[str]]
    longest_file: tuple[str, int]
    longest_function: tuple[str, int]
    median_function: float


def measured(package: Path) -> Structure:
    """The structure of the package in this folder.

    Raises:
        SyntaxError: A file of it cannot be parsed.
    """
    files = {_name(path, package): path for path in sorted(package.rglob("*.py"))}
    trees = {name: ast.parse(path.read_text("utf-8")) for name, path in files.items()}
    imports = {name: _imported(tree, name, trees, package.name) for name, tree in trees.items()}
    units = _units(imports)
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in files.items()}
    functions = dict(_functions(trees))
    return Structure(
        modules=len(files),
        lines=sum(lengths.values()),
        top_modules=sum(path.parent == package for path in files.values()),
        packages=sum((path / "__init__.py").exists() for path in package.iterdir()),
        levels=_levels(units),
        cycles=cycles(imports),
        unit_cycles=cycles(units),
        longest_file=max(lengths.items(), key=lambda item: item[1]),
        longest_function=max(functions.items(), key=lambda item: item[1]),
        median_function=statistics.median(functions.values()),
    )


def cycles(graph: Graph) -> list[list[str]]:
    """Groups of nodes of which each reaches every other."""
    reach = {node: _reached(node, graph) for node in graph}
    groups = {
        frozenset(other for other in reach[node] if node in reach[other])
        for node in graph
        if node in reach[node]
    }
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(start: str, graph: Graph) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return seen


def _levels(units: Graph) -> int:
    """The longest way down through the units, each cycle taken as one unit."""
    group = {unit: frozenset({unit}) for unit in units}
    for cycle in cycles(units):
        group.update(dict.fromkeys(cycle, frozenset(cycle)))
    below = {
        one: {group[other] for unit in one for other in units[unit]} - {one}
        for one in group.values()
    }
    level: dict[frozenset[str], int] = {}
    for one in TopologicalSorter(below).static_order():
        level[one] = 1 + max((level[other] for other in below[one]), default=0)
    return max(level.values())


def _units(imports: Graph) -> dict[str, set[str]]:
    """What each unit imports; the package's `__init__` and `__main__`, its entry points, not."""
    units: dict[str, set[str]] = {}
    for name, others in imports.items():
        unit = name.split(".")[0]
        if unit not in ("", "__main__"):
            units.setdefault(unit, set()).update(other.split(".")[0] for other in others)
    return {unit: others - {unit, ""} for unit, others in units.items()}


def _imported(tree: ast.Module, name: str, known: Iterable[str], package: str) -> set[str]:
    """The modules of the package that a module imports."""
    names = set(known)
    found = (_target(each, names) for each in _dotted(tree, package))
    return {each for each in found if each is not None and each != name}


def _dotted(tree: ast.Module, package: str) -> Iterator[str]:
    """Every name that is imported from the package, without its own name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            full = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (each.partition(".")[2] for each in full if each.split(".")[0] == package)


def _target(dotted: str, names: Set[str]) -> str | None:
    """The module that a dotted name is, or is in."""
    while dotted and dotted not in names:
        dotted = dotted.rpartition(".")[0]
    return dotted or None


def _functions(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, int]]:
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                end = node.end_lineno or node.lineno
                yield f"{module}.{node.name}:{node.lineno}", end - node.lineno + 1


def _name(path: Path, package: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _row(label: str, values: Iterable[object]) -> str:
    return f"| {label} | " + " | ".join(str(value) for value in values) + " |"


def _table(names: list[str], found: list[Structure]) -> str:
    rows = [
        _row("", names),
        _row("---", ["---"] * len(names)),
        _row("modules at the top", (one.top_modules for one in found)),
        _row("packages at the top", (one.packages for one in found)),
        _row("levels of imports", (one.levels for one in found)),
        _row("import cycles between modules", (len(one.cycles) for one in found)),
        _row("import cycles between units", (len(one.unit_cycles) for one in found)),
        _row("modules", (one.modules for one in found)),
        _row("lines", (one.lines for one in found)),
        _row("longest file", (f"{one.longest_file[1]} ({one.longest_file[0]})" for one in found)),
        _row(
            "longest function",
            (f"{one.longest_function[1]} ({one.longest_function[0]})" for one in found),
        ),
        _row("median function", (f"{one.median_function:g} lines" for one in found)),
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure each folder that is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="*", type=Path, default=[Path("src/gearshift")])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = [measured(package.resolve()) for package in given.packages]
    names = [str(package) for package in given.packages]
    if given.json:
        print(json.dumps({name: asdict(one) for name, one in zip(names, found, strict=True)}))
    else:
        print(_table(names, found))


if __name__ == "__main__":
    main()
