"""Candidate and RoutingContext: who may be asked, and what the router is told beside the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gearshift.errors import RequestError
from gearshift.types import Capability, Deployment

# The estimate of tokens may be wrong by a factor of two in either direction, not by four.
_CERTAINLY_TOO_LONG: Final = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deployment that can be asked, with what is known of it.

    Attributes:
        provider: The kind of its upstream (`ollama`, `openai`, `embedded`).
        tier: The tier it answers for; empty for a model outside the tiers.
        capabilities: `None` when unknown, which counts as capable.
        context_length: Tokens; `None` when unknown, which counts as enough.
    """

    deployment: Deployment
    provider: str
    tier: str
    capabilities: frozenset[Capability] | None = None
    context_length: int | None = None

    def can_answer(self, needs: frozenset[Capability], prompt_tokens: int) -> bool:
        """Whether nothing known speaks against it."""
        if self.context_length is not None and prompt_tokens > self.context_length:
            return False
        return self.capabilities is None or needs <= self.capabilities


class RoutingContext(NamedTuple):
    """What the router is told besides the score.

    Attributes:
        targets: The deployments of each tier, best first.
        forced_tier: The tier that the client named, if it did.
        needs: Capabilities without which an answer would be an error.
        prompt_tokens: Estimated length of the whole prompt.
        allowed_tiers: The tiers that the client may use; `None` for all.
        session_tier: The tier that the conversation is on, if it is known; it does not go below.
    """

    targets: Mapping[str, Sequence[Candidate]]
    forced_tier: str | None = None
    needs: frozenset[Capability] = frozenset()
    prompt_tokens: int = 0
    allowed_tiers: frozenset[str] | None = None
    session_tier: str | None = None

    def check_length(self) -> None:
        """Refuse a prompt that no estimate could make fit, rather than let an engine count it.

        Raises:
            RequestError: 400.
        """
        lengths = [t.context_length for targets in self.targets.values() for t in targets]
        if any(length is None for length in lengths):
            return
        longest = max((length for length in lengths if length is not None), default=0)
        if longest and self.prompt_tokens > _CERTAINLY_TOO_LONG * longest:
            raise RequestError(
                f"the prompt has roughly {self.prompt_tokens} tokens; the longest context of "
                f"any model is {longest}",
                field="messages",
                code="context_length_exceeded",
            )
