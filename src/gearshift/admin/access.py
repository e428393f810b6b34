"""Access: who may use the admin plane, and from where."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gearshift.errors import RequestError
from gearshift.http.values import HttpRequest

_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OPEN: Final = ("/health/live", "/health/ready")
_ASK: Final = {"WWW-Authenticate": 'Basic realm="gearshift admin", charset="UTF-8"'}


class Access:
    """Refuses other people's pages and people without the token.

    Args:
        host: Where the plane listens.
        token: What must be sent, as bearer or as the password of HTTP's basic scheme; empty: none.
    """

    def __init__(self, host: str, token: str) -> None:
        self._names = _LOCAL_NAMES | {host}
        self._token = token.encode()

    def check(self, request: HttpRequest) -> None:
        """Let a request pass.

        Raises:
            RequestError: 403 for a foreign `Host` or `Origin`, 401 without the token, 415 for a
                change that a form of another page could have sent.
        """
        self._check_names(request.headers)
        if request.path in _OPEN:
            return
        if self._token and not self._knows_token(request.headers.get("authorization", "")):
            raise RequestError("the admin token is needed (admin.token)", status=401, headers=_ASK)
        if request.method not in ("GET", "HEAD"):
            kind = request.headers.get("content-type", "").partition(";")[0].strip()
            if kind != "application/json":
                raise RequestError("send application/json", status=415)

    def _check_names(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host")
        # Without a token names are all that keeps a page that rebinds its own name out.
        if host is not None and not self._token and _host_name(host) not in self._names:
            raise RequestError(f"host {host[:100]!r} is not this server", status=403)
        origin = headers.get("origin")
        if origin is None:
            return
        if host is None or origin.partition("://")[2] != host:
            raise RequestError(f"origin {origin[:100]!r} is not this server", status=403)

    def _knows_token(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return False
        elif scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.encode(), self._token)


def _host_name(given: str) -> str | None:
    """The name in a `Host` or `Origin`, or `None` if there is none to be read."""
    try:
        return urlsplit(given if "://" in given else f"//{given}").hostname
    except ValueError:
        return None
