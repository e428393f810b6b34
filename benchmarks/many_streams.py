"""Resident memory of a gateway with a thousand streams at the same time.

    python -m benchmarks.many_streams [STREAMS]

A real `gearshift serve` before an upstream in this process that sends an event to each stream
every tenth of a second. Printed: resident memory before, at the peak, and for each stream.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

MODELS = ("gemma2:2b", "mistral:7b-instruct")
EVENTS = 40
PAUSE_SECONDS = 0.1


async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every question with a paced stream."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.lower().split(b"\r\n")
            length = [line for line in lines if line.startswith(b"content-length:")]
            await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
            if head.startswith(b"GET"):
                listing = json.dumps({"data": [{"id": model} for model in MODELS]}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(listing))
                writer.write(listing)
                continue
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            for number in range(EVENTS):
                delta = {"index": 0, "delta": {"content": f" word{number}"}}
                event = json.dumps({"id": "c", "model": MODELS[0], "choices": [delta]}).encode()
                data = b"data: " + event + b"\n\n"
                writer.write(b"%x\r\n%b\r\n" % (len(data), data))
                await asyncio.sleep(PAUSE_SECONDS)
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    writer.close()


async def client(port: int) -> None:
    """Asks for one stream and reads it to its end."""
    asked = {"model": "simple", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    body = json.dumps(asked).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n")
    writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    said = await reader.readuntil(b"0\r\n\r\n")
    assert b"[DONE]" in said, said[:500]
    writer.close()


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in status if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


async def measured(streams: int, folder: Path) -> tuple[float, float]:
    """Resident memory before and at the peak, in MB."""
    server = await asyncio.start_server(upstream, "127.0.0.1", 0, backlog=2 * streams)
    port = server.sockets[0].getsockname()[1]
    one = {"name": "u", "provider": "openai", "base_url": f"http://127.0.0.1:{port}/v1"}
    limits = {"max_in_flight": 2 * streams}
    config = folder / "config.yaml"
    config.write_text(json.dumps({"upstreams": [{**one, "models": MODELS}], "limits": limits}))
    command = [sys.executable, "-m", "gearshift", "serve", "--config", str(config)]
    gateway = await asyncio.create_subprocess_exec(
        *command,
        "--port",
        "0",
        "--admin-port",
        "0",
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert gateway.stdout is not None
        url = (await gateway.stdout.readline()).split()[2].decode()
        own = int(url.rpartition(":")[2])
        await client(own)
        before = peak = resident_megabytes(gateway.pid)
        clients = {asyncio.ensure_future(client(own)) for _ in range(streams)}
        while clients:
            done, clients = await asyncio.wait(clients, timeout=0.1)
            peak = max(peak, resident_megabytes(gateway.pid))
            for task in done:
                task.result()
        return before, peak
    finally:
        gateway.terminate()
        await gateway.wait()
        server.close()


def main() -> None:
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        before, peak = asyncio.run(measured(streams, Path(folder)))
    print(
        f"{streams} streams: {before:.1f} MB before, {peak:.1f} MB at the peak (goal: 80), "
        f"{1024 * (peak - before) / streams:.1f} kB for each"
    )


if __name__ == "__main__":
    main()
