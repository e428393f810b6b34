"""RequestHead: the bytes before a request's body, with nothing in them that ends them early."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gearshift.errors import FailureKind, UpstreamError

RESERVED_HEADERS: Final = frozenset(
    {
        *("host", "content-length", "content-type", "content-encoding", "accept-encoding"),
        *("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
        *("proxy-authenticate", "proxy-authorization", "proxy-connection"),
    }
)
"""What follows from the connection and the body, so that nobody else may set it."""

_REMEMBERED: Final = 64
_METHOD: Final = re.compile(r"[A-Z]+")
# RFC 9110: visible ASCII as a target, a token as a name; a value is Latin-1 without controls.
_TARGET: Final = re.compile(r"[!-~]+")
HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VALUE: Final = re.compile(r"[^\t -~\x80-\xff]")


class RequestHead:
    """Writes the heads of requests to one upstream.

    Every head that leaves gearshift is written here, so that a key, a client's header or a name
    in a path can at worst be refused, never become a header or a request of its own.

    Args:
        own: The fields that every request has.

    Raises:
        UpstreamError: One of them cannot be written.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = _lines(own)
        self._names = frozenset(name.lower() for name in own)
        self._known: dict[tuple[str, str], str] = {}

    def written(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None,
        body_bytes: int | None,
    ) -> bytes:
        """The head of one request, up to its empty line.

        Args:
            method: In capitals.
            target: Path and query, or the whole URL for a proxy.
            headers: Beside the upstream's own, which count more where both have one.
            body_bytes: Length of a JSON body; `None` without one.

        Raises:
            UpstreamError: `REJECTED`: something in it cannot be written.
        """
        first = self._known.get((method, target))
        if first is None:
            if not _METHOD.fullmatch(method) or not _TARGET.fullmatch(target):
                raise _refused(
                    "the address of a request contains characters that an address cannot contain"
                )
            first = f"{method} {target} HTTP/1.1\r\n{self._own}"
            if len(self._known) < _REMEMBERED:
                self._known[method, target] = first
        more = self._others(headers) if headers else ""
        if body_bytes is None:
            return f"{first}{more}\r\n".encode("latin-1")
        size = f"content-type: application/json\r\n{more}content-length: {body_bytes}\r\n\r\n"
        return (first + size).encode("latin-1")

    def written_before_stream(
        self, method: str, target: str, headers: Mapping[str, str] | None, body_bytes: int | None
    ) -> bytes:
        """The head of a request whose body is not JSON, and follows as it comes.

        Args:
            method: In capitals.
            target: As for `written`.
            headers: Likewise.
            body_bytes: Length of the body; `None`: it comes in chunks.

        Raises:
            UpstreamError: As `written`.
        """
        head = self.written(method, target, headers, None)[:-2]
        framing = (
            "transfer-encoding: chunked"
            if body_bytes is None
            else (f"content-length: {body_bytes}")
        )
        kind = "content-type: application/octet-stream"
        return head + f"{kind}\r\n{framing}\r\n\r\n".encode("latin-1")

    def _others(self, headers: Mapping[str, str]) -> str:
        """Those of a client that the upstream has none of its own for."""
        names = self._names
        if not names.isdisjoint(map(str.lower, headers)):  # as good as never, so only then a copy
            headers = {name: value for name, value in headers.items() if name.lower() not in names}
        return _lines(headers)


def _lines(fields: Mapping[str, str]) -> str:
    for name, value in fields.items():
        if not HEADER_NAME.fullmatch(name):
            raise _refused("a header's name contains characters that a name cannot contain")
        if _NO_VALUE.search(value):
            # The value is not repeated: it may be a key.
            raise _refused(
                f"the value of the header {name!r} contains characters that a header cannot contain"
            )
    return "".join([f"{name}: {value}\r\n" for name, value in fields.items()])


def _refused(cause: str) -> UpstreamError:
    return UpstreamError(f"cannot be sent: {cause}", fault=FailureKind.REJECTED)
