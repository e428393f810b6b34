"""TieredModelRouter: a score and its context in, one tier and its candidates out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gearshift.errors import RequestError
from gearshift.tiered_routing.allowed_tiers import not_allowed
from gearshift.tiered_routing.candidates import Candidate, RoutingContext
from gearshift.tiered_routing.complexity_scorer import ComplexityResult, TaskComplexityScorer
from gearshift.tiered_routing.conversation import SIDE_CALL_NOTE
from gearshift.tiered_routing.scorer import Scorer
from gearshift.tiered_routing.scorer_checks import checked, described, failed
from gearshift.tiered_routing.tier_config import TierConfig
from gearshift.types import Cause


class RoutingChoice(NamedTuple):
    """The router's choice: the tier, why, and whom to ask in which order.

    Attributes:
        candidates: Never empty; the first is asked first, the rest are fallbacks.
        reason: One line for people.
    """

    tier: str
    cause: Cause
    candidates: tuple[Candidate, ...]
    reason: str


class _Usual(NamedTuple):
    """Each tier's candidates for plain requests, for which targets, and up to which length."""

    targets: object
    candidates: Mapping[str, tuple[Candidate, ...]] | None
    most_tokens: float


class TieredModelRouter:
    """Sends a request to the cheapest tier that its score allows. Pure.

    Args:
        config: Tiers, models and fallbacks; the defaults if `None`.
        scorer: What scores; the design's rule if `None`.

    Attributes:
        config: The settings it was made with.
        scorer: What scores.
        tiers: The names of the tiers, the smallest first.

    Example:
        >>> model, result = TieredModelRouter(TierConfig()).route("What time is it?")
        >>> model, result.tier
        ('gemma2:2b', 'simple')
    """

    def __init__(self, config: TierConfig | None = None, scorer: Scorer | None = None) -> None:
        self.config = config or TierConfig()
        self.scorer: Scorer = scorer or TaskComplexityScorer(self.config)
        tiers = self.config.ordered_tiers
        self._models = {tier.name: tier.deployments[0] for tier in tiers}
        self.tiers = tuple(self._models)
        self._bounds = tuple((tier.name, tier.below) for tier in tiers)
        self._is_ours = type(self.scorer).__module__.partition(".")[0] == "gearshift"
        # One value, so that a thread never sees the targets of one and the candidates of another.
        self._usual_of_targets = _Usual(None, None, 0.0)

    def route(self, messages: str | Sequence[Mapping[str, Any]]) -> tuple[str, ComplexityResult]:
        """The model for a text or a conversation, and the score that chose it; never raises.

        Args:
            messages: A text, or turns in OpenAI's shape.

        Example:
            >>> TieredModelRouter().route("Explain async vs threads")[0]
            'mistral:7b-instruct'
        """
        result = self.score(messages)
        return self._models[result.tier if self.config.enabled else self.tiers[-1]], result

    def score(self, messages: str | Sequence[Mapping[str, Any]]) -> ComplexityResult:
        """The scorer's result; if the scorer fails, a result that says why in `failure`.

        A scorer that raises or returns an impossible result does not fail the request: the last
        tier can answer anything.

        Args:
            messages: A text, or turns in OpenAI's shape.

        Example:
            >>> TieredModelRouter().score("What time is it?").tier
            'simple'
        """
        try:
            result = self.scorer.score(messages)
            return result if self._is_ours else checked(result, self._bounds)
        except Exception as error:  # noqa: BLE001 - anybody's code, at the router's edge
            return failed(self._bounds, described(error))

    def decide(self, result: ComplexityResult, context: RoutingContext) -> RoutingChoice:
        """The tier for a score under the given context, with its fallbacks.

        Args:
            result: The score.
            context: The deployments, and what the client and the request demand.

        Raises:
            RequestError: The forced tier does not exist or is not allowed, no tier has any
                deployment, or the prompt is far too long for every one of them.

        Example:
            >>> from gearshift.types import Deployment
            >>> small = Candidate(Deployment("local", "gemma2:2b"), "ollama", "simple")
            >>> large = Candidate(Deployment("local", "mistral:7b-instruct"), "ollama", "complex")
            >>> context = RoutingContext({"simple": [small], "complex": [large]})
            >>> router = TieredModelRouter()
            >>> route = router.decide(router.score("What time is it?"), context)
            >>> route.tier, [str(candidate.deployment) for candidate in route.candidates]
            ('simple', ['local/gemma2:2b', 'local/mistral:7b-instruct'])
        """
        if context.session_tier is not None and result.note == SIDE_CALL_NOTE:
            context = context._replace(session_tier=None)  # it is none of the conversation's turns
        route = self.sent_to(result.tier, result.reasoning, context)
        if result.failure and route.cause is Cause.SCORED:
            return route._replace(cause=Cause.SCORER_FAILED)
        return route

    def sent_to(self, tier: str, reason: str, context: RoutingContext) -> RoutingChoice:
        """The same for a tier that the score has chosen, or might have chosen.

        Args:
            tier: The name of a configured tier.
            reason: Why, in one line for people.
            context: The deployments, and what the client and the request demand.

        Raises:
            RequestError: As `decide`.

        Example:
            >>> from gearshift.types import Deployment
            >>> small = Candidate(Deployment("local", "gemma2:2b"), "ollama", "simple")
            >>> large = Candidate(Deployment("local", "mistral:7b-instruct"), "ollama", "complex")
            >>> context = RoutingContext({"simple": [small], "complex": [large]})
            >>> router = TieredModelRouter()
            >>> router.sent_to("complex", "", context._replace(forced_tier="simple")).tier
            'simple'
        """
        usual = self._usual(context)
        if usual is not None:
            return RoutingChoice(tier, Cause.SCORED, usual[tier], reason)
        tier, cause, reason = self._allowed(*self._tier(tier, reason, context), context)
        allowed = context.allowed_tiers
        if allowed is not None:
            tiers = context.targets.items()
            targets = {name: targets for name, targets in tiers if name in allowed}
            context = context._replace(targets=targets)
        context.check_length()
        candidates = self._candidates(tier, context)
        if not candidates:
            raise RequestError("no upstream serves any tier's model", status=503)
        if candidates[0].tier != tier:
            wanted = ", ".join(sorted(need.value for need in context.needs)) or "context"
            reason = f"{tier} cannot answer this ({wanted}); {reason}"
            tier, cause = candidates[0].tier, Cause.CAPABILITY
        return RoutingChoice(tier, cause, candidates, reason)

    def is_movable(self, context: RoutingContext) -> bool:
        """Whether a low score would send it to the smallest tier, and any other one elsewhere.

        Args:
            context: The deployments, and what the client and the request demand.

        Example:
            >>> from gearshift.types import Deployment
            >>> small = Candidate(Deployment("local", "gemma2:2b"), "ollama", "simple")
            >>> large = Candidate(Deployment("local", "mistral:7b-instruct"), "ollama", "complex")
            >>> context = RoutingContext({"simple": [small], "complex": [large]})
            >>> router = TieredModelRouter()
            >>> router.is_movable(context)
            True
            >>> router.is_movable(context._replace(forced_tier="complex"))
            False
        """
        if not self.config.enabled:
            return False
        if self._usual(context) is not None:
            return True
        try:
            reached = [self.sent_to(tier, "", context).tier for tier in self.tiers]
        except RequestError:
            return False
        lowest = self.tiers[0]
        return reached[0] == lowest and lowest not in reached[1:]

    def _usual(self, context: RoutingContext) -> Mapping[str, tuple[Candidate, ...]] | None:
        """Each tier's candidates for requests without special needs, made once for its targets."""
        if context.forced_tier is not None or context.needs or context.allowed_tiers is not None:
            return None
        if context.session_tier is not None:
            return None
        usual = self._usual_of_targets
        if context.targets is not usual.targets:
            usual = self._usual_of_targets = self._usual_of(context)
        return usual.candidates if context.prompt_tokens <= usual.most_tokens else None

    def _usual_of(self, context: RoutingContext) -> _Usual:
        """The candidates, and the longest prompt that fits all; none if a tier has nobody."""
        plain = context._replace(prompt_tokens=0)
        candidates = {tier: self._candidates(tier, plain) for tier in self.tiers}
        is_plain = all(first and first[0].tier == tier for tier, first in candidates.items())
        lengths = [
            target.context_length
            for targets in context.targets.values()
            for target in targets
            if target.context_length is not None
        ]
        usable = is_plain and self.config.enabled
        most_tokens = min(lengths, default=math.inf)
        return _Usual(context.targets, candidates if usable else None, most_tokens)

    def _tier(self, tier: str, reason: str, context: RoutingContext) -> tuple[str, Cause, str]:
        if context.forced_tier is not None:
            if context.forced_tier not in self._models:
                raise RequestError(
                    f"unknown tier {context.forced_tier!r}; the tiers are: {', '.join(self.tiers)}",
                    field="x-gearshift-tier",
                    code="unknown_tier",
                )
            return context.forced_tier, Cause.FORCED, "the client named the tier"
        if not self.config.enabled:
            return self.tiers[-1], Cause.DISABLED, "tiered routing is disabled"
        kept = context.session_tier
        if kept in self._models and self.tiers.index(kept) > self.tiers.index(tier):
            return kept, Cause.SESSION, f"the conversation is on {kept}; {reason}"
        return tier, Cause.SCORED, reason

    def _allowed(
        self, tier: str, cause: Cause, reason: str, context: RoutingContext
    ) -> tuple[str, Cause, str]:
        """The tier, or the nearest one that the client may use: rather above it than below."""
        allowed = context.allowed_tiers
        if allowed is None or tier in allowed:
            return tier, cause, reason
        position = self.tiers.index(tier)
        by_distance = (*self.tiers[position:], *self.tiers[:position][::-1])
        nearest = next((name for name in by_distance if name in allowed), None)
        if nearest is None or cause is Cause.FORCED:
            raise not_allowed(f"tier {tier!r}", allowed.intersection(self.tiers))
        return nearest, Cause.FORCED, f"the API key does not allow {tier}; {reason}"

    def _candidates(self, tier: str, context: RoutingContext) -> tuple[Candidate, ...]:
        position = self.tiers.index(tier)
        higher, lower = self.tiers[position + 1 :], self.tiers[:position][::-1]
        allowed = (
            tier,
            *(higher if self.config.fallback_to_complex else ()),
            *(lower if self.config.fallback_to_simple else ()),
        )
        # Capability comes before the settings about fallback: a model that cannot see an image
        # is no choice at all. If nobody can, the tier itself is asked, so that the upstream says
        # what is wrong.
        for names in (allowed, (*higher, *lower)):
            candidates = self._capable(names, context)
            if candidates:
                return candidates
        return tuple(context.targets.get(tier, ()))

    @staticmethod
    def _capable(names: Sequence[str], context: RoutingContext) -> tuple[Candidate, ...]:
        return tuple(
            target
            for name in names
            for target in context.targets.get(name, ())
            if target.can_answer(context.needs, context.prompt_tokens)
        )
