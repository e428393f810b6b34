"""HTTP as the endpoints see it, whatever server carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gearshift.errors import GearshiftError


class RequestBody(Protocol):
    """A body that is read as it comes; the client sends no faster than that.

    Attributes:
        length: In bytes, where the client has told it.
        has_ended: Whether all of it has come.
    """

    length: int | None
    has_ended: bool

    async def read(self) -> bytes:
        """What has come since the last call; nothing at the end.

        Raises:
            RequestError: It does not come in time, or is malformed.
        """
        ...


class HttpRequest(NamedTuple):  # a frozen dataclass would cost 1 µs more for each request
    """One request whose body has arrived, or of a few routes arrives while it is answered.

    Attributes:
        path: Decoded, without the query.
        headers: Names in lower case; several of one name are joined by commas.
        received_at: `time.perf_counter()` when the body was complete.
        client: The name of its API key, noted by the plane, where that has one.
        allowed_tiers: The tiers that key may use, noted by the plane; `None` for all.
        query: What follows the `?` of its target, as it was sent.
        peer: The address that the connection comes from, which may be a proxy's.
        cache_scope: What its API key shares cached answers by, noted by the plane.
        stream: Its body, which is still to be read, on paths whose bodies have no limit; `body`
            is empty then.
    """

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    received_at: float = 0.0
    client: str | None = None
    allowed_tiers: frozenset[str] | None = None
    query: str = ""
    peer: str = ""
    cache_scope: str = ""
    stream: RequestBody | None = None


class BodyStream(Protocol):
    """A body that goes out as it comes."""

    async def read(self) -> bytes | None:
        """The next piece, which may be empty; `None` at the end."""
        ...

    def abort_marker(self) -> bytes:
        """What ends a body that the server itself has to break off."""
        ...

    async def aclose(self) -> None:
        """Called once at the end, however it came, and when the client has gone."""
        ...


class HttpResponse(NamedTuple):
    """What goes back: a whole body, or pieces as they come."""

    status: int
    headers: Mapping[str, str]
    body: bytes | BodyStream = b""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one client may cost; times in seconds.

    Attributes:
        max_body_bytes: Larger bodies are refused with 413 as soon as that is known, unless they
            are read as they come.
        max_header_bytes: Of request line and headers together (431).
        max_headers: Number of header fields (431).
        max_connections: Open at once; further ones get 503.
        header_seconds: From the first moment of a connection, or the first byte of a later
            request, to the end of its headers (408).
        body_seconds: For a body, beside one second for each 1,024 bytes that have come (408);
            of one that is read as it comes, only the time counts in which nothing was there.
        keep_alive_seconds: How long a connection may wait for its next request.
        send_seconds: How long a client may refuse to take any byte of its answer.
    """

    max_body_bytes: int = 20_000_000
    max_header_bytes: int = 16_384
    max_headers: int = 100
    max_connections: int = 10_000
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    keep_alive_seconds: float = 75.0
    send_seconds: float = 60.0


HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]
"""A whole plane (data or admin) as one function."""

Refusal = Callable[[HttpRequest, GearshiftError], HttpResponse]
"""Makes the response to a request that is refused before its handler is called."""
