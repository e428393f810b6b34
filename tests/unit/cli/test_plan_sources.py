"""Stated loads: shares, tokens and costs."""

from dataclasses import replace

import click
import pytest

from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.workload import Speed
from gearshift.cli.plan_sources import by_name, stated_source, stated_speed, with_tokens
from gearshift.cli.plan_tiers import TierSpec
from gearshift.config.loading import Settings
from gearshift.config.sections.prices import PriceSettings, PricesSettings

SIMPLE = TierSpec("simple", decode=80, prefill=4_000, prompt=400, completion=200)
COMPLEX = TierSpec("complex", decode=40, prefill=2_000, prompt=400, completion=200, slots=4)


def specs(**shares):
    return {
        name: TierSpec(**{**_values(spec), "share": shares.get(name)})
        for name, spec in (("simple", SIMPLE), ("complex", COMPLEX))
    }


def _values(spec):
    return {name: getattr(spec, name) for name in TierSpec.__dataclass_fields__}


def test_every_configured_tier_has_a_spec():
    found = by_name([COMPLEX], Settings())
    assert list(found) == ["simple", "complex"]
    assert found == {"simple": TierSpec("simple"), "complex": COMPLEX}


def test_a_tiers_own_tokens_count_more():
    found = with_tokens({"simple": TierSpec("simple", prompt=5.0)}, 7.0, 9.0)["simple"]
    assert (found.prompt, found.completion) == (5.0, 9.0)
    none = with_tokens({"simple": TierSpec("simple", prompt=0.0)}, 7.0, None)["simple"]
    assert (none.prompt, none.completion) == (0.0, None)


def test_the_rest_of_the_requests_is_for_the_tier_without_a_share():
    source = stated_source(Settings(), specs(simple=0.75), 8.0, 1.0, 3.0)
    [load] = source.loads
    assert load.is_safe
    assert {name: each.rate for name, each in load.workloads.items()} == {
        "simple": 6.0,
        "complex": 2.0,
    }
    # Bursts of all requests are smaller ones of a part of them.
    assert load.workloads["complex"].dispersion == pytest.approx(1.5)
    assert source.servers == {"simple": BatchingServer(1, 1.0), "complex": BatchingServer(4, 1.0)}


def test_a_tier_that_gets_nothing_is_left_out():
    assert set(stated_source(Settings(), specs(simple=1.0), 1.0, 1.0, 1.0).loads[0].workloads) == {
        "simple"
    }


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"simple": 0.7, "complex": 0.7}, "add up to 1.4"),
        ({"simple": 0.1, "complex": 0.1}, "add up to 0.2"),
        ({}, "what share of the requests is for simple, complex"),
    ],
)
def test_shares_are_those_of_one_whole(shares, words):
    with pytest.raises(click.UsageError, match=words):
        stated_source(Settings(), specs(**shares), 1.0, 1.0, 1.0)


def test_what_is_not_stated_is_said_to_be_assumed():
    said = stated_source(Settings(), specs(simple=0.5), 1.0, 1.0, 1.0).assumptions
    assert any(line.startswith("simple: one request at a time (slots=1)") for line in said)
    assert any("complex: requests share what one would have (slowdown=1)" in line for line in said)


def test_costs_are_those_of_deployments_else_of_tokens():
    prices = PricesSettings(per_million_tokens={"gemma2:2b": PriceSettings(input=1, output=10)})
    source = stated_source(Settings(prices=prices), specs(simple=0.5), 1.0, 0.0, 1.0)
    load = source.loads[0].workloads["simple"]
    costs = source.costs("simple", load)
    assert costs.per_request == pytest.approx((400 + 2_000) / 1e6)
    assert costs.per_deployment is None
    assert costs.flops == pytest.approx(2 * 2.614e9 * 600)
    paid = replace(source, specs={"simple": TierSpec("simple", cost=2.0, watts=90.0)})
    costs = paid.costs("simple", load)
    assert (costs.per_request, costs.per_deployment, costs.watts) == (None, 2.0, 90.0)


def test_what_is_not_stated_of_a_speed_takes_no_time():
    assert stated_speed(TierSpec("simple", decode=5.0)) == Speed(float("inf"), 5.0, 0.0)
