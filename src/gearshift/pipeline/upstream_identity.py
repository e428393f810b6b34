"""What an upstream is, whatever it is called: the same for processes that reach the same server."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from gearshift.providers.base import EnginesProvider, Provider, UpstreamConfig

# Names that mean another machine in each container.
_OF_THE_HOST: Final = frozenset(
    {"localhost", "host.docker.internal", "host.containers.internal", "gateway.docker.internal"}
)


def identity_of(upstream: UpstreamConfig) -> str:
    """All that an answer could depend on, as a hash, since there are secrets in it."""
    parts = (upstream.provider, upstream.base_url, upstream.api_key, upstream.options)
    more = (sorted(upstream.headers.items()), sorted(upstream.query.items()))
    return hashlib.blake2b(repr((parts, more)).encode(), digest_size=16).hexdigest()


def shared_identities(
    upstreams: Iterable[UpstreamConfig], providers: Mapping[str, Provider]
) -> dict[str, str]:
    """By name, what processes that share their state call each upstream.

    Engines that a process has started itself are nobody else's. An address that means this machine
    is another one elsewhere.
    """
    return {
        upstream.name: f"{identity_of(upstream)}{_here() if _is_here(upstream.base_url) else ''}"
        for upstream in upstreams
        if not isinstance(providers[upstream.name], EnginesProvider)
    }


def _is_here(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host in _OF_THE_HOST or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or address.is_link_local


@cache
def _here() -> str:
    """This machine, or this container: its name, its boot, and its network."""
    parts = [socket.gethostname()]
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        parts.append(file.read().strip())
    with suppress(OSError):
        parts.append(str(os.stat("/proc/self/ns/net").st_ino))
    return "-" + hashlib.blake2b(" ".join(parts).encode(), digest_size=6).hexdigest()
