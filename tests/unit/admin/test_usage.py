"""Patterns of use, and what they suggest in plain words."""

import copy
import time

import pytest
from tests.fakes.finished import finished

from gearshift.admin import usage
from gearshift.admin.usage import recommendations
from gearshift.config.loading import Settings
from gearshift.config.sections.cache import CacheSettings

USAGE = {"requests": 100, "repeated": 0, "unlike": []}
TOTALS = {
    "requests": 100,
    "simple_tier_percentage": 60.0,
    "fallbacks": 0,
    "quality": {"judgements": {"tie": 5}},
    "compute": {"unknown_requests": 0},
}


CACHED = Settings(cache=CacheSettings(enabled=True))
ALL_CACHED = Settings(cache=CacheSettings(enabled=True, only_deterministic=False))


def said(settings=None, usage=None, **totals):
    found = copy.deepcopy(TOTALS)
    found.update(totals)
    return recommendations({**USAGE, **(usage or {})}, found, settings or Settings())


def test_where_all_is_well_nothing_is_suggested():
    assert said() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"simple_tier_percentage": 9.9}, "Only 10 % of the requests go to the small model"),
        ({"simple_tier_percentage": None}, "Only 0 % of the requests"),
        ({"usage": {"repeated": 11}}, "11 % of the requests repeat an earlier prompt; the cache"),
        ({"usage": {"repeated": 11}, "settings": CACHED}, "if clients set temperature to 0"),
        ({"usage": {"repeated": 11}, "settings": ALL_CACHED}, "keeps the cache from answering"),
        ({"quality": {"judgements": {}}}, "Set quality.shadow_share to 0.1"),
        ({"quality": {"judgements": {"tie": 200, "loss": 1100}}}, "1,300 answers are judged"),
        ({"fallbacks": 6}, "6 requests were not answered by their first choice"),
        ({"compute": {"unknown_requests": 21}}, "The compute of 21 requests is unknown"),
        (
            {"usage": {"unlike": [{"name": "app", "simple": 0.9}]}},
            "Client 'app' differs from the others: 90 %",
        ),
    ],
)
def test_each_number_has_its_suggestion(change, words):
    (line,) = said(**change)
    assert words in line


@pytest.mark.parametrize(
    "change",
    [
        {"simple_tier_percentage": 10.0},
        {"usage": {"repeated": 10}},
        {"quality": {"judgements": {"tie": 299}}},
        {"fallbacks": 5},
        {"compute": {"unknown_requests": 20}},
        {"usage": {"requests": 19}, "simple_tier_percentage": 0.0},
    ],
)
def test_and_none_below_its_bound(change):
    assert said(**change) == []


def test_what_is_done_already_is_not_suggested():
    shadows = Settings.model_validate({"quality": {"shadow_share": 0.01}})
    assert said(shadows, quality={"judgements": {}}) == []
    learned = Settings.model_validate({"tiered_routing": {"scorer": "learned"}})
    assert said(learned, quality={"judgements": {"tie": 1000}}) == []


async def test_requests_are_told_by_hour_of_the_day_and_by_what_they_share(desks):
    now = time.time()
    context = desks(
        [finished(time=now), finished(time=now), finished(time=now - 3600, client="app")]
    )
    found = await usage.facts(context, {})
    assert found["since"] == "24h"
    hour = int(now // 3600)
    assert found["by_hour"][hour % 24] == 2
    assert found["by_hour"][(hour - 1) % 24] == 1
    assert sum(found["by_hour"]) == 3
    assert {one["name"]: one["requests"] for one in found["by"]["client"]} == {
        "(no name)": 2,
        "app": 1,
    }
    assert (found["unlike"], found["recommendations"]) == ([], [])


async def test_only_the_span_that_is_asked_for_counts(desks):
    now = time.time()
    context = desks([finished(time=now), finished(time=now - 5 * 3600)])
    assert (await usage.facts(context, {"since": "1h"}))["requests"] == 1
    assert (await usage.facts(context, {"since": "6h"}))["requests"] == 2
