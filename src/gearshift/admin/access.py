"""Access: who may use the admin plane, and from where."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gearshift.admin.guesses import Guesses
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
        guesses: Counts the wrong ones.
    """

    def __init__(self, host: str, token: str, guesses: Guesses | None = None) -> None:
        self._names = _LOCAL_NAMES | {host}
        self._token = token.encode()
        self._guesses = guesses or Guesses()

    def check(self, request: HttpRequest) -> None:
        """Let a request pass.

        Raises:
            RequestError: 403 for a foreign `Host` or `Origin`, 401 without the token, 429 after
                many wrong ones, 415 for a change that a form of another page could have sent.
        """
        self._check_names(request.headers)
        if request.path in _OPEN:
            return
        if self._token:
            self._check_token(request)
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

    def _check_token(self, request: HttpRequest) -> None:
        given = _token_in(request.headers.get("authorization", ""))
        if given:
            self._guesses.check(request.peer)
            if hmac.compare_digest(given.encode(errors="surrogatepass"), self._token):
                self._guesses.right(request.peer)
                return
            self._guesses.wrong(request.peer, given)
        raise RequestError("missing or invalid admin token (admin.token)", status=401, headers=_ASK)


def _token_in(authorization: str) -> str:
    """The token that a request carries, or nothing."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _host_name(given: str) -> str | None:
    """The name in a `Host` or `Origin`, or `None` if there is none to be read."""
    try:
        return urlsplit(given if "://" in given else f"//{given}").hostname
    except ValueError:
        return None
