"""Names that stand for classes, and what becomes of names that stand for nothing."""

import pytest

from gearshift import registry
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.evaluation import peers


def test_a_name_is_the_object_itself():
    assert registry.load("gearshift.dialects.openai.dialect:OpenAIDialect") is OpenAIDialect
    assert registry.load("gearshift.evaluation.peers:litellm_rule") is peers.litellm_rule


def test_what_is_not_there_is_said_by_python():
    with pytest.raises(ImportError, match="gearshift_elsewhere"):
        registry.load("gearshift_elsewhere:Thing")
    with pytest.raises(AttributeError, match="Nothing"):
        registry.load("gearshift.dialects.openai.dialect:Nothing")


@pytest.mark.parametrize("table", [registry.DIALECTS, registry.PROVIDERS])
def test_each_class_bears_the_name_that_it_is_registered_under(table):
    for name, target in table.items():
        loaded = registry.load(target)
        assert loaded.name == name


@pytest.mark.parametrize("table", [registry.SCORERS, registry.JUDGES, registry.PEERS])
def test_everything_else_can_be_called(table):
    assert all(callable(registry.load(target)) for target in table.values())
