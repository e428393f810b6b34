"""Bodies that clients send compressed, decoded within bounds."""

from __future__ import annotations

import zlib
from typing import Final

from gearshift.errors import RequestError
from gearshift.http.server.refusals import too_large
from gearshift.http.values import HttpRequest
from gearshift.threads import Purpose, in_thread

_WINDOW: Final = {
    "gzip": 16 + zlib.MAX_WBITS,
    "x-gzip": 16 + zlib.MAX_WBITS,
    "deflate": zlib.MAX_WBITS,
}
# More than this would hold up other requests for a noticeable moment.
_DECODED_IN_THREAD_BYTES: Final = 64 * 1024


async def decoded(request: HttpRequest, limit: int) -> HttpRequest:
    """The request with its body as it was before it was compressed.

    Raises:
        RequestError: 415 for an unknown encoding, 413 for more than `limit` bytes, 400 for
            what is not what it says.
    """
    encoding = request.headers.get("content-encoding", "").lower()
    if encoding in ("", "identity") or not request.body:
        return request
    window = _WINDOW.get(encoding)
    if window is None:
        raise RequestError(
            f"content-encoding {encoding[:40]!r} is not supported; use gzip or deflate",
            status=415,
            field="content-encoding",
            headers={"Accept-Encoding": "gzip, deflate"},
        )
    if len(request.body) > _DECODED_IN_THREAD_BYTES:
        body = await in_thread(Purpose.DECODING, _inflated, request.body, window, limit)
    else:
        body = _inflated(request.body, window, limit)
    return request._replace(body=body)


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    decoder = zlib.decompressobj(wbits=window)
    try:
        text = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise _malformed() from error
    if len(text) > limit:
        raise too_large(limit)
    if not decoder.eof:
        raise _malformed()
    return text


def _malformed() -> RequestError:
    return RequestError(
        "the body does not match its content-encoding", field="body", code="malformed_body"
    )
