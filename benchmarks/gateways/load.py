"""Requests for whole answers, sent by wrk: rate, latency and CPU time."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gateways.peers import LOAD_CORE, Peer, pinned, wrk

TEXT = (
    "I run a small bakery with two ovens; every Friday the second one trips the fuse after about "
    "forty minutes. Could you explain what may cause this, and compare replacing the fuse with "
    "calling an electrician? First list the checks that I can do safely, then write a short Python "
    "script that logs the temperature every minute. My budget is 400 euros. The oven was mended in "
    "spring; since then the bread has been fine, the neighbours are happy, and nothing else in the "
    "house has changed, except that we bought."
)
SYSTEM = (
    "You are a helpful assistant. You answer in a friendly way and keep to the point. Say so if "
    "you do not know something; never invent facts or sources."
)
# Made beforehand: the load generator must not be what is measured.
_SCRIPT = """local before, after = {before}, {after}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer none"
local requests, count = {{}}, 0
function init(args)
  for number = 1, {texts} do
    requests[number] = wrk.format(nil, nil, nil, before .. string.format("%09d", number) .. after)
  end
end
function request()
  count = count % {texts} + 1
  return requests[count]
end
"""
_TEXTS = 8192  # more than gearshift remembers


@dataclass(frozen=True)
class Result:
    """One round of wrk."""

    rate: float
    p50_us: float
    cpu_us: float
    errors: int


def body(**more: object) -> bytes:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": TEXT + " #"}]
    asked = {"model": "auto", "messages": messages, "temperature": 0.7, "max_tokens": 256, **more}
    return json.dumps(asked, separators=(",", ":")).encode()


def script(folder: Path, *, is_varied: bool) -> Path:
    """Every request with another text, or all with the same one."""
    before, after = body().decode().split("#")
    path = folder / ("varied.lua" if is_varied else "repeated.lua")
    path.write_text(
        _SCRIPT.format(
            before=json.dumps(before), after=json.dumps(after), texts=_TEXTS if is_varied else 1
        )
    )
    return path


def measured(peer: Peer, lua: Path, connections: int, seconds: float) -> Result:
    """One round."""
    command: Sequence[str] = [
        *(wrk(), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"),
        *("--latency", "-s", str(lua), peer.url),
    ]
    before = peer.cpu_seconds()
    said = subprocess.run(
        pinned(LOAD_CORE, command), check=True, capture_output=True, text=True, timeout=300
    ).stdout
    cpu = peer.cpu_seconds() - before
    count = int(_found(r"(\d+) requests in", said))
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", said)))
    errors += int(_found(r"Non-2xx or 3xx responses: (\d+)", said))
    return Result(
        float(_found(r"Requests/sec:\s*([\d.]+)", said)),
        _microseconds(_found(r"50%\s*([\d.]+\w+)", said)),
        cpu / max(1, count) * 1e6,
        errors,
    )


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    return match[1] if match else "0"


def _microseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    if match is None:
        return 0.0
    return float(match[1]) * {"us": 1.0, "ms": 1e3, "s": 1e6}[match[2]]
