"""How long other requests wait while 20 MB bodies are read, decoded, scored or refused.

    python -m benchmarks.large_bodies

Two processes: `gearshift serve --demo` and this one, which posts each body three times while a
second connection asks /health/live without pause. Wall-clock figures of a shared machine: read
them as an upper bound.
"""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import time

import aiohttp

LIMIT = 20_000_000


def said(text: str) -> bytes:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "max_tokens": 1}
    return json.dumps(body).encode()[:LIMIT]


def bodies() -> dict[str, bytes]:
    return {
        "one long text": said("word " * (LIMIT // 5 - 50)),
        "text full of commas": said("a, " * (LIMIT // 3 - 50)),
        "a million-character word": said("a" * 1_000_000),
        "10 million empty lists": b'{"messages":[' + b"[]," * (LIMIT // 3 - 10) + b"[]]}",
        "nested 19 million deep": b"[" * 19_000_000,
        "text full of escapes": said('"' * (LIMIT // 2 - 100)),
    }


async def measure(url: str, body: bytes) -> tuple[int, float, float]:
    """Status, seconds for the large request, and the longest wait of a small one."""
    waits = [0.0]
    stop = asyncio.Event()
    async with aiohttp.ClientSession() as session:

        async def small() -> None:
            while not stop.is_set():
                started = time.perf_counter()
                async with session.get(f"{url}/health/live"):
                    waits.append(time.perf_counter() - started)

        task = asyncio.create_task(small())
        await asyncio.sleep(0.2)
        # This process shares its core with the sending: prepare the body outside the clock.
        payload = io.BytesIO(body)
        started = time.perf_counter()
        headers = {"content-type": "application/json"}
        async with session.post(
            f"{url}/v1/chat/completions", data=payload, headers=headers
        ) as response:
            await response.read()
        seconds = time.perf_counter() - started
        stop.set()
        await task
    return response.status, seconds, max(waits)


def main() -> None:
    command = [sys.executable, "-m", "gearshift", "serve", "--demo", "--port=0", "--admin-port=0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[2].decode()
        print(
            f"{'body':28} {'MB':>5} {'status':>6} {'seconds':>8} {'longest wait of others, ms':>28}"
        )
        for name, body in bodies().items():
            runs = [asyncio.run(measure(url, body)) for _ in range(3)]
            waits = sorted(run[2] * 1e3 for run in runs)
            print(
                f"{name:28} {len(body) / 1e6:5.1f} {runs[0][0]:6} {min(r[1] for r in runs):8.3f} "
                f"{waits[0]:8.0f} / {waits[1]:.0f} / {waits[2]:.0f} (min, median, max)"
            )
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    main()
