"""What answers: a real llama.cpp, or steps of a batch that take as long as is said."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MODEL = "gemma2:2b"
STEP = 0.008  # seconds of a step with one request
FURTHER = 0.001  # seconds of a step for each further one
READ = 0.0005  # seconds for a token of a prompt, in which nobody else gets anything done


@asynccontextmanager
async def llama(folder: Path, slots: int) -> AsyncIterator[str]:
    """llama.cpp's server on one thread, with a model of some 100 million random weights."""
    from benchmarks.compute.shapes import Shape, write_model

    file = folder / "model.gguf"
    write_model(file, Shape("llama", 10, 1024, 2816, 16, 4, 64, 8192, is_tied=False), ["word"])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gearshift.providers.llama_server", str(file)),
        *(f"--alias={MODEL}", "--threads=1", "--context=16384", f"--parallel={slots}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.startswith(b'{"ready"'):
                break
        yield json.loads(line)["ready"]
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Request:
    """One that the paced engine has."""

    prompt: int
    completion: int
    written: asyncio.Queue[bool] = field(default_factory=asyncio.Queue)  # False: the last one


class Paced:
    """A scheduler as engines have it: it reads a new prompt, or writes a token of each request.

    It knows nothing of the model in `gearshift.capacity`: reading holds up all the others, and
    who comes waits for the end of the step.

    Args:
        slots: Requests in the batch.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._waiting: deque[Request] = deque()
        self._comes = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection as streams."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = head.lower().split(b"\r\n")
        length = [line for line in lines if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
        if head.startswith(b"GET"):
            said = json.dumps({"data": [{"id": MODEL}]}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n%b" % (len(said), said))
            return
        asked = json.loads(body)
        request = Request(len(asked["messages"][0]["content"].split()), asked["max_tokens"])
        self._waiting.append(request)
        self._comes.set()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"transfer-encoding: chunked\r\n\r\n")
        while await request.written.get():
            self._event(writer, {"choices": [{"index": 0, "delta": {"content": "word "}}]})
            await writer.drain()
        end = {"index": 0, "delta": {}, "finish_reason": "length"}
        usage = {"prompt_tokens": request.prompt, "completion_tokens": request.completion}
        usage["total_tokens"] = sum(usage.values())
        self._event(writer, {"choices": [end]})
        self._event(writer, {"choices": [], "usage": usage})
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")

    def _event(self, writer: asyncio.StreamWriter, what: dict[str, object]) -> None:
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL, **what}
        data = b"data: %b\n\n" % json.dumps(chunk).encode()
        writer.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def run(self) -> None:
        """Step by step; a late step does not make the following ones late."""
        loop = asyncio.get_running_loop()
        batch: list[tuple[Request, int]] = []
        now = loop.time()
        while True:
            if not batch and not self._waiting:
                self._comes.clear()
                await self._comes.wait()
                now = loop.time()
            if self._waiting and len(batch) < self._slots:
                request = self._waiting.popleft()
                now += READ * request.prompt
                await asyncio.sleep(now - loop.time())
                batch.append((request, request.completion))
                continue
            now += STEP + FURTHER * (len(batch) - 1)
            await asyncio.sleep(now - loop.time())
            for request, _ in batch:
                request.written.put_nowait(True)
            for request, left in batch:
                if left == 1:
                    request.written.put_nowait(False)
            batch = [(request, left - 1) for request, left in batch if left > 1]


@asynccontextmanager
async def paced(_: Path, slots: int) -> AsyncIterator[str]:
    """The paced engine, in this process."""
    engine = Paced(slots)
    server = await asyncio.start_server(engine.answer, "127.0.0.1", 0)
    running = asyncio.create_task(engine.run())
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        running.cancel()
        server.close()


ENGINES = {"paced": paced, "llama": llama}
