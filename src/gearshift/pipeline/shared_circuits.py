"""SharedCircuits: what one process has found failing is not asked by the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import orjson

from gearshift.errors import FailureKind
from gearshift.pipeline.circuit_breakers import CircuitBreakers, Opened
from gearshift.shared_state.keys import key
from gearshift.shared_state.round import Round
from gearshift.shared_state.script import Script
from gearshift.shared_state.state import SharedState
from gearshift.types import Deployment

if TYPE_CHECKING:  # an optional package is behind it
    from gearshift.redis.connection import RedisConnection

_KEY: Final = key("circuits")
_KEPT_SECONDS: Final = 3600
_LONGEST_WAIT: Final = 3600.0
_IDLE_SECONDS: Final = 600.0
_TRIAL_MILLISECONDS: Final = 3000
_POSTPONED_SECONDS: Final = 1.0
_LONGEST_MESSAGE: Final = 500
_CLAIM: Final = Script(
    """
    if redis.call('TYPE', KEYS[1]).ok ~= 'string' then redis.call('DEL', KEYS[1]) end
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1
    """
)


class SharedCircuits:
    """Tells others which circuits have opened and closed here, and follows theirs.

    A circuit is open in all processes until one of them has had an answer; after the wait one of
    them tries. Times are by the clock of Redis. What is said while Redis fails is said later.

    Args:
        shared: Where they are shared.
        circuits: Those of this process.
        identities: By its name here, what processes call an upstream; others are not shared.
    """

    def __init__(
        self, shared: SharedState, circuits: CircuitBreakers, identities: Mapping[str, str]
    ) -> None:
        self._shared = shared
        self._circuits = circuits
        self._identities = identities
        self._known: dict[Deployment, bytes] = {}
        self._touched: set[Deployment] = set()
        circuits.changed = self.changed

    def reuse_from(self, previous: SharedCircuits) -> None:
        """Go on with what the previous one knows, as the circuits do."""
        self._known, self._touched = previous._known, previous._touched

    def changed(self, deployment: Deployment) -> None:
        """A circuit has opened or closed here."""
        name = self._name(deployment)
        if name is None:
            return
        self._touched.add(deployment)
        self._known.pop(deployment, None)  # until it is found there: it may not be written
        opened = self._circuits.open_ones().get(deployment)
        if opened is None:
            self._shared.tell("HDEL", _KEY, name)
        else:
            self._shared.tell("HSET", _KEY, name, self._value(opened))
            self._shared.tell("EXPIRE", _KEY, _KEPT_SECONDS)
        self._shared.tell("DEL", key("trial", name))
        self._shared.announce()
        self._shared.look_again()

    async def claim(self, deployment: Deployment) -> None:
        """Get the right to try a deployment whose circuit is open, if that is what is to be done.

        Raises:
            UpstreamError: `COOLDOWN`: another process tries it.
        """
        if not self._circuits.is_due(deployment):
            return
        name = self._name(deployment)
        if name is None:
            return
        if await self._shared.ask(lambda connection: self._asked_for(connection, name)) == 0:
            raise self._circuits.postpone(deployment, _POSTPONED_SECONDS)

    async def _asked_for(self, connection: RedisConnection, name: str) -> object:
        given = self._shared.member, _TRIAL_MILLISECONDS
        return await _CLAIM.run(connection, (key("trial", name),), *given)

    async def look(self, round_: Round) -> None:
        """Open what others have opened, close what they have closed, and tell what is open here."""
        self._touched.clear()
        reply = await round_.ask("HGETALL", _KEY) or []
        found = dict(self._read(zip(reply[::2], reply[1::2], strict=True)))
        for deployment, (name, value) in found.items():
            if deployment in self._touched or self._known.get(deployment) == value:
                continue
            opened = _opened(value, round_.now)
            if opened is None:
                await round_.ask("HDEL", _KEY, name)
                continue
            self._known[deployment] = value
            self._circuits.opened_elsewhere(deployment, opened)
        for deployment in [*self._known]:
            if deployment not in found and deployment not in self._touched:
                del self._known[deployment]
                self._circuits.closed_elsewhere(deployment)
        for deployment in self._circuits.open_ones():
            if deployment not in self._known and deployment not in self._touched:
                self.changed(deployment)
            await self._go_on_trying(round_, deployment)

    async def _go_on_trying(self, round_: Round, deployment: Deployment) -> None:
        name = self._name(deployment)
        if name is not None and self._circuits.is_probing(deployment):
            given = self._shared.member, _TRIAL_MILLISECONDS
            await round_.run(_CLAIM, (key("trial", name),), *given)

    async def leave(self, round_: Round) -> None:
        """What is open stays open for the others; who tries is over in a moment."""

    def _name(self, deployment: Deployment) -> str | None:
        identity = self._identities.get(deployment.upstream)
        return None if identity is None else f"{identity}/{deployment.model}"

    def _read(
        self, fields: Iterator[tuple[bytes, bytes]]
    ) -> Iterator[tuple[Deployment, tuple[bytes, bytes]]]:
        """Those of deployments that this process can ask, too."""
        for name, value in fields:
            identity, _, model = name.decode(errors="replace").partition("/")
            for upstream, own in self._identities.items():
                if own == identity:
                    yield Deployment(upstream, model), (name, value)

    def _value(self, opened: Opened) -> bytes:
        until = self._shared.now() + opened.seconds
        message = opened.message[:_LONGEST_MESSAGE]
        return orjson.dumps([until, opened.openings, opened.fault.value, message])


def _opened(value: bytes, now: float) -> Opened | None:
    """What is said of a circuit; `None` where it cannot be read, or nobody has tried for long."""
    try:
        until, openings, fault, message = orjson.loads(value)
        opened = Opened(float(until) - now, int(openings), FailureKind(fault), str(message))
    except (ValueError, TypeError, OverflowError):
        return None
    is_possible = -_IDLE_SECONDS <= opened.seconds <= _LONGEST_WAIT
    return opened if is_possible and 0 <= opened.openings < 2**31 else None
