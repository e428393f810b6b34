"""The wire formats that gearshift knows, and bytes as a socket delivers them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from gearshift import registry
from gearshift.dialects.base import ClientDialect, Dialect, UpstreamDialect

CLIENTS: dict[str, ClientDialect] = {
    name: registry.load(target)() for name, target in registry.CLIENT_DIALECTS.items()
}
UPSTREAMS: dict[str, UpstreamDialect] = {
    name: registry.load(target)() for name, target in registry.UPSTREAM_DIALECTS.items()
}
DIALECTS: dict[str, Dialect] = {
    name: registry.load(target)()
    for name, target in registry.CLIENT_DIALECTS.items()
    if registry.UPSTREAM_DIALECTS.get(name) == target
}
"""Those that are both."""
EMBEDDINGS: dict[str, Any] = {
    name: dialect.embeddings for name, dialect in CLIENTS.items() if hasattr(dialect, "embeddings")
}
"""What those that have them know of embeddings, as clients and as upstreams."""


def decoded(data: bytes) -> Any:
    """JSON as a value; `None` for anything else."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def splits(data: bytes) -> Iterator[list[bytes]]:
    """The bytes at once, one by one, and in pieces whose sizes they say themselves."""
    yield [data]
    if len(data) > 1:
        yield [bytes([byte]) for byte in data]
        yield list(_pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        size = 1 + data[-1 - start] % 7
        yield data[start : start + size]
        start += size
