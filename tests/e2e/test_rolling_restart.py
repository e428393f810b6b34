"""Replicas are replaced one after the other under load, and no client notices."""

import asyncio
import contextlib
import json
import signal
import socket

import aiohttp
import pytest
from tests.e2e.conftest import serving
from tests.fakes.upstream import FaultUpstream

BODY = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
CLIENTS = 8
WORKERS = {"a": "1", "b": "2"}
PAUSE_SECONDS = 0.4  # before the last of an answer's three words


class Balancer:
    """Sends each request to the next replica that was ready a moment ago; it never repeats one."""

    def __init__(self, session):
        self._session = session
        self.urls = {}
        self._ready = {}
        self._seen = asyncio.Condition()
        self._turn = 0

    async def watch(self):
        while True:
            for name in list(self.urls):
                self._ready[name] = await self.status(name) == 200
            async with self._seen:
                self._seen.notify_all()
            await asyncio.sleep(0.1)

    async def status(self, name):
        try:
            async with self._session.get(f"{self.urls[name]}/health/ready") as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    async def until_ready(self, name, *, is_ready):
        async with asyncio.timeout(30), self._seen:
            await self._seen.wait_for(lambda: self._ready.get(name) is is_ready)

    async def ask(self, *, streamed):
        ready = [name for name, is_ready in self._ready.items() if is_ready]
        self._turn += 1
        url = self.urls[ready[self._turn % len(ready)]]
        body = {**BODY, "stream": streamed}
        async with self._session.post(f"{url}/v1/chat/completions", json=body) as response:
            return response.status, await response.text()


async def test_no_answer_is_lost(tmp_path):
    async with FaultUpstream() as upstream, aiohttp.ClientSession() as session:
        upstream.pause_seconds = PAUSE_SECONDS
        config = tmp_path / "config.json"
        entry = {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        config.write_text(
            json.dumps({"upstreams": [entry], "shutdown": {"delay_seconds": 1}, **without_log()})
        )
        balancer = Balancer(session)
        async with contextlib.AsyncExitStack() as stack:
            replicas = {
                name: await started(stack, tmp_path, name, config, workers)
                for name, workers in WORKERS.items()
            }
            balancer.urls = {name: replica.url for name, replica in replicas.items()}
            watching = asyncio.create_task(balancer.watch())
            for name in balancer.urls:
                await balancer.until_ready(name, is_ready=True)
            over = asyncio.Event()
            asking = [
                asyncio.create_task(kept_asking(balancer, over, streamed=bool(number % 2)))
                for number in range(CLIENTS)
            ]
            for name, replica in replicas.items():
                replica.process.send_signal(signal.SIGTERM)
                await balancer.until_ready(name, is_ready=False)
                assert await asyncio.to_thread(replica.process.wait, 30) == 0
                later = await started(stack, tmp_path, f"{name}2", config, WORKERS[name])
                balancer.urls[name] = later.url
                await balancer.until_ready(name, is_ready=True)
            over.set()
            answered = await asyncio.gather(*asking)
            watching.cancel()
            assert min(answered) > 3


async def kept_asking(balancer, over, *, streamed):
    count = 0
    while not over.is_set():
        status, text = await balancer.ask(streamed=streamed)
        assert status == 200, text
        assert '"error"' not in text
        assert all(word in text for word in ("one", " two", " three"))
        assert not streamed or text.endswith("data: [DONE]\n\n")
        count += 1
    return count


async def started(stack, tmp_path, name, config, workers):
    folder = tmp_path / name
    folder.mkdir()
    manager = serving(folder, "--config", str(config), "--workers", workers)
    replica = await asyncio.to_thread(manager.__enter__)
    stack.push_async_callback(asyncio.to_thread, manager.__exit__, None, None, None)
    return replica


def without_log():
    return {"decision_log": {"enabled": False}}


async def test_one_that_leaves_answers_and_says_so(tmp_path):
    """What has come by a balancer that does not know yet is answered, and its connection closed."""
    async with FaultUpstream() as upstream, aiohttp.ClientSession() as session:
        config = tmp_path / "config.json"
        entry = {"name": "u", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        config.write_text(
            json.dumps({"upstreams": [entry], "shutdown": {"delay_seconds": 3}, **without_log()})
        )
        async with contextlib.AsyncExitStack() as stack:
            gateway = await started(stack, tmp_path, "a", config, "1")
            gateway.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(3):
                while True:
                    async with session.get(f"{gateway.url}/health/ready") as response:
                        report = await response.json()
                        if response.status == 503:
                            break
            assert report["status"] == "stopping"
            url = f"{gateway.url}/v1/chat/completions"
            async with session.post(url, json=BODY) as response:
                assert response.status == 200
                assert response.headers["connection"] == "close"
            assert await asyncio.to_thread(gateway.process.wait, 30) == 0
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])))
