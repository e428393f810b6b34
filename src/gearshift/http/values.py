"""HTTP as the endpoints see it, whatever server carries it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request whose body has arrived.

    Attributes:
        path: Decoded, without the query.
        headers: Names in lower case; the last one of several wins.
        received_at: `time.perf_counter()` when the body was complete.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received_at: float = 0.0


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What goes back: a whole body, or pieces as they come.

    Attributes:
        body: A generator is ended by the server when the client goes away.
        close: Awaited by the server at the end, even if the body was never begun.
        interrupted: Ends a body that the server itself has to break off.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | AsyncGenerator[bytes] = b""
    close: Callable[[], Awaitable[None]] | None = None
    interrupted: bytes = b""


HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]
"""A whole plane (data or admin) as one function."""
