"""Sessions: where conversations were answered last, whichever process answered them."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import orjson

from gearshift.shared_state.keys import key
from gearshift.shared_state.round import Round
from gearshift.shared_state.state import SharedState
from gearshift.types import ChatRequest, Session

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import RedisConnection

IDLE_SECONDS: Final = 1800.0
"""After so long without a turn a conversation is forgotten, and so is what its engine had read."""

_MOST: Final = 20_000  # in this process, the last used ones; each takes about 300 bytes
_LONGEST: Final = 2_000  # bytes of a value


class Sessions:
    """Keeps conversations in Redis, and the last ones in this process for when that fails.

    Args:
        shared: Where processes share them.
        clock: Seconds; never goes back.
        most: How many are kept in this process.
    """

    def __init__(
        self,
        shared: SharedState,
        clock: Callable[[], float] = time.monotonic,
        most: int = _MOST,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._most = most
        self._own: OrderedDict[str, tuple[float, Session]] = OrderedDict()

    async def of(self, request: ChatRequest) -> Session | None:
        """Where the conversation of a request was answered last; `None` where it is not known.

        Args:
            request: One with a session.
        """
        name = _name(request)
        return await self._found(name) or self._known(name)

    def keep(self, request: ChatRequest, session: Session) -> None:
        """Remember where a turn was answered, in a moment for all processes."""
        name = _name(request)
        self._own.pop(name, None)
        self._own[name] = self._clock() + IDLE_SECONDS, session
        if len(self._own) > self._most:
            self._own.popitem(last=False)
        value = orjson.dumps([*session])
        if len(value) <= _LONGEST:
            self._shared.tell("SET", key("session", name), value, "EX", round(IDLE_SECONDS))

    async def _found(self, name: str) -> Session | None:
        async def question(connection: RedisConnection) -> Any:
            # Not GET: whatever somebody has put there, no more than this comes.
            return await Round(connection).ask("GETRANGE", key("session", name), 0, _LONGEST)

        value = await self._shared.ask(question)
        if not value:
            return None
        try:
            tier, upstream, model = orjson.loads(value)
        except (ValueError, TypeError):
            tier = upstream = model = None
        if isinstance(tier, str) and isinstance(upstream, str) and isinstance(model, str):
            return Session(tier, upstream, model)
        self._shared.tell("DEL", key("session", name))
        return None

    def _known(self, name: str) -> Session | None:
        until, session = self._own.get(name, (0.0, None))
        return session if until > self._clock() else None


def _name(request: ChatRequest) -> str:
    """What a conversation is called: a hash, and another one for each client's key."""
    whole = f"{request.cache_scope}\0{request.client or ''}\0{request.session}"
    return hashlib.blake2b(whole.encode("utf-8", "replace"), digest_size=16).hexdigest()
