"""A server whose standard error or output is gone answers, and keeps its log."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

import pytest
from tests.e2e.conftest import environment
from tests.fakes.ports import reserved_port
from tests.fakes.upstream import FaultUpstream

CONFIG = """
upstreams:
  - {{name: fake, provider: openai, base_url: "{url}/v1"}}
decision_log:
  url: "sqlite:///{folder}/log.db"
"""


def ended_pipe():
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def answers(url):
    """The status, and the metrics, after five answers."""
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "hi"}]}).encode()
    for _ in range(5):
        request = urllib.request.Request(
            f"{url}/v1/chat/completions", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as metrics:
        return metrics.read().decode()


def is_live(url):
    try:
        with urllib.request.urlopen(f"{url}/health/live", timeout=5):
            return True
    except OSError:
        return False


def wait_for(url, process):
    until = time.monotonic() + 60
    while not is_live(url):
        assert process.poll() is None, "it ended"
        assert time.monotonic() < until, "it did not start"
        time.sleep(0.1)


def start(folder, port, output, error):
    """Serve with these two, each `read`, `unread`, `full` or `closed`."""
    opened = {"read": lambda: None, "unread": ended_pipe, "closed": lambda: None}
    opened["full"] = lambda: os.open("/dev/full", os.O_WRONLY)
    files = [opened[how]() for how in (output, error)]
    closed = [number for number, how in ((1, output), (2, error)) if how == "closed"]
    closing = " ".join(f"{number}>&-" for number in closed)
    ports = f"--port {port} --admin-port 0"
    serve = f'exec "$0" -m gearshift serve {ports} --config config.yaml {closing}'
    process = subprocess.Popen(
        ["/bin/sh", "-c", serve, sys.executable],
        cwd=folder,
        env=environment(HOME=str(folder)),
        stdout=files[0],
        stderr=files[1],
    )
    for file in files:
        if file is not None:
            os.close(file)
    return process


@pytest.fixture
def port():
    with reserved_port() as number:
        yield number


@pytest.mark.parametrize(
    ("output", "error"), [("read", "unread"), ("closed", "closed"), ("unread", "full")]
)
async def test_who_reads_it_is_no_condition_for_answers_and_rows(tmp_path, port, output, error):
    async with FaultUpstream() as upstream:
        config = tmp_path / "config.yaml"
        config.write_text(CONFIG.format(url=upstream.url, folder=tmp_path))
        process = start(tmp_path, port, output, error)
        url = f"http://127.0.0.1:{port}"
        try:
            await asyncio.to_thread(wait_for, url, process)
            metrics = await asyncio.to_thread(answers, url)
        finally:
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, 60)
    assert code == 0
    lost = next(
        line for line in metrics.splitlines() if line.startswith("gearshift_log_lines_lost_t")
    )
    assert float(lost.split()[1]) >= 4  # the last may be told after the scrape
    assert "gearshift_sink_failures_total{" not in metrics
    with sqlite3.connect(tmp_path / "log.db") as log:
        assert log.execute("SELECT COUNT(*) FROM decisions").fetchone() == (5,)
    log.close()
