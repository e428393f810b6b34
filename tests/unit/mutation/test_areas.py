"""Which modules are mutated, and what `--only` may name."""

import tomllib
from pathlib import Path

import pytest
from mutation.areas import AREAS, UnknownNameError, area_of, chosen, mutated_modules

ROOT = Path(__file__).parents[3]
MODULES = ["guarantees.step", "pipeline.hedging", "planning", "planning.variants"]


def test_every_mutated_module_has_an_area_and_every_part_of_an_area_is_mutated():
    modules = mutated_modules(ROOT)
    assert [module for module in modules if area_of(module) is None] == []
    parts = [part for parts in AREAS.values() for part in parts]
    assert chosen(parts, modules) == parts


def test_the_tests_that_are_run_exist():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    named = settings["pytest_add_cli_args_test_selection"] + settings["also_copy"]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("module", "area"),
    [
        ("planning", "planner"),
        ("planning.x__can_be_judged__mutmut_1", "planner"),
        ("pipeline", "pipeline"),
        ("pipeline.hedging.race", "pipeline"),
        ("tiered_routing.tier_router.x_decide", "router"),
        ("tiered_routing.features", None),
        ("planning_of_meals", None),
    ],
)
def test_a_module_belongs_to_the_area_whose_part_it_is(module, area):
    assert area_of(module) == area


@pytest.mark.parametrize(
    ("only", "parts"),
    [
        ([], []),
        (["planning"], ["planning"]),
        (["gearshift.planning"], ["planning"]),
        (["pipeline"], ["pipeline"]),
        (["planner"], ["planning"]),
        (["guarantees.step", "planning.variants"], ["guarantees.step", "planning.variants"]),
    ],
)
def test_an_area_stands_for_its_parts(only, parts):
    assert chosen(only, MODULES) == parts


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("plannings", "did you mean planning"),
        ("hedging", "did you mean pipeline.hedging"),
        ("guarantees.st", "did you mean guarantees.step"),
        ("", "the areas are guarantees, pipeline, planner"),
        ("zzz", "nothing of that name is mutated; the areas are"),
    ],
)
def test_what_is_not_mutated_is_refused_in_words(name, told):
    with pytest.raises(UnknownNameError, match=told):
        chosen(["planning", name], MODULES)
