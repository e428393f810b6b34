"""A list of requests that can be narrowed, and one decision explained."""

import time
from urllib.parse import parse_qsl

import pytest
from tests.fakes.finished import finished

from gearshift.admin import requests
from gearshift.decision_log.recent import PAGE
from gearshift.errors import RequestError


def ids(found):
    return [one["id"] for one in found["requests"]]


async def test_a_list_is_narrowed_by_what_the_query_says(desks):
    now = time.time()
    first, failed, other = (
        finished(time=now, client="app"),
        finished(time=now, client="app", status=502),
        finished("complex", time=now - 2 * 3600),
    )
    context = desks([first, failed, other])
    everything = await requests.facts(context, {})
    assert set(ids(everything)) == {event.decision.id for event in (first, failed, other)}
    assert (everything["filters"], everything["next"]) == ({}, None)
    assert everything["tiers"] == ["simple", "complex"]
    found = await requests.facts(context, {"client": "app", "failed": "1", "unknown": "x"})
    assert ids(found) == [failed.decision.id]
    assert found["filters"] == {"client": "app", "failed": "1"}
    assert ids(await requests.facts(context, {"tier": "complex"})) == [other.decision.id]
    assert ids(await requests.facts(context, {"tier": "complex", "since": "1h"})) == []
    assert len(ids(await requests.facts(context, {"failed": "0"}))) == 3


async def test_the_next_page_goes_on_where_this_one_ends(desks):
    now = time.time()
    context = desks([finished(time=now - number) for number in range(PAGE + 3)])
    first = await requests.facts(context, {"tier": "simple"})
    query = dict(parse_qsl(first["next"]))
    assert query["tier"] == "simple"
    second = await requests.facts(context, query)
    assert (len(ids(first)), len(ids(second)), second["next"]) == (PAGE, 3, None)
    assert not set(ids(first)) & set(ids(second))


@pytest.mark.parametrize("after", ["x", "", ",dec-1"])
async def test_a_page_that_nobody_has_given_is_refused(desks, after):
    with pytest.raises(RequestError) as caught:
        await requests.facts(desks(), {"after": after})
    assert (caught.value.status, caught.value.field) == (400, "after")


async def test_one_decision_is_explained_by_its_factors(desks):
    event = finished()
    context = desks([event])
    found = await requests.one(context, {"id": event.decision.id})
    assert found["decision"]["id"] == event.decision.id
    explained = found["explained"]
    assert explained["factors"]["technical"] == 2.0
    assert set(explained["contributions"]) == set(explained["factors"])
    assert all(value >= 0 for value in explained["contributions"].values())
    assert explained["flip"]


@pytest.mark.parametrize("change", [{"scorer": "learned"}, {"score": None}])
async def test_what_the_rule_has_not_decided_it_does_not_explain(desks, change):
    event = finished()
    event = event._replace(decision=event.decision._replace(**change))
    found = await requests.one(desks([event]), {"id": event.decision.id})
    assert found["explained"] is None


@pytest.mark.parametrize("query", [{}, {"id": "dec-none"}, {"id": "x" * 100}])
async def test_a_decision_that_nobody_knows(desks, query):
    with pytest.raises(RequestError, match="no decision") as caught:
        await requests.one(desks(), query)
    assert caught.value.status == 404
    assert len(str(caught.value)) < 100
