"""Try it: one prompt, its score, and what both tiers answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gearshift.admin.context import AdminContext
from gearshift.client.requests import chat_request
from gearshift.errors import GearshiftError, RequestError
from gearshift.tiered_routing.scorer import ExplainingScorer
from gearshift.types import JsonObject

_LONGEST = 20_000
_TOKENS = 512


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """What the page needs before anything is tried."""
    del query
    tiers = context.llm.settings.tiered_routing.ordered_tiers
    return {"tiers": [tiers[0].name, tiers[-1].name]}


async def answer(context: AdminContext, body: JsonObject) -> JsonObject:
    """Score a prompt and, unless told otherwise, have the lowest and the highest tier answer it.

    Raises:
        RequestError: 400 for what is no prompt.
    """
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise RequestError("prompt must be a string", field="prompt")
    if len(prompt) > _LONGEST:
        raise RequestError(f"prompt has more than {_LONGEST:,} characters", field="prompt")
    decision = context.llm.decide(chat_request(prompt))
    shown: JsonObject = {"decision": decision.to_json(), "evidence": _evidence(context, prompt)}
    if body.get("answers", True):
        tiers = (await facts(context, {}))["tiers"]
        answers = await asyncio.gather(*(_answer(context, prompt, tier) for tier in tiers))
        shown["answers"] = list(answers)
    return shown


def _evidence(context: AdminContext, prompt: str) -> list[JsonObject]:
    scorer = context.llm.router.scorer
    if not isinstance(scorer, ExplainingScorer):
        return []
    return [word._asdict() for word in scorer.evidence(prompt)]


async def _answer(context: AdminContext, prompt: str, tier: str) -> JsonObject:
    started = time.perf_counter()
    try:
        completion = await context.llm.chat_completion(prompt, tier=tier, max_tokens=_TOKENS)
    except GearshiftError as error:
        return {"tier": tier, "error": str(error)}
    return {
        "tier": completion.tier,
        "model": completion.model,
        "text": completion.content,
        "seconds": time.perf_counter() - started,
        "tokens": None if completion.usage is None else completion.usage.completion_tokens,
    }
