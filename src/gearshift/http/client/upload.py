"""A request whose body follows as it comes, and is never held as a whole."""

from __future__ import annotations

import asyncio

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.exchange import UpstreamConnection
from gearshift.http.values import RequestBody


async def uploaded(
    connection: UpstreamConnection, head: bytes, body: RequestBody, silence_seconds: float
) -> None:
    """Send a request and wait for the head of its response.

    An upstream may answer before it has read everything, because it needs no more of it: then
    the rest is not sent.

    Args:
        connection: One that is used for nothing else.
        head: Of the request; of a body without a length it says that it comes in chunks.
        body: Read as fast as the upstream takes it.
        silence_seconds: How long the upstream may take nothing, or not answer afterwards.

    Raises:
        UpstreamError: There is no response.
        RequestError: The body does not come; nothing more is sent of it.
    """
    connection.begin(head)
    sending = asyncio.ensure_future(_send(connection, body, silence_seconds))
    answering = asyncio.ensure_future(connection.head())
    try:
        await asyncio.wait((sending, answering), return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            await sending  # raises what is wrong with the body, or with its reception
            async with asyncio.timeout(silence_seconds):
                await answering
        await answering
        if not sending.done() or sending.exception() is not None:
            connection.end_with_response()
    except BaseException as error:
        connection.give_up()
        if isinstance(error, TimeoutError):
            raise _silent(silence_seconds) from None
        raise
    finally:
        for task in (sending, answering):
            task.cancel()
        await asyncio.gather(sending, answering, return_exceptions=True)


async def _send(connection: UpstreamConnection, body: RequestBody, silence_seconds: float) -> None:
    is_chunked = body.length is None
    while data := await body.read():
        async with asyncio.timeout(silence_seconds):
            await connection.send(b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data)
    if is_chunked:
        await connection.send(b"0\r\n\r\n")


def _silent(seconds: float) -> UpstreamError:
    return UpstreamError(f"silent for {seconds:g} s", fault=FailureKind.TIMEOUT)
