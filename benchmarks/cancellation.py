"""How soon a real llama.cpp engine is idle again after the client of a stream has gone.

    python -m benchmarks.cancellation [ROUNDS]

A gateway in this process before a llama.cpp server with a tiny model that would go on for
thousands of tokens. The client closes its socket after the first piece; then the server's slot
is looked at until it is idle. The time includes the last look.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import aiohttp

from gearshift.config.loading import Settings
from gearshift.providers.demo_model import demo_models
from gearshift.providers.llama_engine import LlamaEngine
from gearshift.serving.run import running_gateway

ASKED = {
    "model": "gemma2:2b",
    "messages": [{"role": "user", "content": "hi"}],
    "stream": True,
    "max_tokens": 100_000,
    "ignore_eos": True,
}


async def is_busy(session: aiohttp.ClientSession, engine: LlamaEngine) -> bool:
    """Whether a slot of the engine is at work."""
    async with session.get(f"{engine.url}/slots") as response:
        return any(slot["is_processing"] for slot in await response.json())


async def given_up(gateway: str, engine: LlamaEngine, session: aiohttp.ClientSession) -> float:
    """Seconds from the client's end to the idle slot."""
    port = int(gateway.rpartition(":")[2])
    body = json.dumps(ASKED).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = f"host: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{fields}".encode() + body)
    await reader.readuntil(b"data: ")
    if not await is_busy(session, engine):
        raise RuntimeError("the answer was over before the client could go")
    writer.transport.abort()
    began = time.perf_counter()
    while await is_busy(session, engine):
        if time.perf_counter() - began > 10:
            raise TimeoutError("the engine goes on")
    return time.perf_counter() - began


async def measured(rounds: int) -> list[float]:
    """Each round's seconds."""
    with tempfile.TemporaryDirectory() as folder:
        files = demo_models({"simple": "gemma2:2b", "complex": "mistral:7b-instruct"}, Path(folder))
        engine = LlamaEngine(
            str(next(iter(files.values()))),
            "gemma2:2b",
            context_tokens=200_000,
            parallel=1,
            threads=1,
        )
        await engine.start()
        try:
            upstream = {"name": "u", "provider": "openai", "base_url": f"{engine.url}/v1"}
            settings = Settings.model_validate({"upstreams": [upstream]})
            listener = socket.create_server(("127.0.0.1", 0))
            listener.setblocking(False)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with (
                running_gateway(settings, None, listener),
                aiohttp.ClientSession() as session,
            ):
                return [await given_up(url, engine, session) for _ in range(rounds)]
        finally:
            await engine.stop()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    times = [1e3 * seconds for seconds in asyncio.run(measured(rounds))]
    print(
        f"slot idle after the client has gone, {rounds} times: median {median(times):.1f} ms, "
        f"longest {max(times):.1f} ms (goal: 100)"
    )


if __name__ == "__main__":
    main()
