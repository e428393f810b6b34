"""What the answer cache saves on a synthetic trace of repeated prompts.

Usage: python -m benchmarks.repeated_prompts [--requests N] [--prompts N] [--seed N]

No published trace with its prompts can be had here, so this one is made up, and says how: prompts
are drawn by Zipf's law (exponent 1) from as many different ones; a tenth is a question that the
rule sends to the large model; of the requests a fifth has `temperature: 0.7`, which is never
cached, the others 0; a half streams. They are answered one after the other by the demo models of
`gearshift serve --demo`, which are real llama.cpp; compute is counted with the sizes of the models
that they stand for.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gearshift import LLMInterface
from gearshift.config.loading import Settings
from gearshift.config.sections.cache import CacheSettings
from gearshift.constants.model_constants import COMPLEX_TIER_MODEL, SIMPLE_TIER_MODEL
from gearshift.constants.model_sizes import parameters_of
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.demo_model import demo_models
from gearshift.providers.embedded_settings import EmbeddedOptions
from gearshift.telemetry.compute import Accounting, worked_on
from gearshift.telemetry.events import RequestFinished

_THINGS: Final = ("time", "tide", "port", "moon", "river", "train", "bread", "tax", "flag", "key")
_HARD: Final = "Explain step by step how to debug a deadlock in async Python code with {} threads"


def prompts(count: int) -> list[str]:
    """So many different ones."""
    return [
        _HARD.format(number) if number % 10 == 9 else f"What is {_THINGS[number % 9]} {number}?"
        for number in range(count)
    ]


async def events(options: argparse.Namespace, folder: Path) -> list[RequestFinished]:
    """How the requests of the trace have ended."""
    chance = random.Random(options.seed)
    texts = prompts(options.prompts)
    weights = [1 / (rank + 1) for rank in range(len(texts))]
    tiers = {"simple": SIMPLE_TIER_MODEL, "complex": COMPLEX_TIER_MODEL}
    paths = {tiers[tier]: str(path) for tier, path in demo_models(tiers, folder).items()}
    upstream = UpstreamConfig("demo", "embedded", "", options=EmbeddedOptions(paths))
    told: list[RequestFinished] = []
    settings = Settings(cache=CacheSettings(enabled=True))
    async with LLMInterface(settings, sinks=[told.append], upstreams=[upstream]) as llm:
        for _ in range(options.requests):
            text = chance.choices(texts, weights)[0]
            temperature = 0.7 if chance.random() < 0.2 else 0.0
            if chance.random() < 0.5:
                async for _ in await llm.chat_completion(
                    text, stream=True, temperature=temperature
                ):
                    pass
            else:
                await llm.chat_completion(text, temperature=temperature)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--prompts", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        told = asyncio.run(events(options, Path(folder)))
    results = Counter(event.cache.result.value for event in told if event.cache)
    accounting = Accounting(
        lambda _, model: parameters_of(model), lambda: ("demo", COMPLEX_TIER_MODEL)
    )
    computes = [compute for event in told if (compute := accounting.of(event)) is not None]
    spent, spared = sum(c.used for c in computes), sum(c.spared for c in computes)
    tokens = sum(worked_on(event.usage) for event in told if event.usage)
    saved = sum(worked_on(event.saved) for event in told if event.saved)
    print(f"{len(told):,} requests: {dict(results)}")
    print(f"tokens: {tokens:,} worked on, {saved:,} saved ({saved / (tokens + saved):.1%})")
    print(f"FLOPs: {spent:.3g} spent, {spared:.3g} saved ({spared / (spent + spared):.1%})")


if __name__ == "__main__":
    main()
