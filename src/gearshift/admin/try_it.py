"""Try it: one prompt, its score, and what both tiers answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gearshift.admin.desk import Desk
from gearshift.client.requests import chat_request
from gearshift.errors import GearshiftError, RequestError
from gearshift.tiered_routing.scorer import ExplainingScorer
from gearshift.types import JsonObject

_LONGEST = 20_000
_TOKENS = 512


async def facts(desk: Desk, query: Mapping[str, str]) -> JsonObject:
    """What the page needs before anything is tried."""
    del query
    tiers = desk.llm.settings.tiered_routing.ordered_tiers
    return {"tiers": [tiers[0].name, tiers[-1].name]}


async def answer(desk: Desk, body: JsonObject) -> JsonObject:
    """Score a prompt and, unless told otherwise, have the lowest and the highest tier answer it.

    Raises:
        RequestError: 400 for what is no prompt.
    """
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise RequestError("prompt must be a text", field="prompt")
    if len(prompt) > _LONGEST:
        raise RequestError(f"prompt has more than {_LONGEST:,} characters", field="prompt")
    decision = desk.llm.decide(chat_request(prompt))
    found: JsonObject = {"decision": decision.to_json(), "evidence": _evidence(desk, prompt)}
    if body.get("answers", True):
        tiers = (await facts(desk, {}))["tiers"]
        answers = await asyncio.gather(*(_answer(desk, prompt, tier) for tier in tiers))
        found["answers"] = list(answers)
    return found


def _evidence(desk: Desk, prompt: str) -> list[JsonObject]:
    scorer = desk.llm.router.scorer
    if not isinstance(scorer, ExplainingScorer):
        return []
    return [one._asdict() for one in scorer.evidence(prompt)]


async def _answer(desk: Desk, prompt: str, tier: str) -> JsonObject:
    started = time.perf_counter()
    try:
        found = await desk.llm.chat_completion(prompt, tier=tier, max_tokens=_TOKENS)
    except GearshiftError as error:
        return {"tier": tier, "error": str(error)}
    return {
        "tier": found.tier,
        "model": found.model,
        "text": found.content,
        "seconds": time.perf_counter() - started,
        "tokens": None if found.usage is None else found.usage.completion_tokens,
    }
