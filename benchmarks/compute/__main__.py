"""`make bench-compute`: CPU time of always-large, tiered and always-small on true shapes.

Usage: python -m benchmarks.compute [--each N] [--answer-tokens N] [--threads N]
                                    [--prompts FILE.jsonl[.gz]]... [--json FILE]

Needs 6 GB on the disk and 12 GB of memory, and about a minute for each prompt. The prompts are
drawn from tests/golden/held_out.yaml, as many simple as complex ones, and from the given files
(a field `prompt`, such as MT-Bench's questions), which are no part of this repository.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.compute.findings import Asked, report
from benchmarks.compute.setting import Setting, models, running
from benchmarks.compute.shapes import SHAPES

_GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "held_out.yaml"
_SMALL, _LARGE = SHAPES
_ARMS = {"always-large": _LARGE, "tiered": "auto", "always-small": _SMALL}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=10, help="prompts of each kind")
    parser.add_argument("--answer-tokens", type=int, default=48)
    parser.add_argument("--threads", type=int, default=1, help="of each engine")
    parser.add_argument("--prompts", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path, help="where every single cost is kept")
    given = parser.parse_args()
    drawn = random.Random(1)
    prompts = [
        (kind, prompt)
        for kind, texts in (_golden() | _files(given.prompts)).items()
        for prompt in drawn.sample(texts, min(given.each, len(texts)))
    ]
    drawn.shuffle(prompts)
    with tempfile.TemporaryDirectory(prefix="gearshift-shapes-") as name:
        folder = Path(name)
        words = (word for _, prompt in prompts for word in re.findall(r"\w+", prompt))
        files = models(folder, words)
        with running(folder, files, given.threads) as setting:
            asked = _ask_all(setting, prompts, given.answer_tokens, drawn)
    if given.json:
        given.json.write_text(json.dumps([one.to_json() for one in asked]))
    print(report(asked, given.answer_tokens, given.threads))


def _ask_all(
    setting: Setting, prompts: list[tuple[str, str]], tokens: int, drawn: random.Random
) -> list[Asked]:
    for model in SHAPES:  # the first request of an engine also pays for its memory
        setting.ask(model, "Hello", tokens)
    asked = []
    for number, (kind, prompt) in enumerate(prompts, 1):
        arms = list(_ARMS.items())
        drawn.shuffle(arms)
        costs = {arm: setting.ask(model, prompt, tokens) for arm, model in arms}
        asked.append(Asked(kind, costs))
        said = ", ".join(f"{arm} {costs[arm].cpu_seconds:.1f}" for arm in _ARMS)
        print(f"{number}/{len(prompts)} {kind}: {said} CPU-s", file=sys.stderr, flush=True)
    return asked


def _golden() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"simple": [], "complex": []}
    for case in yaml.safe_load(_GOLDEN.read_text())["cases"]:
        found[case["tier"]].append(case["text"])
    return found


def _files(paths: list[Path]) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt") as lines:
            found[path.name.partition(".")[0]] = [json.loads(line)["prompt"] for line in lines]
    return found


if __name__ == "__main__":
    main()
