"""Probing: small questions to an upstream that no model has to work for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from gearshift.dialects.decoding import decode_whole
from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import MAX_ANSWER_BYTES, HttpClient, UpstreamResponse
from gearshift.types import JsonObject

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


async def told_of(
    client: HttpClient,
    path: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    is_at_root: bool = False,
) -> JsonObject:
    """The JSON object that answers a question with a body; an empty one where none does.

    Args:
        client: Of the upstream.
        path: Below its base URL.
        body: JSON text.
        headers: Beside the upstream's own.
        is_at_root: The path is below what the base URL has before its `/v1`.

    Raises:
        UpstreamError: There was no answer.
    """
    response = await client.request("POST", path, body=body, headers=headers, is_at_root=is_at_root)
    status, answer = await _read(response)
    try:
        told = decode_whole(answer) if status == 200 else None
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


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
