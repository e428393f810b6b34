"""Finds and makes the back end that the configuration names."""

from __future__ import annotations

from typing import Final

from gearshift import registry
from gearshift.cache.base import CacheBackend, CacheConfig
from gearshift.errors import ConfigError, MissingExtraError, PluginError, Problem

_KEY: Final = "cache.backend"
_METHODS: Final = ("get", "set", "delete", "close")


def open_backend(name: str, config: CacheConfig) -> CacheBackend:
    """Make the back end that the registry finds under a name.

    Raises:
        ConfigError: It cannot be loaded or made, or is not a back end.
        MissingExtraError: It needs an optional package that is not installed.
    """
    try:
        backend: CacheBackend = registry.find("caches", name)(config)
    except MissingExtraError:
        raise
    except PluginError as error:
        raise ConfigError([Problem(_KEY, str(error))]) from error
    except Exception as error:  # whatever a stranger's code does
        why = str(error) if isinstance(error, ValueError | OSError) else repr(error)
        raise ConfigError([Problem(_KEY, f"{name!r} cannot be used: {why}")]) from error
    lacking = [name for name in _METHODS if not callable(getattr(backend, name, None))]
    if lacking or not isinstance(getattr(backend, "level", None), str):
        lacks = ", ".join(lacking or ["level"])
        raise ConfigError([Problem(_KEY, f"{name!r} is not a cache back end, it lacks {lacks}")])
    return backend
