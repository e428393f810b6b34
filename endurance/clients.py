"""Many clients at once, each of which knows how every one of its requests ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from endurance.ledger import Ending, Entry, Ledger
from endurance.shapes import Replies, ShapeError, judge
from endurance.traffic import Leave, Request, Traffic

# More than the gateway's own deadlines taken together: who waits longer was forgotten.
PATIENCE_SECONDS = 60.0
_MOST_REQUESTS = 20_000  # of one client


class Load:
    """Clients that ask until they are told to stop.

    Args:
        url: The gateway's.
        ledger: Where every ending is noted.
        replies: What a complete answer is, by tier.
        count: Of clients; every third opens a new connection for each request.
        first: The number of the first client, which its requests depend on.
        longest_pause: Seconds between two requests of a client.
    """

    def __init__(
        self,
        url: str,
        ledger: Ledger,
        replies: Replies,
        *,
        count: int,
        seed: int,
        first: int = 0,
        longest_pause: float = 0.3,
    ) -> None:
        self._url = url
        self._ledger = ledger
        self._replies = replies
        self._traffics = [
            Traffic(seed, first + number, longest_pause=longest_pause) for number in range(count)
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._has_ended = False
        self.is_gateway_stopping = False

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._run(traffic, closes=number % 3 == 2))
            for number, traffic in enumerate(self._traffics)
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._has_ended = True
        if error is not None:
            for task in self._tasks:
                task.cancel()
        # A client that breaks is a defect of this program: let it be seen.
        await asyncio.gather(*self._tasks, return_exceptions=error is not None)

    async def _run(self, traffic: Traffic, *, closes: bool) -> None:
        connector = aiohttp.TCPConnector(limit=0, force_close=closes)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            for _ in range(_MOST_REQUESTS):
                await asyncio.sleep(traffic.pause())
                if self._has_ended:
                    return
                entry = await self.ask(session, traffic.next())
                self._ledger.entries.append(entry)
                if entry.ending is Ending.TURNED_AWAY:
                    return

    async def ask(self, session: aiohttp.ClientSession, request: Request) -> Entry:
        """Send one request and see it to its end."""
        started = time.monotonic()
        if request.leave is Leave.IN_BODY:
            note = await _leave_in_body(self._url, request)
            if note:
                return self._broken(request, started, _Seen(), note)
            return Entry(request, Ending.LEFT, started, time.monotonic())
        seen = _Seen()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                ending = await self._exchange(session, request, seen)
        except TimeoutError:
            return _entry(
                request, Ending.WRONG, started, seen, f"no end within {PATIENCE_SECONDS:g} s"
            )
        except (ShapeError, KeyError, TypeError, ValueError, AttributeError) as error:
            # Not only `ShapeError`: a document may lack any field that is looked for.
            detail = f"{type(error).__name__}: {error}; body ends {bytes(seen.body[-200:])!r}"
            return _entry(request, Ending.WRONG, started, seen, detail)
        except (aiohttp.ClientError, ConnectionError) as error:
            return self._broken(request, started, seen, f"{type(error).__name__}: {error}")
        return _entry(request, ending, started, seen)

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, seen: _Seen
    ) -> Ending:
        sent = session.post(self._url + request.path, data=request.body, headers=request.headers)
        if request.leave is Leave.BEFORE_HEAD:
            try:
                async with asyncio.timeout(request.patience):
                    response = await sent
            except TimeoutError:
                return Ending.LEFT
        else:
            response = await sent
        async with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            seen.status, seen.headers = response.status, headers
            if request.leave is Leave.AFTER_HEAD:
                response.close()
                return Ending.LEFT
            async for piece in response.content.iter_any():
                seen.body += piece
                if request.leave is Leave.MID_STREAM:
                    response.close()
                    return Ending.LEFT
        return judge(request, seen.status, headers, bytes(seen.body), self._replies)

    def _broken(self, request: Request, started: float, seen: _Seen, detail: str) -> Entry:
        """The connection failed: only right while the gateway stops, before anything came."""
        if self.is_gateway_stopping and not seen.status:
            return _entry(request, Ending.TURNED_AWAY, started, seen, detail)
        return _entry(
            request, Ending.WRONG, started, seen, f"{detail}; body ends {bytes(seen.body[-200:])!r}"
        )


class _Seen:
    """What has come back so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.body = bytearray()


def _entry(
    request: Request, ending: Ending, started: float, seen: _Seen, detail: str = ""
) -> Entry:
    decision = seen.headers.get("x-gearshift-decision-id", "")
    return Entry(request, ending, started, time.monotonic(), seen.status, decision, detail)


async def _leave_in_body(url: str, request: Request) -> str:
    """Send the half of a request, then go; what failed, if that was not possible."""
    address = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
    except ConnectionError as error:
        return str(error)
    try:
        head = f"POST {request.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(request.body)}\r\n\r\n"
        writer.write(head.encode() + request.body[: len(request.body) // 2])
        await writer.drain()
        await asyncio.sleep(request.patience)
    except ConnectionError:
        pass  # gone before we went: nothing was promised to half a request
    finally:
        writer.close()
    return ""
