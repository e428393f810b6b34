"""Which judge the configuration names, and what is said where it cannot be had."""

import sys
import types
from typing import Any

import pytest

from gearshift import registry
from gearshift.errors import ConfigError, PluginError
from gearshift.quality.checks_judge import ChecksJudge
from gearshift.quality.judges import load_judge
from gearshift.quality.model_judge import ModelJudge


async def ask(request, model):
    raise AssertionError("nobody asks yet")


def test_the_judges_of_the_registry_are_made_by_their_names():
    assert isinstance(load_judge("checks", ask, None), ChecksJudge)
    assert isinstance(load_judge("model", ask, "big"), ModelJudge)


@pytest.fixture
def mine(monkeypatch):
    module = types.ModuleType("my_judges")
    monkeypatch.setitem(sys.modules, "my_judges", module)
    return module


def test_anything_that_makes_a_judge_is_given_what_it_may_ask(mine):
    mine.Mine = lambda *given: given
    made: Any = load_judge("my_judges:Mine", ask, "big")
    assert made == (ask, "big")


@pytest.mark.parametrize("name", ["my_judges:Missing", "no_such_module:Mine", "my_judges:Wrong"])
def test_one_that_cannot_be_made_is_a_mistake_of_the_configuration(mine, name):
    mine.Wrong = lambda: None
    with pytest.raises(ConfigError) as caught:
        load_judge(name, ask, None)
    (problem,) = caught.value.problems
    assert problem.key == "quality.judge"
    assert problem.message.startswith(f"{name!r} cannot be loaded: ")
    assert str(caught.value.__cause__) in problem.message


def test_a_package_whose_judge_cannot_be_loaded_is_told_in_its_own_words(monkeypatch):
    def broken(group, name):
        raise PluginError("'mine' in gearshift.judges of a-package 1.0 cannot be loaded: no")

    monkeypatch.setattr(registry, "find", broken)
    with pytest.raises(ConfigError) as caught:
        load_judge("mine", ask, None)
    (problem,) = caught.value.problems
    assert problem.key == "quality.judge"
    assert problem.message == str(caught.value.__cause__)
