"""The files that models are made of: asked for, and taken in without ever being held as a whole."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from gearshift.errors import RequestError
from gearshift.gateway.context import GatewayContext
from gearshift.gateway.model_stores import ModelStore, first_store
from gearshift.http.values import HttpRequest, HttpResponse, RequestBody

PATH: Final = "/api/blobs/"
_DIGEST: Final = re.compile(r"sha256[:-][0-9a-fA-F]{64}")


async def exists(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Whether the upstream has a file: 200 or 404."""
    path = _path(received)
    store = first_store(context.llm, received)
    with context.llm.in_flight.one():
        answer = await store.provider.ask_store("HEAD", path)
        await answer.aclose()  # the answer to a HEAD has no body, whatever its headers say
    return _response(answer.status, store, b"")


async def take(context: GatewayContext, received: HttpRequest) -> HttpResponse:
    """Pass a file on to the upstream as it comes."""
    path = _path(received)
    encoding = received.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise RequestError(
            f"content-encoding {encoding[:40]!r}: a file is taken as it is; send it unencoded",
            status=415,
            field="content-encoding",
        )
    store = first_store(context.llm, received)
    body = received.stream or _WholeBody(received.body)
    with context.llm.in_flight.one():
        answer = await store.provider.ask_store("POST", path, body)
        try:
            said = await answer.whole()
        finally:
            await answer.aclose()
        if answer.status < 300 and not body.has_ended:
            # It has the file already. Clients that send first and listen then must get that far.
            with suppress(RequestError):
                while await body.read():
                    pass
    return _response(answer.status, store, said)


def _path(received: HttpRequest) -> str:
    digest = received.path.partition("blobs/")[2].strip("/")
    if not _DIGEST.fullmatch(digest):
        raise RequestError(
            f"invalid digest format: {digest[:100]!r}; it must be sha256: and 64 hex digits",
            field="digest",
        )
    return PATH + digest


def _response(status: int, store: ModelStore, body: bytes) -> HttpResponse:
    headers = {"x-gearshift-upstream": store.upstream}
    if body:
        headers["content-type"] = "application/json"
    return HttpResponse(status, headers, body)


class _WholeBody(RequestBody):
    """A body that has come as a whole, as the small ones of unusual addresses do."""

    def __init__(self, body: bytes) -> None:
        self.length = len(body)
        self.has_ended = True
        self._body = body

    async def read(self) -> bytes:
        """All of it, then nothing."""
        body, self._body = self._body, b""
        return body
