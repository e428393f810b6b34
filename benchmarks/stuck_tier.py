"""How long simple requests take while the complex tier hangs at the upstream that both share.

    python -m benchmarks.stuck_tier [HANGING]

A gateway in this process before an upstream that answers one model after 50 ms and never the
other. Printed: the 90th percentile of simple requests, ten at a time, calm and beside them.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from contextlib import suppress
from statistics import quantiles

import aiohttp

from gearshift.config.loading import Settings
from gearshift.serving.run import running_gateway

SMALL, LARGE = "gemma2:2b", "mistral:7b-instruct"
ANSWER_SECONDS = 0.05
REQUESTS = 300
AT_ONCE = 10


async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers the small model, and never the large one."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.lower().split(b"\r\n")
            length = [line for line in lines if line.startswith(b"content-length:")]
            asked = await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
            said: dict[str, object] = {"data": [{"id": model} for model in (SMALL, LARGE)]}
            if asked:
                if json.loads(asked)["model"] == LARGE:
                    await reader.read()  # until the gateway has gone
                    break
                await asyncio.sleep(ANSWER_SECONDS)
                message = {"role": "assistant", "content": "word"}
                said = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            body = json.dumps(said).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    writer.close()


async def ask(session: aiohttp.ClientSession, url: str, tier: str) -> float:
    """Seconds of one request."""
    began = time.perf_counter()
    body = {"model": tier, "messages": [{"role": "user", "content": "hi"}]}
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        assert response.status == 200, await response.text()
        await response.read()
    return time.perf_counter() - began


async def p90(session: aiohttp.ClientSession, url: str) -> float:
    """Of many simple requests; none may fail."""
    times: list[float] = []
    while len(times) < REQUESTS:
        times += await asyncio.gather(*(ask(session, url, "simple") for _ in range(AT_ONCE)))
    return quantiles(times, n=10)[-1]


async def measured(hanging: int) -> tuple[float, float]:
    """The percentile when all is calm, and beside requests that hang."""
    server = await asyncio.start_server(upstream, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    one = {"name": "u", "provider": "openai", "base_url": f"http://127.0.0.1:{port}/v1"}
    settings = Settings.model_validate({"upstreams": [{**one, "models": [SMALL, LARGE]}]})
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        running_gateway(settings, None, listener),
        aiohttp.ClientSession(connector=connector) as session,
    ):
        calm = await p90(session, url)
        stuck = [asyncio.ensure_future(ask(session, url, "complex")) for _ in range(hanging)]
        await asyncio.sleep(1)
        beside = await p90(session, url)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    server.close()
    return calm, beside


def main() -> None:
    hanging = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    calm, beside = asyncio.run(measured(hanging))
    print(
        f"p90 of simple requests: {1e3 * calm:.0f} ms calm, {1e3 * beside:.0f} ms beside {hanging} "
        f"complex ones that hang: {beside / calm:.2f} times (goal: at most 5)"
    )


if __name__ == "__main__":
    main()
