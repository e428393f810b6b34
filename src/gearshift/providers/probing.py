"""Probing: small questions to an upstream that no model has to work for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import MAX_ANSWER_BYTES, HttpClient, UpstreamResponse

PROBE_SECONDS: Final = 5.0

# 501 says that there is no such question, not that something is wrong.
_TROUBLED: Final = frozenset({500, 502, 503, 504})


async def asked(
    client: HttpClient, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and body of a GET below the base URL.

    Args:
        client: Of the upstream.
        path: Below its base URL.
        headers: Beside the upstream's own.

    Raises:
        UpstreamError: There was no answer in time.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await _read(await client.request("GET", path, headers=headers))
    except TimeoutError as error:
        raise _silent(path) from error


async def trouble_at(client: HttpClient, path: str | None) -> str:
    """What is wrong with a server by its health path, or by a connection to it alone; else `""`.

    Credentials are not sent: where a health check wants them, that it asks for them is health
    enough, and some servers do costly things for whoever has a key.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            if path is None:
                await client.knock()
                return ""
            status, _ = await _read(await client.look(path))
    except TimeoutError:
        return _silent(path or "a connection").message
    except UpstreamError as error:
        return error.message
    return f"its {path} answers {status}" if status in _TROUBLED else ""


def positive(value: Any) -> int | None:
    """A number that an upstream tells of itself, if it is one that can be."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and value > 0 else None


async def _read(response: UpstreamResponse) -> tuple[int, bytes]:
    try:
        return response.status, await response.body(MAX_ANSWER_BYTES)
    finally:
        response.release()


def _silent(path: str) -> UpstreamError:
    return UpstreamError(
        f"no answer to {path} within {PROBE_SECONDS:g} s", fault=FailureKind.TIMEOUT
    )
