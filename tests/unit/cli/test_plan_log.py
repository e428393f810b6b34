"""The load of the log, and the thresholds that are planned for."""

import click
import pytest
from tests.fakes.busy_log import busy_log
from tests.fakes.logs import log_in

from gearshift.capacity.servers import BatchingServer
from gearshift.cli.plan_log import logged_source
from gearshift.cli.plan_sources import by_name
from gearshift.cli.plan_tiers import TierSpec
from gearshift.config.loading import Settings
from gearshift.config.model import DecisionLogSettings
from gearshift.errors import GearshiftError
from gearshift.tiered_routing.tier_config import Tier, TierConfig
from gearshift.types import CacheResult, CacheUse


@pytest.fixture
def source(tmp_path):
    def source(events, *tiers, routing=None, growth=1.0, dispersion=None, thresholds=()):
        log = DecisionLogSettings(url=log_in(tmp_path, events))
        settings = Settings(decision_log=log, tiered_routing=routing or TierConfig())
        specs = by_name(tiers, settings)
        return logged_source(settings, specs, "7d", growth, dispersion, thresholds)

    return source


def rates(load):
    return {name: round(each.rate, 3) for name, each in load.workloads.items()}


def test_the_current_threshold_is_planned_for(source):
    found = source(busy_log())
    [load] = found.loads
    assert (load.threshold, load.is_safe) == (3.0, True)
    assert rates(load) == pytest.approx({"simple": 0.1, "complex": 0.1}, abs=0.002)
    assert found.facts["guaranteed_thresholds"] == []
    assert found.servers == {"simple": BatchingServer(1, 1.0), "complex": BatchingServer(1, 1.0)}


def test_growth_dispersion_and_thresholds_are_as_asked_for(source):
    found = source(busy_log(), growth=10.0, dispersion=4.0, thresholds=(0.0, 3.0, 10.0))
    assert [(load.threshold, load.is_safe) for load in found.loads] == [
        (3.0, True),
        (0.0, False),
        (10.0, False),
    ]
    assert found.facts["dispersion"] == 4.0
    assert rates(found.loads[1]) == pytest.approx({"complex": 2.0}, abs=0.02)
    assert rates(found.loads[2]) == pytest.approx({"simple": 2.0}, abs=0.02)


def test_only_the_lowest_of_several_tiers_has_another_threshold(source):
    middle = Tier(name="middle", below=5.0, deployments=("llama3:3b",))
    lowest = Tier(name="simple", below=3.0, deployments=("gemma2:2b",))
    last = Tier(name="complex", deployments=("mistral:7b-instruct",))
    routing = TierConfig(tiers=(lowest, middle, last))
    stated = TierSpec("middle", decode=50.0, prefill=500.0)
    [now, other] = source(busy_log(), stated, routing=routing, thresholds=(4.0,)).loads
    assert set(now.workloads) == set(other.workloads) == {"simple", "middle", "complex"}
    assert other.workloads["simple"].rate > now.workloads["simple"].rate
    assert other.workloads["complex"].rate == now.workloads["complex"].rate


def test_requests_outside_the_tiers_are_left_out(source):
    others = [event._replace(decision=event.decision._replace(tier="")) for event in busy_log(60)]
    assert source(busy_log() + others).facts["requests"] == 240


def test_when_everything_was_a_hit_there_is_nothing_to_plan(source):
    with pytest.raises(GearshiftError, match="the cache answered every request"):
        source(busy_log(cache=CacheUse("memory", CacheResult.HIT)))


def test_a_tier_whose_speed_is_stated_needs_tokens_at_least(source):
    stated = (TierSpec(name, decode=5.0, prefill=9.0) for name in ("simple", "complex"))
    with pytest.raises(GearshiftError, match="simple: no answer of the log says how many tokens"):
        source(busy_log(status=500), *stated)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (TierSpec("simple", prefill=1.0), "decode and prefill go together"),
        (TierSpec("simple", prompt=1.0), "known from the log; they need --rate"),
        (TierSpec("simple", completion=1.0), "known from the log; they need --rate"),
    ],
)
def test_what_the_log_knows_is_not_stated(source, spec, words):
    with pytest.raises(click.UsageError, match=words):
        source([], spec)
