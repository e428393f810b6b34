"""The head of a response as bytes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from gearshift.http.values import HttpResponse

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"

_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\nserver: gearshift\r\n"
    for status in HTTPStatus
}
_ORDINARY: Final = _LINES[200]


def head(
    response: HttpResponse, date: str, *, length: int | None, keeps_alive: bool, is_http_1_0: bool
) -> bytes:
    """Status line and headers.

    Args:
        response: Its status and headers are told.
        date: The line `date: …` with its end.
        length: Of the body; `None` for one that comes in pieces.
        keeps_alive: Whether the connection can be used again.
        is_http_1_0: The client knows no chunks: the end of the connection ends the body.
    """
    status = response.status
    first = _ORDINARY if status == 200 else _LINES.get(status) or _unnamed(status)
    framing = ""
    if status == HTTPStatus.NO_CONTENT:
        pass  # it has no body by its status, and a length would be against the rules
    elif length is not None:
        framing = f"content-length: {length}\r\n"
    elif not is_http_1_0:
        framing = "transfer-encoding: chunked\r\n"
    if not keeps_alive:
        framing += "connection: close\r\n"
    elif is_http_1_0:
        framing += "connection: keep-alive\r\n"
    return f"{first}{date}{_fields(response.headers)}{framing}\r\n".encode("latin-1", "replace")


def chunk(piece: bytes) -> bytes:
    """A piece of a body with its size before it."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _fields(headers: Mapping[str, str]) -> str:
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if text.count("\n") == len(headers) and text.count("\r") == len(headers):
        return text
    # A line end within a header would begin another one: it can only be an upstream's.
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "".join([line.replace("\r", " ").replace("\n", " ") + "\r\n" for line in lines])


def _unnamed(status: int) -> str:
    return f"HTTP/1.1 {status} Unnamed\r\nserver: gearshift\r\n"
