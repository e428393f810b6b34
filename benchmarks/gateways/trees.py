"""Two trees of this repository beside each other: CPU time of requests and starts, and memory.

    python -m benchmarks.gateways.trees OTHER/.venv/bin/python FILE.jsonl.gz… [--rounds 7]

For changes that should cost nothing. The trees take turns, as in `benchmarks.gateways`; each start
gives one ratio, this tree's figure by the other's. FILEs hold the prompts (`"prompt": …`), so that
texts differ as real ones do.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median, quantiles

from benchmarks.gateways.peers import LOAD_CORE, Peer, fake_upstream, gearshift, pinned, wrk
from gearshift.evaluation.jsonl import read_lines

_SHORTEST, _LONGEST, _MOST = 100, 3000, 8192
_WARM_SECONDS, _SECONDS = 1, 6
_LUA = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local requests, count = {}, 0
function init(args)
  for line in io.lines("FILE") do requests[#requests + 1] = wrk.format(nil, nil, nil, line) end
end
function request()
  count = count % #requests + 1
  return requests[count]
end
"""
Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", help="the other tree's Python, with that tree installed")
    parser.add_argument("files", nargs="+", help="prompts")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    figures: dict[str, list[Figures]] = {given.other: [], sys.executable: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = _prompts(given.files)
        scripts = {"whole": _script(folder, texts, stream=False)}
        scripts["streamed"] = _script(folder, texts, stream=True)
        with fake_upstream(folder) as upstream:
            for number in range(given.rounds):
                for python in sorted(figures, reverse=bool(number % 2)):
                    figures[python].append(_measured(folder, upstream, python, scripts))
                    print(".", end="", file=sys.stderr, flush=True)
    _report(figures[given.other], figures[sys.executable])


def _prompts(files: Iterable[str]) -> list[str]:
    lines = (line.value["prompt"] for file in files for line in read_lines(file))
    texts = [text for text in lines if _SHORTEST < len(text) < _LONGEST]
    random.Random(3).shuffle(texts)
    return texts[:_MOST]


def _script(folder: Path, texts: Sequence[str], *, stream: bool) -> Path:
    bodies, script = folder / f"{stream}.txt", folder / f"{stream}.lua"
    said = ([{"role": "user", "content": text}] for text in texts)
    asked = ({"model": "auto", "messages": messages, "stream": stream} for messages in said)
    bodies.write_text("\n".join(map(json.dumps, asked)))
    script.write_text(_LUA.replace("FILE", str(bodies)))
    return script


def _measured(folder: Path, upstream: Peer, python: str, scripts: dict[str, Path]) -> Figures:
    """One start, whole answers by 16 clients, streams of 50 events by 64."""
    own = Path(tempfile.mkdtemp(dir=folder))  # with a decision log of its own
    with gearshift(own, upstream, python=python) as peer:
        figures = {"start, s": peer.cpu_seconds()}
        for (kind, script), clients in zip(scripts.items(), (16, 64), strict=True):
            _load(peer, script, clients, _WARM_SECONDS)
            before = peer.cpu_seconds()
            count = _load(peer, script, clients, _SECONDS)
            figures[f"{kind}, µs"] = (peer.cpu_seconds() - before) / count * 1e6
        return {**figures, "memory, MB": peer.pss_mb()}


def _load(peer: Peer, script: Path, clients: int, seconds: int) -> int:
    options = ("-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script))
    command = pinned(LOAD_CORE, (wrk(), *options, peer.url))
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    count = re.search(r"(\d+) requests in", said)
    assert count is not None, said
    return int(count[1])


def _report(others: Sequence[Figures], ours: Sequence[Figures]) -> None:
    ratios: dict[str, list[float]] = defaultdict(list)
    for other, our in zip(others, ours, strict=True):
        for name in our:
            ratios[name].append(our[name] / other[name])
    print("\n| | other | this | ratio: median, quartiles |\n|---|---|---|---|")
    for name, found in ratios.items():
        low, _, high = quantiles(found, n=4)
        before, after = (median(row[name] for row in rows) for rows in (others, ours))
        ratio = f"{median(found):.3f} ({low:.3f}–{high:.3f})"
        print(f"| {name} | {before:.4g} | {after:.4g} | {ratio} |")


if __name__ == "__main__":
    main()
