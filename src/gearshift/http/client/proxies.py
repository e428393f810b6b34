"""Which proxy the environment names for an upstream: `HTTP_PROXY` and its like."""

from __future__ import annotations

import base64
import ipaddress
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from gearshift.config_file.messages import redacted
from gearshift.errors import GearshiftError

_PORTS: Final = {"http": 80, "https": 443}
_ENTRY: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<name>[^:]*))(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that carries requests to an upstream.

    Attributes:
        shown: Its URL, without user and password.
        is_tls: It is spoken to by TLS itself.
        authorization: The value of `proxy-authorization`; empty without a user.
    """

    shown: str
    host: str
    port: int
    is_tls: bool = False
    authorization: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.shown!r})"


def proxy_for(url: str) -> Proxy | None:
    """The proxy for an upstream's URL, if the environment names one.

    `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, in lower case too, which comes first. Hosts in
    `NO_PROXY` and this machine itself are reached directly.

    Raises:
        GearshiftError: The proxy is of a kind that is not supported, or its URL is none.
    """
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment  # slow to import, and seldom needed

    proxies = getproxies_environment()
    target = urlsplit(url)
    host = (target.hostname or "").rstrip(".")
    port = target.port or _PORTS.get(target.scheme, 0)
    named = next((name for name in (target.scheme, "all") if proxies.get(name)), None)
    if named is None or _is_here(host) or _is_exempt(host, port, proxies.get("no", "")):
        return None
    return _proxy(proxies[named].strip(), f"{named.upper()}_PROXY", host)


def _proxy(text: str, variable: str, host: str) -> Proxy:
    shown = redacted(text if "://" in text else f"http://{text}")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme.startswith("socks"):
        raise GearshiftError(
            f"{variable} names {shown}, but SOCKS proxies are not supported: name an http:// "
            f"proxy, or put {host} into NO_PROXY"
        )
    if parts.scheme not in _PORTS or not parts.hostname:
        raise GearshiftError(
            f"{variable}: {shown!r} is not the URL of a proxy, such as http://proxy.example:3128"
        )
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return Proxy(
        shown=shown.replace("***@", ""),
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "https",
        authorization=""
        if parts.username is None
        else f"Basic {base64.b64encode(pair.encode()).decode()}",
    )


def _is_here(host: str) -> bool:
    """This machine itself: what a proxy would reach under that name is another one."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return address.is_loopback or address.is_unspecified
    return False


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    return any(_covers(entry.strip().lower(), host, port) for entry in no_proxy.split(","))


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether one entry of `NO_PROXY` means a host.

    `*`; a name and all below it; an address; both with or without a port; a network (10.0.0.0/8).
    """
    if entry == "*":
        return True
    with suppress(ValueError):
        network = ipaddress.ip_network(entry, strict=False)
        with suppress(ValueError):
            return ipaddress.ip_address(host) in network
        return False
    parts = _ENTRY.fullmatch(entry)
    if parts is None or (parts["port"] and int(parts["port"]) != port):
        return False
    name = (parts["v6"] or parts["name"] or "").removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))
