"""The child process of an embedded engine: serves one GGUF file with llama.cpp's own server."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import orjson

from gearshift.extras import extra

# The server's own default, 8 GiB, is more than many a machine has.
_PROMPT_CACHE_MIB = 256
# Each open connection holds a thread, also while it is idle: beyond their number, a new one waits
# seconds for an old one to be given up.
_CONNECTIONS = 128
# What a file says of its model stands before its vocabulary, at its beginning.
_POOLING = b".pooling_type"
_FACTS_BYTES = 1 << 20


def main(arguments: list[str] | None = None) -> None:
    """Load the model, print one JSON line `{"ready": URL}`, serve until told to stop.

    Ends at SIGTERM, and when standard input closes: the parent is gone then, however it went.
    """
    given = _parse(arguments)
    # Signals end the process in the system: a handler of Python's waits for the main thread to
    # come back from loading, and is lost if it comes just before a wait without end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = threading.Thread(target=_exit_with_parent, daemon=True)
    parent.start()
    with extra("embedded", "an engine for GGUF files"):
        import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = given.model
    parameters.model_alias = [given.alias]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = given.port
    parameters.n_ctx = given.context
    parameters.kv_unified = True  # all slots share the context instead of each having a part
    parameters.n_parallel = given.parallel
    parameters.cache_ram_mib = _PROMPT_CACHE_MIB
    parameters.cpuparams.n_threads = given.threads
    parameters.cpuparams_batch.n_threads = given.threads
    parameters.endpoint_metrics = parameters.endpoint_slots = True
    parameters.use_jinja = True
    parameters.n_threads_http = _CONNECTIONS
    _offer_embeddings(xllamacpp, parameters, given)
    parameters.warmup = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)  # returns once the model is loaded
    sys.stdout.buffer.write(orjson.dumps({"ready": server.listening_address}) + b"\n")
    sys.stdout.flush()
    parent.join()


def _offer_embeddings(xllamacpp: Any, parameters: Any, given: argparse.Namespace) -> None:
    """Have the server give vectors, too; its answers to chats stay the same.

    A model for chats has no way to make one vector of many: the last one's, as in Ollama. One for
    embeddings does, and may have to read each input at once.
    """
    parameters.embedding = True
    if not makes_vectors(Path(given.model)):
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST
    elif given.context:
        parameters.n_batch = parameters.n_ubatch = given.context


def makes_vectors(model: Path) -> bool:
    """Whether a GGUF file says how it makes one vector of many, so is made for embeddings."""
    try:
        with model.open("rb") as file:
            return _POOLING in file.read(_FACTS_BYTES)
    except OSError:  # the engine says what is wrong with it
        return False


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--alias", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


def _exit_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    # Not an ordinary exit: the server's destructor waits for requests in flight without end.
    os._exit(0)


if __name__ == "__main__":
    main()
