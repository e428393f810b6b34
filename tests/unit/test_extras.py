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
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


# Which distributions bring a module; it takes a second to read them all, so only once.
DISTRIBUTIONS = {
    module: {canonicalize_name(name) for name in names}
    for module, names in packages_distributions().items()
}


def modules_of(requirements) -> set[str]:
    wanted = {canonicalize_name(Requirement(text).name) for text in requirements}
    return {module for module, names in DISTRIBUTIONS.items() if wanted & names}


BY_MODULE = {
    module: name
    for name, requirements in PROJECT["optional-dependencies"].items()
    for module in modules_of(requirements) - modules_of(PROJECT["dependencies"])
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


def test_every_extra_brings_modules():
    assert set(BY_MODULE.values()) == set(PROJECT["optional-dependencies"])


def test_optional_modules_are_imported_where_a_missing_one_is_explained():
    wrong = [
        f"{source.relative_to(ROOT)}:{line}: put {module} into `with extra({wanted!r}, …)`"
        for source in SOURCES
        for module, within, line in imports(ast.parse(source.read_text("utf-8")))
        if (wanted := BY_MODULE.get(module)) is not None and within != wanted
    ]
    assert wrong == []


@pytest.mark.parametrize("module", sorted(BY_MODULE))
def test_what_is_missing_is_said_with_its_remedy(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    name = BY_MODULE[module]
    with pytest.raises(MissingExtraError) as caught, extra(name, "this"):
        __import__(module)
    assert str(caught.value).startswith(f'this needs an extra: pip install "gearshift[{name}]"')
    with pytest.raises(MissingExtraError, match="this needs an extra"):
        require(name, "this", module)
    assert caught.value.extra == name


def test_what_is_installed_is_not_spoken_of():
    require("quality", "this", "scipy", "jsonschema")
