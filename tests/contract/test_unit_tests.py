"""Every module that does something has its file of unit tests, at the same place."""

import ast
from pathlib import Path

import gearshift

SOURCE = Path(gearshift.__file__).parent
UNIT = Path(__file__).parents[1] / "unit"
# Steps of the database: they are tried one after the other, on real databases.
ELSEWHERE = {"decision_log/migrations/": "decision_log/test_database.py"}


def does_something(path: Path) -> bool:
    """Whether any function in it has a body; lists of words and protocols have none."""
    functions = (
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return any(not is_empty(statement) for one in functions for statement in one.body)


def is_empty(statement: ast.stmt) -> bool:
    """A docstring, or `...`."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_every_module_that_does_something_has_its_unit_tests():
    modules = [
        path.relative_to(SOURCE)
        for path in sorted(SOURCE.rglob("*.py"))
        if not path.name.startswith("__") and does_something(path)
    ]
    assert len(modules) > 150
    missing = []
    for module in modules:
        elsewhere = next((at for of, at in ELSEWHERE.items() if str(module).startswith(of)), None)
        tests = UNIT / (elsewhere or module.with_name(f"test_{module.name}"))
        if not tests.is_file():
            missing.append(f"{tests.relative_to(UNIT.parents[1])} is wanted for {module}")
    assert missing == []
