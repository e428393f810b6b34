"""Decision: where a request goes and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from gearshift.types.deployments import Deployment
from gearshift.types.json_values import JsonObject


class Cause(StrEnum):
    """Why a request went where it went."""

    SCORED = "scored"
    FORCED = "forced"
    SESSION = "session"
    CAPABILITY = "capability"
    RESIDENCY = "residency"
    EXPERIMENT = "experiment"
    FALLBACK = "fallback"
    ESCALATION = "escalation"
    DISABLED = "disabled"
    SCORER_FAILED = "scorer_failed"


class Decision(NamedTuple):
    """Where a request goes and why: made once, the same in header, log, metrics and Python.

    Attributes:
        id: Unique: `dec-` and 24 hex digits.
        time: Seconds since 1970-01-01, UTC.
        tier: The tier that answers; empty for a model outside the tiers.
        model: The model's name, as its upstream spells it.
        upstream: The configured name of the upstream.
        provider: The upstream's kind (`ollama`, `openai`, `embedded`).
        score: 0-10, or `None` where nothing was scored (the client named a concrete model).
        factors: 0-3 for each of `length, code, technical, multi_step, question`.
        contributions: What each factor adds to the score; they sum to it.
        reason: One line for people.
        cause: What settled the tier: the score, the client, a fallback ...
        scorer: The scorer's name.
        scorer_version: Changes when the same text may get another score.
        threshold: The score from which the next tier up begins, 0-10.
        config_hash: 12 hex digits that change when a setting changes.
        session: The client's name for the conversation, if it gave one.
        propensity: Probability, above 0 and up to 1, with which such a request is sent to this
            tier, over everything that is randomised: experiments and exploration.
        fallback: `first->answered` tiers (deployments if the tier is the same), if the first
            choice failed.
        arms: The experiments it takes part in, as `name:arm`, separated by commas.
        sample_rate: The sampling rate (0-1) with which it was selected for judging, if it was.
        movable: Whether the score settles the tier: a low one would send it to the smallest tier,
            any other one elsewhere. False where the client, its permissions, or what the request
            needs settle the tier.

    Example:
        >>> import asyncio
        >>> from gearshift import LLMInterface
        >>> async def main() -> Decision:
        ...     async with LLMInterface() as llm:
        ...         answer = await llm.chat_completion("What time is it?")
        ...         return answer.decision
        >>> decision = asyncio.run(main())
        >>> decision.tier, decision.cause.value, decision.score < 3
        ('simple', 'scored', True)
    """

    id: str
    time: float
    tier: str
    model: str
    upstream: str
    provider: str
    score: float | None
    factors: Mapping[str, float]
    contributions: Mapping[str, float]
    reason: str
    cause: Cause
    scorer: str
    scorer_version: str
    threshold: float
    config_hash: str
    session: str | None = None
    propensity: float = 1.0
    fallback: str | None = None
    arms: str | None = None
    sample_rate: float | None = None
    movable: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """Tier, model and upstream of the deployment that answers, or did."""
        return self.tier, self.model, self.upstream

    @property
    def deployment(self) -> Deployment:
        """The deployment that answers, or did."""
        return Deployment(self.upstream, self.model)

    def to_json(self) -> JsonObject:
        """The decision as a JSON object under the names of its fields, as `/v1/route` returns it.

        Example:
            >>> from gearshift import LLMInterface
            >>> from gearshift.client.requests import chat_request
            >>> decision = LLMInterface().decide(chat_request("What time is it?"))
            >>> decision.to_json()["model"]
            'gemma2:2b'
        """
        record = self._asdict()
        record["factors"] = dict(self.factors)
        record["contributions"] = dict(self.contributions)
        record["cause"] = self.cause.value
        return record
