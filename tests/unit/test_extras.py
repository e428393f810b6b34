import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gearshift
from gearshift.errors import MissingExtraError
from gearshift.extras import extra, require

ROOT = Path(__file__).parents[2]
SOURCES = sorted(Path(gearshift.__file__).parent.rglob("*.py"))
NOT_INSTALLED = {"ray": "ray"}
"""What is too large for everybody's environment: module and extra (requirements/offline.lock)."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def by_module() -> dict[str, str]:
    """Which extra brings a module; it takes a second to read what every distribution brings."""
    brought = {
        module: {canonicalize_name(name) for name in names}
        for module, names in packages_distributions().items()
    }

    def modules_of(requirements) -> set[str]:
        wanted = {canonicalize_name(Requirement(text).name) for text in requirements}
        return {module for module, names in brought.items() if wanted & names}

    own = modules_of(PROJECT["dependencies"])
    return NOT_INSTALLED | {
        module: name
        for name, requirements in PROJECT["optional-dependencies"].items()
        for module in modules_of(requirements) - own
    }


def imports(tree: ast.AST, within: str | None = None) -> Iterator[tuple[str, str | None, int]]:
    """Every module of the highest level that is imported, the extra around it, the line."""
    if isinstance(tree, ast.If) and getattr(tree.test, "id", "") == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.With):
        call = tree.items[0].context_expr
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "extra":
            assert isinstance(call.args[0], ast.Constant)
            within = str(call.args[0].value)
    if isinstance(tree, ast.Import):
        yield from ((name.name.partition(".")[0], within, tree.lineno) for name in tree.names)
    if isinstance(tree, ast.ImportFrom) and tree.module and not tree.level:
        yield tree.module.partition(".")[0], within, tree.lineno
    for child in ast.iter_child_nodes(tree):
        yield from imports(child, within)


def test_every_extra_brings_modules(by_module):
    assert set(by_module.values()) == set(PROJECT["optional-dependencies"])


def test_optional_modules_are_imported_where_a_missing_one_is_explained(by_module):
    wrong = [
        f"{source.relative_to(ROOT)}:{line}: put {module} into `with extra({wanted!r}, …)`"
        for source in SOURCES
        for module, within, line in imports(ast.parse(source.read_text("utf-8")))
        if (wanted := by_module.get(module)) is not None and within != wanted
    ]
    assert wrong == []


@pytest.mark.parametrize("name", PROJECT["optional-dependencies"])
def test_what_is_missing_is_said_with_its_remedy(name, by_module, monkeypatch):
    for module in (module for module, bringer in by_module.items() if bringer == name):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(MissingExtraError) as caught, extra(name, "this"):
            __import__(module)
        told = str(caught.value)
        assert told.startswith(f'this needs an extra: pip install "gearshift[{name}]"')
        with pytest.raises(MissingExtraError, match="this needs an extra"):
            require(name, "this", module)
        assert caught.value.extra == name


def test_what_is_installed_is_not_spoken_of():
    require("quality", "this", "scipy", "jsonschema")
