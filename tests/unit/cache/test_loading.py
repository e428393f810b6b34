"""The back end that is named: made, or told why not."""

import pytest

from gearshift import registry
from gearshift.cache.base import CacheConfig
from gearshift.cache.loading import open_backend
from gearshift.cache.memory import MemoryCache
from gearshift.errors import ConfigError, PluginError


class Halves:
    level = "halves"

    def __init__(self, config):
        pass

    async def get(self, key):
        pass


class Nameless(MemoryCache):
    level = None  # type: ignore[assignment] # what must be refused


def raising(error):
    def made(config):
        raise error

    return made


def test_memory_is_built_in():
    assert isinstance(open_backend("memory", CacheConfig(1)), MemoryCache)


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        (Halves, "it lacks set, delete, close"),
        (Nameless, "it lacks level"),
        (raising(KeyError("x")), r"cannot be used: KeyError\('x'\)"),
        (raising(OSError("no such folder")), "cannot be used: no such folder"),
    ],
)
def test_what_is_no_back_end_is_told(monkeypatch, offered, message):
    monkeypatch.setattr(registry, "find", lambda group, name: offered)
    with pytest.raises(ConfigError, match=message) as told:
        open_backend("theirs", CacheConfig(1))
    assert told.value.problems[0].key == "cache.backend"


def test_a_package_that_cannot_be_loaded_is_told(monkeypatch):
    def find(group, name):
        raise PluginError("it is broken")

    monkeypatch.setattr(registry, "find", find)
    with pytest.raises(ConfigError, match="it is broken"):
        open_backend("theirs", CacheConfig(1))
