"""What every cache back end has to do, whoever brings it."""

import asyncio
import re

import pytest

from gearshift import registry
from gearshift.cache.base import CacheConfig
from gearshift.cache.loading import open_backend

KEY = "answer:" + 64 * "0"


@pytest.fixture(params=registry.CACHES)
async def backend(request):
    opened = open_backend(request.param, CacheConfig(100_000))
    yield opened
    await opened.close()


async def test_a_value_is_kept_replaced_and_forgotten(backend):
    assert await backend.get(KEY) is None
    await backend.set(KEY, b"one", 60)
    await backend.set(KEY, b"\x00two\n", 60)
    assert await backend.get(KEY) == b"\x00two\n"
    await backend.delete(KEY)
    await backend.delete(KEY)
    assert await backend.get(KEY) is None


async def test_its_time_ends(backend):
    await backend.set(KEY, b"one", 0.01)
    await asyncio.sleep(0.02)
    assert await backend.get(KEY) is None


async def test_it_is_bounded(backend):
    values = {f"answer:{number:064x}": bytes([number]) * 25_000 for number in range(10)}
    for key, value in values.items():
        await backend.set(key, value, 60)
        assert await backend.get(key) == value
    kept = [key for key in values if await backend.get(key) is not None]
    assert 1 <= len(kept) <= 4


async def test_many_may_ask_at_once(backend):
    keys = [f"answer:{number:064x}" for number in range(20)]
    await asyncio.gather(*(backend.set(key, key.encode(), 60) for key in keys))
    assert await asyncio.gather(*map(backend.get, keys)) == [key.encode() for key in keys]


def test_its_level_is_a_label(backend):
    assert re.fullmatch(r"[a-z0-9._-]{1,20}", backend.level)
