"""Browsers: which web pages may use the data plane, by `Host` and `Origin`, and how they are told.

Any page can make a browser send requests to this machine. Without API keys nothing but these
checks keeps it from spending the operator's models or, by binding its own name to this address,
from reading answers. The rules are Ollama's, whose place the gateway takes.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from gearshift.config.sections.browsers import ANY, AccessSettings
from gearshift.errors import RequestError
from gearshift.gateway.headers import EXPOSED
from gearshift.http.values import HttpRequest, HttpResponse

_LOCAL_HOSTS: Final = ("localhost", "*.localhost", "*.local", "*.internal")
_LOCAL_ORIGINS: Final = tuple(
    f"{scheme}://{host}:*"
    for scheme in ("http", "https")
    for host in ("localhost", "*.localhost", "127.0.0.1", "0.0.0.0", "[::1]")
)
# Pages of desktop programs: no web page can take such an origin.
_APP_ORIGINS: Final = tuple(
    f"{scheme}://*" for scheme in ("app", "file", "tauri", "vscode-webview", "vscode-file")
)
_METHODS: Final = "GET, HEAD, POST, DELETE, OPTIONS"
# As long as Chromium keeps the answer to a preflight at most.
_KEPT_SECONDS: Final = "7200"
_ASKED_ABOUT: Final = "access-control-request-"
_MOST_NAMES: Final = 256


class CorsPolicy:
    """Says which requests may come from a browser's page, as CORS and `Host` tell.

    Args:
        access: What is allowed beside this machine's own names and pages.
        has_keys: API keys are needed, which no foreign page has: any `Host` will do.
        is_local: The gateway listens on this machine only, where every honest `Host` is known.
    """

    def __init__(self, access: AccessSettings, *, has_keys: bool, is_local: bool) -> None:
        self._checks_host = not has_keys and (is_local or bool(access.allowed_hosts))
        self._hosts = _host_pattern(access.allowed_hosts)
        named = (origin for origin in access.allowed_origins if origin != ANY)
        self._origins = _origin_pattern((*named, *_LOCAL_ORIGINS, *_APP_ORIGINS))
        self._takes_any_origin = ANY in access.allowed_origins
        # Clients call us by few names.
        self._is_known_host = lru_cache(_MOST_NAMES)(self._allows_host)

    def check(self, request: HttpRequest) -> None:
        """Let a request pass.

        Raises:
            RequestError: 403 where a page that is not allowed may have caused it.
        """
        headers = request.headers
        host = headers.get("host", "")
        if not self._is_known_host(host):
            raise _refused(
                f"requests to host {host[:100]!r} are refused: a web page may have sent them; "
                "add the name to access.allowed_hosts, or set auth.api_keys",
                "host_not_allowed",
            )
        if "origin" in headers:
            if not self._allows_origin(headers["origin"], host):
                raise _refused(
                    f"web pages of {headers['origin'][:100]!r} may not use this gateway; "
                    "add their origin to access.allowed_origins",
                    "origin_not_allowed",
                )
        elif headers.get("sec-fetch-site") == "cross-site" and not self._is_harmless(request):
            raise _refused(
                "other sites' web pages may not use this gateway (access.allowed_origins)",
                "origin_not_allowed",
            )

    def preflight(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to a browser that asks whether a page may send its request, else `None`.

        Every path says yes, so that the page can read what is wrong with the request itself.
        """
        headers = request.headers
        if request.method != "OPTIONS" or "origin" not in headers:
            return None
        allowed = {
            **self.headers(request),
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            "access-control-allow-methods": _METHODS,
            "access-control-max-age": _KEPT_SECONDS,
        }
        # A page that may use us may send whatever other clients send.
        if names := headers.get(f"{_ASKED_ABOUT}headers"):
            allowed["access-control-allow-headers"] = names
        if headers.get(f"{_ASKED_ABOUT}private-network") == "true":
            allowed["access-control-allow-private-network"] = "true"
        return HttpResponse(204, allowed)

    def headers(self, request: HttpRequest) -> Mapping[str, str]:
        """What lets the page that sent a request read its answer; nothing if no page did."""
        origin = request.headers.get("origin")
        host = request.headers.get("host", "")
        if origin is None or not (self._is_known_host(host) and self._allows_origin(origin, host)):
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": EXPOSED,
            "vary": "Origin",
        }

    def is_any_page(self, request: HttpRequest) -> bool:
        """Whether a page asks that may use the gateway only because every page may."""
        headers = request.headers
        if not self._takes_any_origin:
            return False
        if "origin" in headers:
            return not self._names_origin(headers["origin"], headers.get("host", ""))
        return headers.get("sec-fetch-site") == "cross-site"

    def _allows_host(self, given: str) -> bool:
        if not self._checks_host:
            return True
        name = _name_of(given)
        if name in ("", socket.gethostname().lower()) or self._hosts.fullmatch(name):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # Nobody can bind a name to it: it stands here only where it was asked for as it is.
        return not address.is_global

    def _allows_origin(self, origin: str, host: str) -> bool:
        return self._takes_any_origin or self._names_origin(origin, host)

    def _names_origin(self, origin: str, host: str) -> bool:
        lowered = origin.lower()
        is_own = lowered.partition("://")[2] == host.lower() and lowered.startswith("http")
        return is_own or self._origins.fullmatch(lowered) is not None

    def _is_harmless(self, request: HttpRequest) -> bool:
        """Whether a browser that names no origin keeps the answer from other sites' pages.

        A link that is followed shows the answer to its reader alone; and what a page asks to read
        (`cors`) comes without an origin only from programs that switched their browser's rules off.
        """
        if self._takes_any_origin:
            return True
        if request.method not in ("GET", "HEAD"):
            return False
        mode, target = (request.headers.get(f"sec-fetch-{name}") for name in ("mode", "dest"))
        return mode == "cors" or (mode == "navigate" and target == "document")


def _refused(message: str, code: str) -> RequestError:
    return RequestError(message, status=403, code=code)


def _name_of(host: str) -> str:
    """The name in a `Host` header, without its port."""
    name = host.partition("]")[0][1:] if host.startswith("[") else host.partition(":")[0]
    return name.lower().removesuffix(".")


def _host_pattern(allowed: Iterable[str]) -> re.Pattern[str]:
    return _any_of(_with_wildcards(each, ".*") for each in (*allowed, *_LOCAL_HOSTS))


def _origin_pattern(allowed: Iterable[str]) -> re.Pattern[str]:
    return _any_of(map(_origin_regex, allowed))


def _origin_regex(pattern: str) -> str:
    scheme, _, rest = pattern.partition("://")
    if rest == ANY:
        return re.escape(scheme) + "://.*"
    port = "(?::[0-9]+)?" if rest.endswith(":*") else ""
    return _with_wildcards(pattern.removesuffix(":*"), "[^/:@]+") + port


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


def _with_wildcards(pattern: str, anything: str) -> str:
    return anything.join(map(re.escape, pattern.split(ANY)))
