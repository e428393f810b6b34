"""The configuration changes under a running gateway, and no request notices."""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request

import aiohttp
from tests.e2e.conftest import environment, serving
from tests.e2e.test_serve import children
from tests.fakes.upstream import FaultUpstream

QUESTION = "Explain async vs threads"  # complex by default
BODY = {"model": "auto", "messages": [{"role": "user", "content": QUESTION}]}


def write(path, *, threshold=3, **more):
    """As careful operators do it: the file is never half written."""
    routing = {"complexity_threshold": threshold}
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"tiered_routing": routing, **more}))
    part.replace(path)


def tier(url, key="", filler=""):
    body = {**BODY, "filler": filler}
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/v1/route", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)["tier"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code


class Log:
    """Standard error of a gateway, read on from where the last look ended."""

    def __init__(self, folder):
        self._path = folder / "stderr"
        self._at = len(self._path.read_text())

    def until(self, words):
        deadline = time.monotonic() + 30
        while True:
            new = self._path.read_text()[self._at :]
            line = next((line for line in new.splitlines() if words in line), None)
            if line is not None and new.endswith("\n"):
                self._at += new.index(line) + len(line)
                return line
            assert time.monotonic() < deadline, new
            time.sleep(0.05)


def hang_up(gateway):
    gateway.process.send_signal(signal.SIGHUP)


def test_signal_file_and_mistakes(tmp_path):
    file = tmp_path / "config.yaml"
    write(file)
    with serving(tmp_path, "--demo", "--config", str(file)) as gateway:
        log = Log(tmp_path)
        engines = set(children(gateway.process.pid, "llama_server"))
        assert len(engines) == 2
        assert tier(gateway.url) == "complex"

        write(file, threshold=9)
        hang_up(gateway)
        line = log.until("configuration reloaded")
        assert "tiered_routing.complexity_threshold: 3.0 -> 9.0" in line
        assert tier(gateway.url) == "simple"

        hang_up(gateway)
        log.until("configuration unchanged")

        file.write_text("tiered_routing: {complexity_treshold: 3}")
        line = log.until("configuration not reloaded")  # noticed without a signal
        assert "did you mean 'complexity_threshold'?" in line
        assert "the previous one stays active" in line
        assert tier(gateway.url) == "simple"

        file.unlink()
        log.until("is gone or empty")
        hang_up(gateway)
        log.until("configuration not reloaded")
        assert tier(gateway.url) == "simple"

        changed = {"auth": {"api_keys": ["hush-hush"]}, "limits": {"max_body_bytes": 500}}
        write(file, **changed)
        line = log.until("configuration reloaded")
        assert "auth.api_keys" in line
        assert tier(gateway.url) == 401
        assert tier(gateway.url, "hush-hush") == "complex"
        assert tier(gateway.url, "hush-hush", "x" * 500) == 413

        # The engines have other deadlines now, but are the same processes.
        write(file, limits={"idle_seconds": 7})
        hang_up(gateway)
        log.until("configuration reloaded")
        assert tier(gateway.url, filler="x" * 500) == "complex"
        assert set(children(gateway.process.pid, "llama_server")) == engines
        with urllib.request.urlopen(f"{gateway.admin}/metrics", timeout=10) as response:
            assert b'gearshift_upstream_up{model="gemma2:2b",upstream="demo"} 1.0' in (
                response.read()
            )
    text = (tmp_path / "stderr").read_text()
    assert "hush-hush" not in text
    assert "Traceback" not in text


def test_a_terminal_that_is_closed_ends_it(tmp_path):
    master, slave = os.openpty()
    command = [sys.executable, "-m", "gearshift", "serve", "--demo"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--admin-port", "0"],
        cwd=tmp_path,
        env=environment(XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path)),
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"gearshift ready")
        process.send_signal(signal.SIGHUP)  # a wish to reload: the terminal is there
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        assert process.returncode is None
        os.close(master)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_all_workers_change_or_none(tmp_path):
    file = tmp_path / "config.yaml"
    write(file)
    scorer = tmp_path / "own_scorer.py"
    scorer.write_text(
        "import os, sys\n"
        "from gearshift import TaskComplexityScorer\n"
        "def make(config):\n"
        "    if 'gearshift.serving.worker' in ' '.join(sys.orig_argv):\n"
        "        raise AttributeError('not in a worker')\n"
        "    return TaskComplexityScorer(config)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    arguments = ("--demo", "--workers", "2", "--config", str(file))
    with serving(tmp_path, *arguments, PYTHONPATH=path) as gateway:
        log = Log(tmp_path)
        engines = set(children(gateway.process.pid, "llama_server"))
        workers = children(gateway.process.pid, "gearshift.serving.worker")
        assert len(workers) == 2
        assert tiers(gateway.url) == {"complex"}

        write(file, threshold=9)
        hang_up(gateway)
        log.until("configuration reloaded")
        assert tiers(gateway.url) == {"simple"}
        assert shown_threshold(gateway.admin) == 9

        refused = {"scorer": "own_scorer:make", "complexity_threshold": 3}
        file.write_text(json.dumps({"tiered_routing": refused}))
        hang_up(gateway)
        assert "not in a worker" in log.until("configuration not reloaded")
        assert tiers(gateway.url) == {"simple"}
        assert shown_threshold(gateway.admin) == 9

        os.kill(workers[0], signal.SIGKILL)
        log.until("starting another")
        while len(children(gateway.process.pid, "gearshift.serving.worker")) < 2:
            time.sleep(0.05)
        assert tiers(gateway.url) == {"simple"}
        write(file, threshold=1)
        hang_up(gateway)
        log.until("configuration reloaded")
        assert tiers(gateway.url) == {"complex"}
        assert set(children(gateway.process.pid, "llama_server")) == engines
    assert gateway.process.returncode == 0


def tiers(url):
    """Of many connections, so that every worker has some."""
    found = set()
    for _ in range(30):
        with contextlib.suppress(ConnectionError, urllib.error.URLError):
            found.add(tier(url))
    return found


def shown_threshold(admin):
    with urllib.request.urlopen(f"{admin}/admin/api/tiered-routing/config", timeout=10) as answer:
        return json.load(answer)["complexity_threshold"]


async def test_under_load_nothing_is_lost(tmp_path):
    file = tmp_path / "config.yaml"
    async with FaultUpstream() as one, FaultUpstream() as two:
        one.pause_seconds = two.pause_seconds = 0.15

        def put(turn):
            """Another address, other deadlines, or only another threshold."""
            fake = (one, two)[turn // 2 % 2]
            upstream = {"name": "u", "provider": "openai", "base_url": f"{fake.url}/v1"}
            limits = {"idle_seconds": 30 + turn // 3, "max_in_flight": 40 + turn}
            write(file, threshold=turn % 2 * 9, upstreams=[upstream], limits=limits)

        put(0)
        with contextlib.ExitStack() as stack:
            started = serving(tmp_path, "--config", str(file))
            # In a thread, because it asks the upstreams, which live here.
            gateway = await asyncio.to_thread(stack.enter_context, started)
            log = Log(tmp_path)
            is_over = asyncio.Event()
            async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
                clients = [
                    group.create_task(ask_on(session, gateway.url, is_over, streamed=n % 2 == 0))
                    for n in range(16)
                ]
                for turn in range(1, 9):
                    put(turn)
                    hang_up(gateway)
                    await asyncio.to_thread(log.until, "configuration reloaded")
                is_over.set()
            answered = sum(client.result() for client in clients)
            assert answered >= 16
            counted = await asyncio.to_thread(answers_counted, gateway.admin)
            await asyncio.to_thread(finish, gateway)
        assert counted == answered
        assert len(one.asked) + len(two.asked) == answered
        assert one.asked
        assert two.asked


async def ask_on(session, url, is_over, *, streamed):
    """Ask again and again; the number of complete answers, all of which must be right."""
    answered = 0
    while not is_over.is_set() or not answered:
        body = {**BODY, "stream": streamed}
        async with session.post(f"{url}/v1/chat/completions", json=body) as response:
            text = await response.text()
        assert response.status == 200, text
        if streamed:
            assert text.endswith("data: [DONE]\n\n"), text
            assert '"error"' not in text
        for word in ("one", " two", " three"):
            assert word in text
        answered += 1
    return answered


def answers_counted(admin):
    with urllib.request.urlopen(f"{admin}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    counted = [line for line in lines if line.startswith("gearshift_requests_total{")]
    assert all('status="200"' in line for line in counted)
    return sum(float(line.rpartition(" ")[2]) for line in counted)


def finish(gateway):
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(40) == 0
