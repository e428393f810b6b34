"""Sends every prompt of a file through a gateway and checks each answer against the scorer.

    gearshift serve &
    python -m benchmarks.answer_all FILE.jsonl.gz [--url http://127.0.0.1:11435]

Every prompt must be answered by the tier that `gearshift score` names, with headers that agree.
Exits 1 if one is not.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

from gearshift import TaskComplexityScorer, TierConfig


def prompts(path: Path) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["prompt"] for line in file]


async def ask(session: aiohttp.ClientSession, url: str, prompt: str, *, stream: bool) -> list[str]:
    """What is wrong with the answer; nothing, if all is well."""
    result = TaskComplexityScorer(TierConfig()).score(prompt)
    body: dict[str, Any] = {
        "model": "auto",
        "messages": [{"role": "user", "content": prompt}],
        "stream": stream,
    }
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        answer = await response.text()
        headers = response.headers
    wrong = []
    if response.status != 200:
        return [f"status {response.status}: {answer[:100]}"]
    if headers["x-gearshift-tier"] != result.tier:
        wrong.append(f"tier {headers['x-gearshift-tier']}, scored {result.tier}")
    if headers["x-gearshift-score"] != f"{result.score:.2f}":
        wrong.append(f"score {headers['x-gearshift-score']}, scored {result.score:.2f}")
    if f'"model":"{headers["x-gearshift-model"]}"' not in answer:
        wrong.append("the body names another model")
    if stream and not answer.endswith("data: [DONE]\n\n"):
        wrong.append("the stream has no end")
    return wrong


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:11435")
    given = parser.parse_args()
    tiers: collections.Counter[str] = collections.Counter()
    wrong = 0
    async with aiohttp.ClientSession() as session:
        for number, prompt in enumerate(prompts(given.file), 1):
            tiers[TaskComplexityScorer(TierConfig()).score(prompt).tier] += 1
            for stream in (False, True):
                for line in await ask(session, given.url, prompt, stream=stream):
                    wrong += 1
                    print(f"prompt {number}, stream {stream}: {line}")
    print(f"{tiers.total()} prompts, each whole and streamed: {dict(tiers)}; {wrong} wrong")
    return 1 if wrong or len(tiers) < 2 else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
