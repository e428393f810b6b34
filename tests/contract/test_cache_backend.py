"""What every cache back end has to do, whoever brings it."""

import asyncio
import re
import secrets

import pytest
from tests.fakes.redis import shared_redis

from gearshift import registry
from gearshift.cache.base import CacheConfig, ListingBackend, Stored
from gearshift.cache.loading import open_backend

ELSEWHERE = {"redis"}
"""What keeps values outside of this process, whose bounds are set there."""


@pytest.fixture(params=registry.CACHES)
async def backend(request):
    location = shared_redis() if request.param == "redis" else None
    opened = open_backend(request.param, CacheConfig(100_000, location))
    yield opened
    await opened.close()


@pytest.fixture
def keys():
    """Of this test alone, wherever they are kept."""
    mine = secrets.token_hex(28)
    return [f"answer:{mine}{number:08x}" for number in range(20)]


async def test_a_value_is_kept_replaced_and_forgotten(backend, keys):
    assert await backend.get(keys[0]) is None
    await backend.set(keys[0], b"one", 60)
    await backend.set(keys[0], b"\x00two\n", 60)
    assert await backend.get(keys[0]) == b"\x00two\n"
    await backend.delete(keys[0])
    await backend.delete(keys[0])
    assert await backend.get(keys[0]) is None


async def test_its_time_ends(backend, keys):
    await backend.set(keys[0], b"one", 0.01)
    await asyncio.sleep(0.02)
    assert await backend.get(keys[0]) is None


@pytest.mark.parametrize("backend", set(registry.CACHES) - ELSEWHERE, indirect=True)
async def test_it_is_bounded(backend):
    values = {f"answer:{number:064x}": bytes([number]) * 25_000 for number in range(10)}
    for key, value in values.items():
        await backend.set(key, value, 60)
        assert await backend.get(key) == value
    kept = [key for key in values if await backend.get(key) is not None]
    assert 1 <= len(kept) <= 4


async def test_many_may_ask_at_once(backend, keys):
    await asyncio.gather(*(backend.set(key, key.encode(), 60) for key in keys))
    assert await asyncio.gather(*map(backend.get, keys)) == [key.encode() for key in keys]
    await asyncio.gather(*map(backend.delete, keys))


async def test_what_is_kept_is_listed(backend, keys):
    for key in keys:
        await backend.set(key, b"value of " + key.encode(), 60)
    listing = backend
    assert isinstance(listing, ListingBackend)
    stored = {one.key: one async for one in listing.stored(8) if one.key in keys}
    assert set(stored) == set(keys)
    assert set(stored.values()) == {Stored(key, 9 + len(key), b"value of") for key in keys}
    await asyncio.gather(*map(backend.delete, keys))


def test_its_level_is_a_label(backend):
    assert re.fullmatch(r"[a-z0-9._-]{1,20}", backend.level)
