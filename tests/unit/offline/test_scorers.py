from gearshift.offline.scorers import scorer_of
from gearshift.tiered_routing.tier_config import TierConfig


def test_a_process_loads_a_scorer_once():
    config = TierConfig()
    first = scorer_of(config)
    assert scorer_of(TierConfig()) is first
    assert first.name == "rule"
    other = config.model_copy(update={"complexity_threshold": 5.0})
    assert scorer_of(other) is not first
