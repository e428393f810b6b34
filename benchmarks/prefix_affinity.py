"""How much of the prompts two llama.cpp servers need not read again, with and without affinity.

Usage: python -m benchmarks.prefix_affinity [--chats N] [--turns N] [--seed N]

Chats of several turns go on side by side, four at a time, at two servers that each hold four of
them (`--parallel 4`), with the tiny demo model. A third of the chats share a system prompt. All
prompts are sent by `LLMInterface`, and what was cached is what the servers say of each answer.

- `first`: without affinity, all requests go to the first server while it answers;
- `at random`: as a balancer in front of both would spread them;
- `affinity`: with `cache.prefix_affinity`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any, Final

from gearshift import LLMInterface
from gearshift.config.loading import Settings
from gearshift.config.sections.cache import CacheSettings
from gearshift.pipeline.prefix_affinity import PrefixAffinity
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.demo_model import write_demo_model
from gearshift.providers.embedded_settings import EmbeddedOptions
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import ChatRequest, Usage

_MODEL: Final = "gemma2:2b"
_AT_ONCE: Final = 4
_WORDS: Final = (
    *("the", "cache", "keeps", "what", "an", "engine", "has", "read", "of", "a", "prompt"),
    *("and", "nothing", "else", "at", "all"),
)


class AtRandom(PrefixAffinity):
    """Sends each request anywhere."""

    def ordered(
        self, request: ChatRequest, candidates: tuple[Candidate, ...]
    ) -> tuple[tuple[Candidate, ...], tuple[int, ...]]:
        """The candidates in any order."""
        return tuple(random.sample(candidates, len(candidates))), ()


def servers_of(path: Path) -> list[UpstreamConfig]:
    """Two engines with the same model."""
    options = EmbeddedOptions({_MODEL: str(path)}, parallel=4, context_tokens=16_384, threads=1)
    return [
        UpstreamConfig(name, "embedded", "", models=(_MODEL,), options=options)
        for name in ("one", "two")
    ]


async def measured(path: Path, how: str, options: argparse.Namespace) -> tuple[float, list[int]]:
    """The share of prompt tokens that was cached, and the requests of each server."""
    chance = random.Random(options.seed)
    random.seed(options.seed)
    usages: list[Usage] = []
    servers: list[str] = []
    settings = Settings(cache=CacheSettings(prefix_affinity=how != "first"))
    async with LLMInterface(settings, upstreams=servers_of(path)) as llm:
        if how == "at random":
            llm._upstreams.affinity = AtRandom(llm.admission.busy, llm.circuits)
        chats = [_begun(chance, number) for number in range(options.chats)]
        for _ in range(options.turns):
            chance.shuffle(chats)
            for start in range(0, len(chats), _AT_ONCE):
                some = chats[start : start + _AT_ONCE]
                for answer in await asyncio.gather(*(_turn(llm, chat, chance) for chat in some)):
                    usages.append(answer.usage)
                    servers.append(answer.decision.upstream)
    cached = sum(usage.cached_tokens for usage in usages)
    share = cached / sum(usage.prompt_tokens for usage in usages)
    return share, [servers.count(name) for name in ("one", "two")]


def _begun(chance: random.Random, number: int) -> list[dict[str, str]]:
    system = (
        "You are kind." if number % 3 == 0 else f"You are number {number}. " + _text(chance, 12)
    )
    return [{"role": "system", "content": system}]


async def _turn(llm: LLMInterface, chat: list[dict[str, str]], chance: random.Random) -> Any:
    chat.append({"role": "user", "content": _text(chance, 10)})
    answer = await llm.chat_completion(chat, tier="simple", temperature=0, max_tokens=16)
    chat.append({"role": "assistant", "content": str(answer)})
    return answer


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chats", type=int, default=12)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.gguf"
        write_demo_model(path, "It is noon, and all is well.")
        for how in ("first", "at random", "affinity"):
            share, servers = asyncio.run(measured(path, how, options))
            print(f"{how}: {share:.1%} of the prompt tokens cached; requests {servers}", flush=True)


if __name__ == "__main__":
    main()
