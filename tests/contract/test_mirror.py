"""Every module has its unit tests beside it by name, and every file of unit tests its module."""

import ast
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gearshift"
UNIT = ROOT / "tests" / "unit"

ELSEWHERE = {
    "*__init__.py": "what packages export: tests/contract/test_public_surface.py",
    "__main__.py": "what it calls: the tests of cli/main.py",
    "*/migrations/*": "Alembic runs them: the tests of decision_log/database.py",
}
"""Modules without a test file of their own, by pattern, and where they are tested instead."""

ACROSS = {
    "*_properties.py": "what holds for every input of a module, beside its examples",
    "*/test_http_answers.py": "what all providers over HTTP have in common",
}
"""Test files that are named after no module, by pattern, and what they are about."""


def below(folder: Path, pattern: str) -> list[Path]:
    return sorted(file.relative_to(folder) for file in folder.rglob(pattern))


def fits(file: Path, patterns: dict[str, str]) -> bool:
    return any(fnmatch(file.as_posix(), pattern) for pattern in patterns)


def does_something(module: Path) -> bool:
    """Whether it has more than data, types and protocols: a function with a statement in it."""
    tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = (s.value if isinstance(s, ast.Expr) else None for s in node.body)
            if not all(isinstance(one, ast.Constant) for one in said):  # a docstring, or `...`
                return True
    return False


def file_for(module: Path) -> Path:
    return module.with_name(f"test_{module.name}")


def modules_of(test_file: Path) -> list[Path]:
    """What a test file may be named after: in the package, or in one beside it at the root."""
    name = test_file.stem.removeprefix("test_")
    folders = [SOURCE / test_file.parent, ROOT / test_file.parent]
    return [folder / file for folder in folders for file in (f"{name}.py", f"__{name}__.py")]


def test_every_module_has_its_unit_tests():
    missing = [
        f"tests/unit/{file_for(module)}"
        for module in below(SOURCE, "*.py")
        if not (UNIT / file_for(module)).exists()
        and not fits(module, ELSEWHERE)
        and does_something(module)
    ]
    assert not missing, (
        f"not there: {', '.join(missing)}. Write there what the module promises, or move what "
        "tests it from a file of another name. If others test it, say where in ELSEWHERE."
    )


def test_every_file_of_unit_tests_has_its_module():
    strays = [
        f"tests/unit/{file}"
        for file in below(UNIT, "test_*.py")
        if not any(module.exists() for module in modules_of(file)) and not fits(file, ACROSS)
    ]
    assert not strays, (
        f"named after no module: {', '.join(strays)}. Rename or split them after the modules that "
        "they test. If one is about what several promise together, say what in ACROSS."
    )


def test_every_exception_is_one():
    for folder, patterns, kind in ((SOURCE, ELSEWHERE, "*.py"), (UNIT, ACROSS, "test_*.py")):
        unused = [p for p in patterns if not any(fits(f, {p: ""}) for f in below(folder, kind))]
        assert not unused, f"no file is so named any more, take it out: {', '.join(unused)}"
