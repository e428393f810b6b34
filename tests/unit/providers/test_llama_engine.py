"""An engine is read as long as it lives, comes back on its port, and ends with its users."""

import asyncio
import logging
import sys
import textwrap

import pytest

from gearshift.errors import GearshiftError
from gearshift.providers import llama_engine
from gearshift.providers.llama_engine import LlamaEngine

READY = 'print(\'{"ready": "http://127.0.0.1:5%d"}\' % len(started), flush=True)'
WAIT = "sys.stdin.read()"


@pytest.fixture
def script(monkeypatch, tmp_path):
    """Runs a script instead of llama.cpp; gives the arguments of every start."""
    starts = []
    original = asyncio.create_subprocess_exec

    def runs(*lines):
        async def start(*arguments, **options):
            starts.append(arguments)
            code = "\n".join(["import sys", f"started = {len(starts)} * 'x'", *lines])
            return await original(sys.executable, "-c", textwrap.dedent(code), **options)

        monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
        monkeypatch.setattr(llama_engine, "require", lambda *_: None)
        return starts

    return runs


@pytest.fixture
async def engine(tmp_path):
    file = tmp_path / "a.gguf"
    file.write_bytes(b"GGUF....")
    engine = LlamaEngine(str(file), "m", context_tokens=4096, parallel=1, threads=1)
    engine.hold()
    yield engine
    await engine.stop()


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the other side is a process
            await asyncio.sleep(0.005)


async def test_it_runs_when_it_says_where_it_listens(engine, script):
    starts = script("print('loading', flush=True)", "print('[1]')", READY, WAIT)
    await engine.start()
    assert engine.is_running
    assert engine.url == "http://127.0.0.1:51"
    await engine.start()
    assert len(starts) == 1


async def test_whatever_it_prints_it_never_stands_still(engine, script):
    loud = "print('y' * 1_000_000, flush=True)"
    script(
        "print('x' * 200_000)", "sys.stderr.write('e' * 500_000 + '\\n')",
        READY, loud, "sys.stderr.write('z' * 500_000 + '\\nlast words\\n')",
        "sys.stderr.flush()", WAIT,
    )  # fmt: skip
    await engine.start()
    await until(lambda: "last words" in engine._said)
    assert engine.is_running


async def test_one_that_ends_before_says_why(engine, script):
    script("sys.exit('no such tensor')")
    with pytest.raises(GearshiftError, match="did not start: no such tensor"):
        await engine.start()
    assert not engine.is_running


async def test_one_that_takes_too_long_is_ended(engine, script, monkeypatch):
    script(WAIT)
    monkeypatch.setattr(llama_engine, "_LOAD_SECONDS", 0)
    with pytest.raises(GearshiftError, match="not loaded within 0 s"):
        await engine.start()
    assert engine._process.returncode is not None


async def test_after_a_crash_it_comes_back_on_the_same_port(engine, script, monkeypatch, caplog):
    starts = script(READY, WAIT)
    asleep = asyncio.sleep
    pauses = []

    async def short(seconds):
        pauses.append(seconds)
        await asleep(0)

    await engine.start()
    monkeypatch.setattr(asyncio, "sleep", short)
    with caplog.at_level(logging.WARNING):
        engine._process.kill()
        async with asyncio.timeout(20):
            while len(starts) < 2 or not engine.is_running:
                await asleep(0.005)
    assert "--port=51" in starts[1]
    assert 1.0 in pauses
    assert "ended with code -9" in caplog.text


async def test_it_ends_with_its_last_user(engine, script):
    script(READY, WAIT)
    await engine.start()
    engine.hold()
    await engine.stop()
    assert engine.is_running
    process = engine._process
    engine.hold()
    await engine.stop()
    await engine.stop()
    assert process.returncode is not None
    assert not engine.is_running
    engine.hold()  # for the fixture


async def test_one_that_does_not_listen_is_killed(engine, script, monkeypatch):
    script("import signal", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", READY,
           "signal.pause()")  # fmt: skip
    monkeypatch.setattr(llama_engine, "_STOP_SECONDS", 0)
    await engine.start()
    process = engine._process
    await engine.stop()
    assert process.returncode == -9
    engine.hold()


@pytest.mark.parametrize(("content", "said"), [(b"GG", "not a GGUF file"), (None, "cannot read")])
async def test_what_is_no_model_starts_nothing(tmp_path, script, content, said):
    starts = script(WAIT)
    file = tmp_path / "a.gguf"
    if content is not None:
        file.write_bytes(content)
    engine = LlamaEngine(str(file), "m", context_tokens=4096, parallel=1, threads=1)
    with pytest.raises(GearshiftError, match=said):
        await engine.start()
    assert starts == []
