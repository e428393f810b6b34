"""API keys: which key a request carries, what it may use, and how often."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gearshift.config.sections.access import ApiKeySettings, AuthSettings, digest_of
from gearshift.errors import RequestError
from gearshift.gateway.rate_limit import RateLimit
from gearshift.shared_state.limits import NOTHING_OWED, Owed, take
from gearshift.shared_state.state import SharedState

# Where clients of Anthropic and of Azure put theirs.
_KEY_HEADERS: Final = ("x-api-key", "api-key")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a client by its key; never the key itself.

    Attributes:
        name: As configured, for the request log.
        tiers: The tiers it may use; `None` for all.
        limiter: Its rate limit, if it has one.
        limit_name: What processes that share the limit call it; says nothing of the key.
        cache_scope: What requests with it share cached answers by.
        change_models: It may change the upstreams' models.
    """

    name: str | None = None
    tiers: frozenset[str] | None = None
    limiter: RateLimit | None = None
    cache_scope: str = ""
    change_models: bool = False
    limit_name: str = ""


class KeyRing:
    """The configured keys, by their hashes.

    Args:
        auth: Settings with at least one key.
        workers: Processes that share the load; each gives its share of a rate limit.
        clock: Never goes back.
        before: The keys so far, where settings change; what was used of their limits stays used.
        shared: Where processes share the limits; while that fails each gives its share.
    """

    def __init__(
        self,
        auth: AuthSettings,
        workers: int = 1,
        clock: Callable[[], float] = time.monotonic,
        before: KeyRing | None = None,
        shared: SharedState | None = None,
    ) -> None:
        self._shared = shared
        workers = 1 if shared is not None else workers
        limiters = {digest: key.limiter for digest, key in before._keys} if before else {}
        self._keys: list[tuple[bytes, ApiKey]] = [
            (entry.digest, _api_key(entry, workers, limiters.get(entry.digest)))
            for entry in auth.api_keys
        ]
        self._clock = clock

    def find(self, headers: Mapping[str, str]) -> ApiKey:
        """The key that a request carries.

        Args:
            headers: The request's, names in lower case.

        Raises:
            RequestError: 401 for none, or one that is not configured.
        """
        given = digest_of(_token(headers))
        match = None
        # All of them are compared, so that the time taken says nothing.
        for digest, key in self._keys:
            if hmac.compare_digest(digest, given):
                match = key
        if match is None:
            raise RequestError(
                "missing or invalid API key; send Authorization: Bearer KEY, or x-api-key: KEY",
                status=401,
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return match

    async def spend(self, key: ApiKey) -> None:
        """Count one request.

        Raises:
            RequestError: 429 where the key's rate limit is used up.
        """
        if key.limiter is None:
            return
        if self._shared is None:
            wait = key.limiter.take(self._clock())
        else:
            wait = await self._shared_wait(key.limiter, key.limit_name, self._shared)
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            raise RequestError(
                f"the rate limit of this API key is reached; try again in {seconds} s",
                status=429,
                code="rate_limit_exceeded",
                headers={"Retry-After": str(seconds)},
            )

    async def _shared_wait(self, limit: RateLimit, name: str, shared: SharedState) -> float:
        """How long all processes together have it wait; else this one's share of the limit."""
        is_out, before = not shared.is_available, self._clock()
        owed, limit.owed = Owed(limit.owed, before - limit.owed_since), 0
        taken = await take(
            shared,
            name,
            limit.per_minute,
            limit.full_in(before),
            owed if owed.tokens else NOTHING_OWED,
        )
        if taken is not None:
            limit.follow(self._clock(), taken.full_in, shared.members)
            return taken.wait
        limit.share_among(shared.members)
        wait = limit.take(self._clock())
        if is_out:  # else it is late, and will count
            if not owed.tokens:
                limit.owed_since = before
            limit.owed += owed.tokens + (wait == 0)
        return wait


def _api_key(entry: ApiKeySettings, workers: int, current: RateLimit | None) -> ApiKey:
    tiers = frozenset(entry.tiers) if entry.tiers else None
    scope = f"scope {entry.cache_scope}" if entry.cache_scope else f"key {entry.kept}"
    if entry.requests_per_minute is None:
        return ApiKey(entry.name, tiers, cache_scope=scope, change_models=entry.change_models)
    limit = RateLimit(entry.requests_per_minute / workers)
    is_same = current is not None and current.per_minute == limit.per_minute
    limiter = current if is_same else limit
    name = hashlib.sha256(entry.digest).hexdigest()[:32]
    return ApiKey(entry.name, tiers, limiter, scope, entry.change_models, name)


def _token(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and (token := token.strip()):
        return token
    return next((token for name in _KEY_HEADERS if (token := headers.get(name, "").strip())), "")
