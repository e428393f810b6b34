"""A change that no file could take lasts until the file itself says more, or it cannot hold."""

import pytest

from gearshift.config.loading import Settings
from gearshift.serving.held_changes import HeldChanges, routing_values


def settings(upstreams=(), **routing):
    return Settings.model_validate({"tiered_routing": routing, "upstreams": list(upstreams)})


FILE = settings()
HIGHER = settings(complexity_threshold=5)


@pytest.fixture
def held():
    held = HeldChanges()
    held.note(FILE, HIGHER, {"complexity_threshold": False})
    return held


def threshold(settings):
    return settings.tiered_routing.complexity_threshold


def test_without_changes_the_file_holds():
    assert HeldChanges().over(FILE) is FILE


def test_a_change_lies_over_whatever_is_loaded_and_alters_nothing_else(held):
    loaded = settings(enabled=False, models={"simple": "phi3:mini"})
    over = held.over(loaded)
    assert threshold(over) == 5
    assert over == loaded.model_copy(update={"tiered_routing": over.tiered_routing})
    assert not over.tiered_routing.enabled
    assert over.tiered_routing.models.simple == "phi3:mini"
    assert threshold(held.over(FILE)) == 5


def test_what_the_file_has_taken_is_the_files_own():
    held = HeldChanges()
    held.note(FILE, HIGHER, {"complexity_threshold": True})
    assert threshold(held.over(FILE)) == 3


def test_it_is_let_go_for_good_when_the_file_says_more(held):
    assert threshold(held.over(settings(complexity_threshold=7))) == 7
    assert threshold(held.over(FILE)) == 3


def test_a_second_change_is_still_measured_by_the_file(held):
    held.note(HIGHER, settings(complexity_threshold=6), {"complexity_threshold": False})
    assert threshold(held.over(FILE)) == 6
    assert threshold(held.over(settings(complexity_threshold=5))) == 5


@pytest.mark.parametrize("is_written", [False, True])
def test_a_change_back_leaves_nothing_to_hold(held, is_written):
    held.note(HIGHER, FILE, {"complexity_threshold": is_written})
    assert held.over(FILE) is FILE


def test_keys_are_held_apart(held):
    held.note(HIGHER, settings(complexity_threshold=5, enabled=False), {"enabled": False})
    over = held.over(settings(complexity_threshold=7))
    assert (threshold(over), over.tiered_routing.enabled) == (7, False)


def test_a_setting_inside_a_block_is_held_without_its_neighbours(held):
    held.note(FILE, settings(models={"simple": "phi3:mini"}), {"models.simple": False})
    over = held.over(settings(models={"complex": "big:70b"}))
    assert over.tiered_routing.models.simple == "phi3:mini"
    assert over.tiered_routing.models.complex == "big:70b"


def tiers(below):
    return [
        {"name": "a", "below": below, "deployments": ["x"]},
        {"name": "b", "deployments": ["y"]},
    ]


@pytest.mark.parametrize("key", ["tiers", "tiers.0.below"])
def test_a_part_of_the_tiers_is_the_whole_list(key):
    held = HeldChanges()
    before, after = settings(tiers=tiers(2)), settings(tiers=tiers(4))
    held.note(before, after, {key: False})
    assert [t.below for t in held.over(before).tiered_routing.ordered_tiers][:1] == [4]
    assert "tiers" in routing_values(before)
    assert not any(name.startswith("tiers.") for name in routing_values(before))


def test_what_does_not_fit_the_new_file_is_let_go_with_a_word(held, caplog):
    elsewhere = {"name": "o", "provider": "openai", "base_url": "http://x/v1", "models": ["x", "y"]}
    held.note(
        HIGHER, settings(complexity_threshold=5, models={"simple": "phi3:mini"}),
        {"models.simple": False},
    )  # fmt: skip
    loaded = settings([elsewhere], models={"complex": "y"})
    assert held.over(loaded) is loaded
    assert "no longer fit" in caplog.text
    assert "complexity_threshold, models.simple" in caplog.text
    assert held.over(FILE) is FILE
