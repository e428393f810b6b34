"""A router is made anew only where that could make a difference; a missing model stops nobody."""

from gearshift.planning.router_loading import router_for
from gearshift.tiered_routing.tier_config import TierConfig


def routing(**changes):
    return TierConfig.from_mapping(changes)


def test_the_router_is_kept_while_routing_is_the_same():
    old = router_for(routing())
    assert router_for(routing(), old) is old
    assert router_for(routing(complexity_threshold=4), old) is not old
    assert router_for(routing()) is not old


def test_a_scorer_that_cannot_be_loaded_is_said_and_the_rule_stands_in(caplog, tmp_path):
    missing = str(tmp_path / "none.npz")
    router = router_for(routing(scorer=missing))
    assert "none.npz" in caplog.text
    assert router is not None
    (record,) = caplog.records
    assert record.levelname == "WARNING"


def test_a_model_in_a_file_is_read_again_as_it_may_be_another(tmp_path):
    given = routing(scorer=str(tmp_path / "none.npz"))
    old = router_for(given)
    assert router_for(given, old) is not old
