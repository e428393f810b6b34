"""A child process that serves one GGUF file with llama.cpp's own HTTP server.

It says so with one JSON line on stdout (`{"ready": "http://127.0.0.1:PORT", "load_seconds": …}`)
and ends when its stdin does, so that it never outlives the process that started it. It imports
nothing of gearshift, which keeps its start short.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from typing import Any

NO_ENGINE = 3
"""Exit status: xllamacpp is not installed."""

PROMPT_CACHE_MIB = 256


def main(argv: list[str] | None = None) -> int:
    """Serve until stdin closes or SIGTERM comes; returns only if it cannot."""
    arguments = _arguments(argv)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _leave)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        import xllamacpp
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return NO_ENGINE
    started = time.perf_counter()
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, arguments))  # returns when loaded
    except Exception as error:  # noqa: BLE001 - a C++ exception of any kind; its text is all there is
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(1)  # the destructor may wait without end
    seconds = round(time.perf_counter() - started, 3)
    line = json.dumps({"ready": server.listening_address, "load_seconds": seconds})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    while True:
        time.sleep(3600)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve one GGUF file over HTTP.")
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--alias", default="", help="the name that /v1/models reports")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--ctx", type=int, default=8192, help="context length in tokens")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parallel", type=int, default=4, help="requests served at a time")
    return parser.parse_args(argv)


def _parameters(xllamacpp: Any, arguments: argparse.Namespace) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = arguments.model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = arguments.port
    if arguments.alias:
        parameters.model_alias = [arguments.alias]
    parameters.n_ctx = arguments.ctx
    parameters.n_parallel = arguments.parallel
    parameters.kv_unified = True  # one context shared by all requests, not cut into equal parts
    parameters.cpuparams.n_threads = arguments.threads
    parameters.cpuparams_batch.n_threads = arguments.threads
    parameters.cache_ram_mib = PROMPT_CACHE_MIB
    parameters.endpoint_metrics = parameters.endpoint_slots = True
    parameters.use_jinja = True
    parameters.ui = False
    parameters.warmup = False
    parameters.verbosity = 0
    return parameters


def _leave_with_parent() -> None:
    """Wait for the end of stdin: the parent closed it, or is no more."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def _leave(*_: object) -> None:
    # Not a clean return: the server's destructor waits for requests in flight.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
