"""Names that stand for classes, and what becomes of names that stand for nothing."""

from types import SimpleNamespace

import pytest

from gearshift import registry
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import GearshiftError, PluginError
from gearshift.evaluation import peers


def test_a_name_is_the_object_itself():
    assert registry.load("gearshift.dialects.openai.dialect:OpenAIDialect") is OpenAIDialect
    assert registry.load("gearshift.evaluation.peers:litellm_rule") is peers.litellm_rule


def test_what_is_not_there_is_said_by_python():
    with pytest.raises(ImportError, match="gearshift_elsewhere"):
        registry.load("gearshift_elsewhere:Thing")
    with pytest.raises(AttributeError, match="Nothing"):
        registry.load("gearshift.dialects.openai.dialect:Nothing")


@pytest.mark.parametrize(
    "table", [registry.CLIENT_DIALECTS, registry.UPSTREAM_DIALECTS, registry.PROVIDERS]
)
def test_each_class_bears_the_name_that_it_is_registered_under(table):
    for name, target in table.items():
        loaded = registry.load(target)
        assert loaded.name == name


@pytest.mark.parametrize("table", [registry.SCORERS, registry.JUDGES, registry.PEERS])
def test_everything_else_can_be_called(table):
    assert all(callable(registry.load(target)) for target in table.values())


def test_the_settings_of_our_providers_are_their_own():
    assert registry.PROVIDER_SETTINGS.keys() == registry.PROVIDERS.keys()
    for name, target in registry.PROVIDER_SETTINGS.items():
        assert registry.find("providers", name).settings is registry.load(target)


# --- what other packages offer


class Offer:
    """An entry point, as `importlib.metadata` has them."""

    def __init__(self, name, loads, package="acme-plugin", group="gearshift.scorers"):
        self.name, self.group, self._loads = name, group, loads
        self.dist = SimpleNamespace(name=package, version="1.2")

    def load(self):
        if isinstance(self._loads, BaseException):
            raise self._loads
        return self._loads


@pytest.fixture
def offered(monkeypatch):
    """What installed packages offer as scorers."""
    offers: list[Offer] = []
    asked = []

    def entry_points(group):
        asked.append(group)
        return [offer for offer in offers if offer.group == group]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setattr(registry, "guests", registry.guests.__wrapped__)
    return SimpleNamespace(offers=offers, asked=asked)


def test_a_guest_comes_in_by_the_same_door(offered):
    offered.offers.append(Offer("dice", dict))
    assert registry.find("scorers", "dice") is dict
    assert registry.has("scorers", "dice")
    assert registry.named("scorers") == (*registry.SCORERS, "dice")
    assert not registry.has("judges", "dice")
    assert registry.named("judges") == tuple(registry.JUDGES)


def test_nobody_is_asked_for_what_is_ours(offered):
    for group, table in registry.GROUPS.items():
        for name in table:
            assert registry.has(group, name)
            registry.find(group, name)
    assert offered.asked == []


def test_a_guest_does_not_replace_what_is_ours(offered, caplog):
    offered.offers.append(Offer("rule", dict))
    assert registry.find("scorers", "rule") is registry.load(registry.SCORERS["rule"])
    assert registry.named("scorers") == tuple(registry.SCORERS)
    (record,) = caplog.records
    assert record.getMessage() == (
        "'rule' in gearshift.scorers of acme-plugin 1.2 is left out: "
        "gearshift has a built-in 'rule'"
    )


@pytest.mark.parametrize("error", [ImportError("no acme"), RuntimeError("boom"), SyntaxError("x")])
def test_a_guest_that_cannot_be_loaded_says_whose_it_is_and_hinders_no_other(offered, error):
    offered.offers += [Offer("broken", error), Offer("dice", dict)]
    assert registry.find("scorers", "dice") is dict
    assert registry.has("scorers", "broken")
    whose = r"'broken' in gearshift\.scorers of acme-plugin 1\.2 cannot be loaded"
    with pytest.raises(PluginError, match=f"{whose}: {type(error).__name__}: {error}"):
        registry.find("scorers", "broken")


def test_a_guest_that_cannot_be_made_says_whose_it_is(offered):
    def breaks(given):
        raise given

    offered.offers += [Offer("broken", breaks), Offer("dice", dict)]
    assert registry.made("scorers", "dice", {"a": 1}) == {"a": 1}
    whose = r"'broken' in gearshift\.scorers of acme-plugin 1\.2 cannot be made"
    with pytest.raises(PluginError, match=f"{whose}: RuntimeError: boom"):
        registry.made("scorers", "broken", RuntimeError("boom"))
    own = GearshiftError("a licence is needed: set LICENCE")
    with pytest.raises(GearshiftError, match="set LICENCE") as caught:
        registry.made("scorers", "broken", own)
    assert caught.value is own


def test_what_is_ours_is_made_and_its_bugs_are_no_plugins(offered):
    assert registry.made("client_dialects", "openai").name == "openai"
    with pytest.raises(TypeError):
        registry.made("client_dialects", "openai", "what it does not take")
    assert offered.asked == []


def test_two_guests_of_one_name_are_both_named(offered):
    offered.offers += [Offer("dice", dict), Offer("dice", list, "other-plugin")]
    with pytest.raises(PluginError, match=r"acme-plugin 1\.2 and .*other-plugin 1\.2; uninstall"):
        registry.find("scorers", "dice")


def test_what_nobody_offers_is_named(offered):
    with pytest.raises(LookupError, match="nothing in scorers is called 'dice'"):
        registry.find("scorers", "dice")


def test_where_all_are_wanted_a_broken_guest_is_told_and_left_out(offered, caplog, monkeypatch):
    # With a table of its own: which names are ours, and what their modules need, is no matter here.
    monkeypatch.setitem(registry.GROUPS, "client_dialects", {"ours": "builtins:list"})
    broken = Offer("broken", ImportError("no acme"), group="gearshift.dialects")
    offered.offers += [broken, Offer("guest", dict, group="gearshift.dialects")]
    assert registry.every("client_dialects") == {"ours": list, "guest": dict}
    assert "'broken' in gearshift.dialects of acme-plugin 1.2 cannot" in caplog.text


@pytest.mark.parametrize(
    ("group", "entry_points"),
    [
        *[(group, f"gearshift.{group}") for group in ("scorers", "providers", "judges")],
        ("client_dialects", "gearshift.dialects"),
        ("upstream_dialects", "gearshift.upstream_dialects"),
    ],
)
def test_the_groups_of_entry_points_are_those_of_the_guide(offered, group, entry_points):
    registry.named(group)
    assert offered.asked == [entry_points]
