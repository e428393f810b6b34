"""The answer cache over the admin API."""

import pytest

from gearshift.admin import cache_contents
from gearshift.cache.contents import Selection
from gearshift.errors import RequestError


async def test_it_is_off_or_empty(desks):
    assert await cache_contents.facts(desks(), {}) == {"enabled": False, "memories": []}
    context = desks(cache={"enabled": True})
    (memory,) = (await cache_contents.facts(context, {}))["memories"]
    assert (memory["level"], memory["entries"]) == ("memory", 0)


async def test_what_is_asked_for_reaches_every_process(desks):
    context, asked = desks(), []

    async def contents(which, *, clear=False):
        asked.append((which, clear))
        return [{"level": "memory", "cleared": 2}]

    context.cache_contents = contents
    assert (await cache_contents.clear(context, {"tier": "simple"}))["memories"][0]["cleared"] == 2
    await cache_contents.facts(context, {"prefix": "answer:", "model": "m"})
    assert asked == [(Selection(tier="simple"), True), (Selection("answer:", model="m"), False)]


@pytest.mark.parametrize("body", [{"tiers": "simple"}, {"tier": 1}, {"prefix": ["a"]}])
async def test_what_is_no_selection_clears_nothing(desks, body):
    with pytest.raises(RequestError):
        await cache_contents.clear(desks(), body)
