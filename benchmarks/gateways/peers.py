"""Starts and stops what is measured, each in processes of its own, pinned to a core."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gateways.fake_upstream import MODELS

LITELLM = "litellm[proxy]==1.106.2"
GATEWAY_CORE, LOAD_CORE = 0, 1
_IS_PINNED = (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None

_NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; client_max_body_size 30m; client_body_buffer_size 16m;
  upstream fake {{
    server 127.0.0.1:{upstream}; keepalive 2048; keepalive_requests 100000000;
  }}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{
    proxy_pass http://fake; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_buffering off; }} }}
}}
"""
_LITELLM = """model_list:
  - model_name: gemma2
    litellm_params: {{model: openai/gemma2:2b, api_base: "{base}", api_key: none}}
  - model_name: mistral
    litellm_params: {{model: openai/mistral:7b-instruct, api_base: "{base}", api_key: none}}
  - model_name: auto
    litellm_params:
      model: auto_router/complexity_router
      complexity_router_config:
        tiers: {{SIMPLE: gemma2, MEDIUM: mistral, COMPLEX: mistral, REASONING: mistral}}
      complexity_router_default_model: mistral
general_settings: {{dangerously_permit_weak_or_unset_master_key: true}}
"""


@dataclass(frozen=True)
class Peer:
    """Something that answers.

    Attributes:
        pids: Of the processes whose CPU time counts.
    """

    name: str
    port: int
    pids: tuple[int, ...]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/chat/completions"

    def cpu_seconds(self) -> float:
        """What its processes have used so far."""
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def pss_mb(self) -> float:
        """Proportional set size of its processes together, in MB."""
        total = 0
        for pid in self.pids:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024


class MissingError(Exception):
    """A peer cannot be had here; says why."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def pinned(core: int, command: Sequence[str]) -> list[str]:
    return ["taskset", "-c", str(core), *command] if _IS_PINNED else [*command]


def _children(pid: int) -> tuple[int, ...]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return tuple(map(int, path.read_text().split())) if path.exists() else ()


@contextmanager
def _running(
    command: Sequence[str], port: int, log: Path, seconds: float = 20, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, **options)
    try:
        _await(process, port, seconds, log)
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int, seconds: float, log: Path) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    words = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise MissingError(f"{log.stem} did not start: {' '.join(words)[:200]}")


@contextmanager
def fake_upstream(folder: Path) -> Iterator[Peer]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.gateways.fake_upstream", str(port)]
    with _running(pinned(LOAD_CORE, command), port, folder / "upstream.log") as process:
        yield Peer("direct", port, (process.pid,))


@contextmanager
def gearshift(
    folder: Path,
    upstream: Peer,
    workers: int = 1,
    *,
    settings: str = "",
    python: str = sys.executable,
) -> Iterator[Peer]:
    port, config = free_port(), folder / "gearshift.yaml"
    config.write_text(
        f"upstreams: [{{name: fake, provider: openai, base_url: "
        f'"http://127.0.0.1:{upstream.port}/v1", models: ["{MODELS[0]}", "{MODELS[1]}"]}}]\n'
        f"limits: {{max_in_flight: 8192, max_queue: 8192}}\n{settings}"
    )
    state = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    command = [python, "-m", "gearshift", "serve", f"--port={port}", "--admin-port=0"]
    command += [f"--config={config}", f"--workers={workers}"]
    command = pinned(GATEWAY_CORE, command) if workers == 1 else command
    with _running(command, port, folder / "gearshift.log", env=state) as process:
        time.sleep(1.5 if workers == 1 else 4)
        pids = (process.pid,) if workers == 1 else _children(process.pid)
        yield Peer("gearshift", port, pids)


@contextmanager
def nginx(folder: Path, upstream: Peer) -> Iterator[Peer]:
    program = shutil.which("nginx") or _installed("nginx-light", "nginx")
    port, home = free_port(), folder / "nginx"
    home.mkdir(exist_ok=True)
    home.chmod(0o777)
    config = home / "nginx.conf"
    config.write_text(_NGINX.format(folder=home, upstream=upstream.port, port=port))
    command = pinned(GATEWAY_CORE, [program, "-c", str(config), "-p", str(home)])
    with _running(command, port, home / "out.log") as process:
        yield Peer("nginx", port, _children(process.pid) or (process.pid,))


@contextmanager
def litellm(folder: Path, upstream: Peer) -> Iterator[Peer]:
    port, config = free_port(), folder / "litellm.yaml"
    config.write_text(_LITELLM.format(base=f"http://127.0.0.1:{upstream.port}/v1"))
    program = str(_litellm_home() / "bin" / "litellm")
    command = [program, f"--port={port}", "--host=127.0.0.1", f"--config={config}"]
    command += ["--num_workers=1"]
    environment = {**os.environ, "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with _running(
        pinned(GATEWAY_CORE, command), port, folder / "litellm.log", 120, env=environment
    ) as process:
        yield Peer("LiteLLM", port, (process.pid, *_children(process.pid)))


def _litellm_home() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gearshift-bench"
    home = cache / "litellm-proxy-1.106.2"
    if not (home / "bin" / "litellm").exists():
        print("  installing LiteLLM's proxy (minutes)", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            command = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", LITELLM]
            subprocess.run(command, check=True, timeout=900, capture_output=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingError(f"LiteLLM cannot be installed: {error}") from error
    return home


def wrk() -> str:
    """The load generator."""
    return shutil.which("wrk") or _installed("wrk", "wrk")


def _installed(package: str, program: str) -> str:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", package], capture_output=True)
    found = shutil.which(program)
    if found is None:
        raise MissingError(f"{program} is not there; install the package {package}")
    return found


def answers(peer: Peer, body: bytes) -> str:
    """The model that answered one request, or an error."""
    request = urllib.request.Request(
        peer.url, body, {"content-type": "application/json", "authorization": "Bearer none"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(response.headers.get("x-gearshift-model") or response.status)
