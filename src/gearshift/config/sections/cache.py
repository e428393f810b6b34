"""The `cache:` block of the settings: whether answers are kept, which ones, and where."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from gearshift import registry
from gearshift.config.fields import RedisUrl, Seconds, SecondsOrNone
from gearshift.config_file.messages import nearest, setting_error
from gearshift.config_file.model import Redacted, SettingsBlock, empty_is_none, reject_bool

_Location = Annotated[str, StringConstraints(min_length=1), Redacted]


class CacheSettings(SettingsBlock):
    """The answer cache.

    Attributes:
        enabled: Keep answers, and answer repeated requests with them.
        backend: What keeps them: `memory`, or what an installed package brings.
        location: Where, for back ends that need to be told; may hold a password.
        redis_url: A Redis behind it that all processes share; may hold a password.
        max_bytes: How much is kept, in each process.
        ttl_seconds: For how long.
        stale_seconds: For how long after that it is still given, while it is refreshed; or 0.
        replay_tokens_per_second: How fast streams from the cache are; at once if left out.
        only_deterministic: Only answers that the same request would get again.
        tool_calls: Answers that call tools, too.
        larger_tiers: A request is answered with what a larger tier answered, too.
        prefix_affinity: Conversations stay with the deployment that has read their beginning,
            where a tier has several of one model; whether or not answers are kept.
        timeout_seconds: How long a lookup may take before the upstream is asked instead.
    """

    enabled: bool = False
    backend: Annotated[str, StringConstraints(min_length=1)] = "memory"
    location: _Location | None = None
    redis_url: RedisUrl | None = None
    max_bytes: Annotated[int, BeforeValidator(reject_bool), Field(ge=10_000)] = 64_000_000
    ttl_seconds: Seconds = 3600.0
    stale_seconds: SecondsOrNone = 0.0
    replay_tokens_per_second: Seconds | None = None
    only_deterministic: bool = True
    tool_calls: bool = False
    larger_tiers: bool = True
    prefix_affinity: bool = False
    timeout_seconds: Seconds = 0.004

    _may_be_empty = field_validator("location", "redis_url", mode="before")(empty_is_none)

    @property
    def kept_seconds(self) -> float:
        """How long an answer is kept, fresh or stale."""
        return self.ttl_seconds + self.stale_seconds

    @field_validator("backend")
    @classmethod
    def _exists(cls, backend: str) -> str:
        if not registry.has("caches", backend):
            names = registry.named("caches")
            guess = nearest(backend, names)
            advice = f"did you mean {guess!r}?" if guess else f"there are: {', '.join(names)}"
            raise setting_error("", f"no cache back end {backend!r}", advice)
        return backend

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.backend == "redis" and (self.redis_url is not None or self.location is None):
            advice = "write `redis_url: redis://…` and no backend, or this backend and a location"
            raise setting_error("backend", "'redis' needs a location, and no redis_url", advice)
        if self.backend == "memory" and self.location is not None:
            raise setting_error(
                "location", "has no meaning for 'memory'", "remove it, or name a backend"
            )
        return self

    def keeps_as(self, other: CacheSettings) -> bool:
        """Whether both keep answers in the same place within the same bounds."""
        return self._place == other._place

    def places(self) -> tuple[tuple[str, str | None], ...]:
        """Where answers are kept, the nearest first: the name of a back end, and its location."""
        nearest = (self.backend, self.location)
        return (nearest,) if self.redis_url is None else (nearest, ("redis", self.redis_url))

    @property
    def _place(self) -> tuple[object, ...]:
        return self.enabled, self.places(), self.max_bytes
