"""An engine's own process: says where it listens, and ends with whoever has started it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from gearshift.providers import llama_server

ENGINE = """
from types import SimpleNamespace


llama_pooling_type = SimpleNamespace(LLAMA_POOLING_TYPE_LAST="last")


class CommonParams(SimpleNamespace):
    def __init__(self):
        super().__init__(model=SimpleNamespace(), cpuparams=SimpleNamespace(),
                         cpuparams_batch=SimpleNamespace())


class Server:
    def __init__(self, given):
        told = {name: value for name, value in vars(given).items() if "params" not in name}
        told.update(model=given.model.path, threads=[given.cpuparams.n_threads,
                                                     given.cpuparams_batch.n_threads])
        import json, sys
        print(json.dumps(told), file=sys.stderr, flush=True)
        if given.model.path == "endless.gguf":
            sum(iter(int, 1))  # like a loader in C: Python's handlers never get their turn
        self.listening_address = f"http://{given.hostnames[0]}:7"
"""


@pytest.fixture
def started(tmp_path):
    """Starts one whose engine is none, and ends it."""
    (tmp_path / "xllamacpp.py").write_text(ENGINE)
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "gearshift.providers.llama_server", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with process:
            process.kill()


def test_it_says_where_it_listens_and_ends_when_nobody_holds_its_input(started):
    process = started("m.gguf", "--alias=m", "--context=2048", "--parallel=3", "--threads=2")
    assert json.loads(process.stdout.readline()) == {"ready": "http://127.0.0.1:7"}
    told = json.loads(process.stderr.readline())
    assert (told["model"], told["model_alias"], told["port"]) == ("m.gguf", ["m"], 0)
    assert (told["n_ctx"], told["n_parallel"], told["threads"]) == (2048, 3, [2, 2])
    assert told["hostnames"] == ["127.0.0.1"]  # nobody else's business
    assert told["kv_unified"] is True
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("model", ["m.gguf", "endless.gguf"])
def test_a_signal_ends_it_whatever_it_is_doing(started, model, number):
    process = started(model, "--alias=m")
    process.stderr.readline()
    process.send_signal(number)
    assert process.wait(60) == -number


def test_an_engine_has_a_name(capsys):
    with pytest.raises(SystemExit) as caught:
        llama_server._parse(["m.gguf"])
    assert caught.value.code == 2
    assert "--alias" in capsys.readouterr().err


def test_what_is_not_said_is_modest():
    given = llama_server._parse(["m.gguf", "--alias", "m"])
    assert (given.port, given.context, given.parallel, given.threads) == (0, 4096, 1, 1)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (b"general.architecture", {"pooling_type": "last"}),
        (b"bert.pooling_type", {"n_batch": 512, "n_ubatch": 512}),
    ],
)
def test_every_model_gives_vectors_in_its_own_way_or_of_the_last_token(
    started, tmp_path, facts, told
):
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF" + facts)
    process = started(str(model), "--alias=m", "--context=512")
    said = json.loads(process.stderr.readline())
    assert said["embedding"] is True
    assert {name: said.get(name) for name in told} == told
    assert ("pooling_type" in said) is ("pooling_type" in told)


def test_there_is_a_thread_for_each_connection(started):
    process = started("m.gguf", "--alias=m")
    assert json.loads(process.stderr.readline())["n_threads_http"] >= 64
