"""A program that uses every public name; type checkers read it, nobody runs it.

`make check-wheel` checks it with mypy and pyright, both strict, against the installed wheel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_type

import gearshift
from gearshift import (
    Answer,
    AnswerStream,
    Chunk,
    ComplexityResult,
    ConfigError,
    Decision,
    Embeddings,
    GearshiftError,
    LLMInterface,
    RequestError,
    Settings,
    TaskComplexityScorer,
    TierConfig,
    TieredModelRouter,
    TierLogging,
    TierModels,
    UpstreamError,
    load_settings,
    serve,
)
from gearshift.config.loading import LoadedSettings
from gearshift.errors import FailureKind, Problem
from gearshift.serving.listeners import Addresses
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.tier_config import Tier
from gearshift.types import Cause, Deployment, ToolCall, Usage

Messages = list[dict[str, str]]


def configure() -> TierConfig:
    assert_type(gearshift.__version__, str)
    models = TierModels(simple="qwen2.5:1.5b", complex="mistral:7b-instruct")
    assert_type(models.simple, str)
    logging = TierLogging(log_scores=False)
    assert_type(logging.log_prompts, bool)
    config = TierConfig(complexity_threshold=4.5, models=models, logging=logging)
    assert_type(config.complexity_threshold, float)
    assert_type(config.tier_of(2.0), Tier)
    assert_type(config.ordered_tiers, tuple[Tier, ...])
    assert_type(TierConfig.from_mapping({"enabled": True}), TierConfig)
    return TierConfig.from_yaml(Path("config/ssot_config.yaml"), environ={})


def settings() -> Settings:
    loaded = load_settings("gearshift.yaml", overrides={"tiered_routing.scorer": "rule"})
    assert_type(loaded, LoadedSettings)
    assert_type(loaded.sources, Mapping[str, str])
    assert_type(loaded.file, Path | None)
    assert_type(loaded.settings, Settings)
    assert_type(loaded.settings.config_hash, str)
    assert_type(loaded.settings.limits.max_queue, int)
    assert_type(loaded.settings.tiered_routing, TierConfig)
    return loaded.settings


def score(config: TierConfig, messages: Messages) -> ComplexityResult:
    scorer = TaskComplexityScorer(config, remembered=0)
    a_scorer: Scorer = scorer  # what a scorer of one's own has to be
    assert_type(a_scorer.score("hi"), ComplexityResult)
    result = scorer.score(messages)
    assert_type(result, ComplexityResult)
    assert_type(result.score, float)
    assert_type(result.factors, Mapping[str, float])
    assert_type(result.contributions, Mapping[str, float])
    assert_type(result.tier, str)
    assert_type(result.reasoning, str)
    return result


def route(config: TierConfig, messages: Messages) -> str:
    router = TieredModelRouter(config)
    assert_type(router.tiers, tuple[str, ...])
    model, result = router.route(messages)
    assert_type(model, str)
    assert_type(result, ComplexityResult)
    return model


class HostInterface:
    """An application's own interface class, with the one line that adds tiered routing."""

    def __init__(self) -> None:
        self._tiers = LLMInterface(TierConfig())

    def _determine_provider_and_model(self, messages: Messages) -> tuple[str, str]:
        choose = self._tiers._determine_provider_and_model  # pyright: ignore[reportPrivateUsage]
        chosen = choose(messages=messages, tier="complex")
        return assert_type(chosen, tuple[str, str])


async def ask(config: TierConfig | Settings, messages: Messages) -> str:
    async with LLMInterface(config) as llm:
        assert_type(llm, LLMInterface)
        answer = await llm.chat_completion(messages, temperature=0.2)
        assert_type(answer, Answer)
        assert_type(answer.content, str)
        assert_type(answer.model, str)
        assert_type(answer.tool_calls, tuple[ToolCall, ...])
        assert_type(answer.usage, Usage | None)
        explain(answer.decision)
        assert_type(await llm.chat_completion("hi", stream=False), Answer)
        stream = await llm.chat_completion("hi", stream=True, model="auto")
        assert_type(stream, AnswerStream)
        async with stream as chunks:
            async for chunk in chunks:
                assert_type(chunk, Chunk)
                assert_type(chunk.content, str)
                assert_type(chunk.finish_reason, str | None)
        assert_type(stream.decision, Decision)
        assert_type(await stream.collect(), Answer)
        await stream.aclose()
        found = await llm.embed(["one", "two"], model="nomic-embed-text", dimensions=64)
        assert_type(found, Embeddings)
        assert_type(found.vectors, list[list[float]])
        assert_type(found.usage, Usage | None)
        assert_type([model.name for model in llm.served_models()], list[str])
        assert_type(llm.upstream_states()["local"].is_reachable, bool)
        return str(answer)


def explain(decision: Decision) -> dict[str, Any]:
    assert_type(decision.tier, str)
    assert_type(decision.score, float | None)
    assert_type(decision.cause, Cause)
    assert_type(decision.factors, Mapping[str, float])
    assert_type(decision.propensity, float)
    assert_type(decision.deployment, Deployment)
    return decision.to_json()


async def run(settings: Settings) -> None:
    stop = asyncio.Event()

    def ready(addresses: Addresses) -> None:
        assert_type(addresses.data, str)
        stop.set()

    serving = serve(settings, port=0, admin_port=0, ready=ready, stop=stop)
    assert_type(await serving, None)


async def main(messages: Messages) -> None:
    try:
        await ask(configure(), messages)
        await run(settings())
    except ConfigError as error:
        assert_type(error.problems, tuple[Problem, ...])
    except RequestError as error:
        assert_type(error.status, int)
        assert_type(error.field, str | None)
    except UpstreamError as error:
        assert_type(error.fault, FailureKind)
        assert_type(error.retry_after_seconds, float | None)
    except GearshiftError as error:
        assert_type(error.args, tuple[Any, ...])
        raise SystemExit(str(error)) from error
