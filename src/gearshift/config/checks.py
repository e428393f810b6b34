"""Checks of settings against each other: tiers against upstreams, wishes against this version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gearshift import registry
from gearshift.config.model import Settings
from gearshift.config.sections.access import SAFE_CHARACTERS
from gearshift.config_file.messages import nearest
from gearshift.constants.model_constants import EMBEDDINGS
from gearshift.errors import Problem
from gearshift.extras import require
from gearshift.providers.base import PullingProvider, UpstreamConfig
from gearshift.tiered_routing.tier_config import TierConfig


def deployment_problems(routing: TierConfig, upstreams: Sequence[UpstreamConfig]) -> list[Problem]:
    """Every model of a tier that no upstream can have, by what the upstreams list."""
    if not upstreams:
        return []
    return [
        problem
        for key, entry in _entries(routing)
        if (problem := _deployment_problem(key, entry, upstreams)) is not None
    ]


def embeddings_problems(settings: Settings) -> list[Problem]:
    """The model for embeddings, if no upstream can have it."""
    model, upstreams = settings.embeddings.model, settings.upstream_configs()
    if model is None or not upstreams:
        return []
    problem = _deployment_problem("embeddings.model", model, upstreams)
    return [] if problem is None else [problem]


def unavailable(settings: Settings) -> list[Problem]:
    """What is configured and has no effect, as it is switched off or not available yet."""
    cache = settings.cache
    wishes = {
        "tiered_routing.escalate": settings.tiered_routing.escalate,
    }
    message = "is configured, but not available in this version"
    problems = [Problem(key, message, "it has no effect") for key, is_so in wishes.items() if is_so]
    if cache.redis_url is not None and not cache.enabled:
        message = "is configured, but the cache is off"
        problems.insert(0, Problem("cache.redis_url", message, "set cache.enabled to true"))
    return problems


def weak_keys(settings: Settings) -> list[Problem]:
    """Every API key, and the admin token, that is short enough to be guessed with patience."""
    message = f"has fewer than {SAFE_CHARACTERS} characters"
    token = settings.admin.token.get_secret_value()
    keys = [
        f"auth.api_keys.{index}" for index, key in enumerate(settings.auth.api_keys) if key.is_short
    ]
    keys += ["admin.token"] if 0 < len(token) < SAFE_CHARACTERS else []
    return [Problem(key, message, "`gearshift key` makes a longer one") for key in keys]


def require_extras(settings: Settings) -> None:
    """What a gateway with these settings will need in its background, looked for before it starts.

    Raises:
        MissingExtraError: An optional package is not installed.
    """
    log, quality = settings.decision_log, settings.quality
    if log.enabled and (log.url or "").startswith("postgresql"):
        require("postgres", "decision_log.url", "psycopg")
    if quality.shadow_share > 0 and quality.judge == "checks":
        require("quality", "quality.judge: checks", "jsonschema", "py3langid")
    cache = settings.cache
    if cache.enabled and (cache.redis_url is not None or cache.backend == "redis"):
        require("redis", "a cache in Redis", "hiredis")
    if settings.shared_state.redis_url is not None:
        require("redis", "shared state in Redis", "hiredis")
    if quality.auto_tune.enabled:
        require("quality", "quality.auto_tune", "scipy")


def key_problems(settings: Settings) -> list[Problem]:
    """Every tier of an API key that does not exist."""
    names = [*(tier.name for tier in settings.tiered_routing.ordered_tiers), EMBEDDINGS]
    return [
        Problem(f"auth.api_keys.{index}.tiers.{position}", f"no tier {tier!r}", _other(tier, names))
        for index, key in enumerate(settings.auth.api_keys)
        for position, tier in enumerate(key.tiers)
        if tier not in names
    ]


def _other(name: str, names: Sequence[str]) -> str:
    guess = nearest(name, names)
    return f"did you mean {guess!r}?" if guess else f"the tiers are: {', '.join(names)}"


def _entries(routing: TierConfig) -> Iterator[tuple[str, str]]:
    if not routing.tiers:
        yield "tiered_routing.models.simple", routing.models.simple
        yield "tiered_routing.models.complex", routing.models.complex
    for position, tier in enumerate(routing.tiers):
        for index, entry in enumerate(tier.deployments):
            yield f"tiered_routing.tiers.{position}.deployments.{index}", entry


def _deployment_problem(
    key: str, entry: str, upstreams: Sequence[UpstreamConfig]
) -> Problem | None:
    prefix, _, rest = entry.partition("/")
    for upstream in upstreams:
        if upstream.name == prefix and rest:
            return _listing_problem(key, rest, upstream)
    listings = [_listed(upstream) for upstream in upstreams]
    if not all(listings) or any(_has(listing, entry) for listing in listings):
        return None
    names = list(dict.fromkeys(model for listing in listings for model in listing))
    full = [f"{u.name}/{m}" for u in upstreams for m in _listed(u)]
    guess = nearest(entry, [*names, *full])
    if guess is None and any(_can_pull(upstream) for upstream in upstreams):
        return None  # it may get what it does not have yet; `doctor` tells what is missing
    advice = f"did you mean {guess!r}?" if guess else f"they list: {', '.join(names[:8])}"
    return Problem(key, f"no upstream lists {entry!r}", advice)


def _listing_problem(key: str, model: str, upstream: UpstreamConfig) -> Problem | None:
    listing = _listed(upstream)
    if not listing or _has(listing, model):
        return None
    guess = nearest(model, listing)
    advice = f"did you mean {guess!r}?" if guess else f"it lists: {', '.join(listing[:8])}"
    return Problem(key, f"upstream {upstream.name!r} does not list {model!r}", advice)


def _can_pull(upstream: UpstreamConfig) -> bool:
    return issubclass(registry.find("providers", upstream.provider), PullingProvider)


def _listed(upstream: UpstreamConfig) -> tuple[str, ...]:
    return upstream.models


def _has(listing: Sequence[str], model: str) -> bool:
    return any(_tagged(model) == _tagged(other) for other in listing)


def _tagged(model: str) -> str:
    """Ollama's rule: a name without a tag means its `latest`."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"
