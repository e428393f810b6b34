"""SharedProbes: one process probes an upstream, and the others go by what it finds.

Who probes has a lease in Redis, which it renews in every round: when it ends, or hangs, another
one has it after three seconds. What is found is taken from the holder of the lease only. Whoever
finds an upstream ailing gives the lease away, so that others see for themselves: it may be the
prober that is cut off.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Final

from gearshift.pipeline.findings import LONGEST, decode, encode
from gearshift.shared_state.keys import key
from gearshift.shared_state.round import Round
from gearshift.shared_state.script import Script
from gearshift.shared_state.state import SharedState
from gearshift.types import UpstreamState

Take = Callable[[str, UpstreamState], None]
"""Goes by what another process has found of an upstream."""

_LEASE_MILLISECONDS: Final = 3000
_KEPT_MILLISECONDS: Final = 600_000
_RESTING_SECONDS: Final = 3.0
_STAMP_BYTES: Final = 8
_EACH: Final = b"-"  # more than others can be told: each process probes by itself
_LEASE: Final = Script(
    """
    local leases = {}
    for position, lease in ipairs(KEYS) do
      local holder = redis.pcall('GET', lease)
      if type(holder) == 'table' then redis.call('DEL', lease) end
      local is_mine = type(holder) ~= 'string' or holder == ARGV[1]
      if is_mine then redis.call('SET', lease, ARGV[1], 'PX', ARGV[2]) end
      leases[position] = is_mine and 1 or 0
    end
    return leases
    """
)
_PUBLISH: Final = Script(
    """
    if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
    redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
    return 1
    """
)
_GIVE_AWAY: Final = Script(
    """
    for _, lease in ipairs(KEYS) do
      if redis.pcall('GET', lease) == ARGV[1] then redis.call('DEL', lease) end
    end
    return 1
    """
)


class SharedProbes:
    """Holds leases of this process, gives its findings and takes those of others.

    Args:
        shared: Where they are shared.
        identities: By its name here, what processes call an upstream; others are probed here.
        take: Goes by what another process has found.
        clock: Seconds; never goes back.
    """

    def __init__(
        self,
        shared: SharedState,
        identities: Mapping[str, str],
        take: Take,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._identities = identities
        self._take = take
        self._clock = clock
        self._held: set[str] = set()
        self._stamps: dict[str, bytes] = {}
        self._unsent: dict[str, tuple[bytes, bool]] = {}
        self._resting: dict[str, float] = {}
        self._for_each: set[str] = set()

    def reuse_from(self, previous: SharedProbes) -> None:
        """Go on with the leases of the previous one."""
        self._held, self._resting = previous._held, previous._resting

    def is_mine(self, name: str) -> bool:
        """Whether this process is to probe an upstream now."""
        identity = self._identities.get(name)
        if identity is None or not self._shared.is_available:
            return True
        return identity in self._held or identity in self._for_each

    def is_informed(self, name: str) -> bool:
        """Whether what another process has found of it is known here."""
        identity = self._identities.get(name)
        return identity is not None and identity in self._stamps and not self.is_mine(name)

    def found(self, name: str, state: UpstreamState, *, is_ready: bool) -> None:
        """This process has probed an upstream; others get to know of it in a moment."""
        identity = self._identities.get(name)
        if identity is None or identity not in self._held:
            return
        value = encode(state)
        value = value if len(value) <= LONGEST else _EACH
        self._unsent[identity] = value, is_ready
        if _stamp(value) != self._stamps.get(identity):
            self._shared.look_again()

    async def look(self, round_: Round) -> None:
        """Renew or get leases, give what was found here, take what others have found."""
        await self._lease(round_)
        unsent, self._unsent = self._unsent, {}
        for identity, (value, is_ready) in unsent.items():
            await self._give(round_, identity, value, is_ready=is_ready)
        identities = sorted(set(self._identities.values()) - self._held)
        if identities:
            names = [key("found", identity, "stamp") for identity in identities]
            stamps = await round_.ask("MGET", *names)
            for identity, stamp in zip(identities, stamps or (), strict=bool(stamps)):
                if stamp and stamp != self._stamps.get(identity):
                    await self._read(round_, identity, stamp)

    async def leave(self, round_: Round) -> None:
        """Give all leases away: this process ends."""
        if self._held:
            leases = tuple(key("prober", identity) for identity in sorted(self._held))
            await round_.run(_GIVE_AWAY, leases, self._shared.member)
            self._held.clear()

    async def _lease(self, round_: Round) -> None:
        now = self._clock()
        wanted = sorted(
            identity
            for identity in set(self._identities.values())
            if self._resting.get(identity, now) <= now
        )
        leases = tuple(key("prober", identity) for identity in wanted)
        given = self._shared.member, _LEASE_MILLISECONDS
        answers = await round_.run(_LEASE, leases, *given) if leases else []
        self._held.clear()
        self._held.update(one for one, is_mine in zip(wanted, answers, strict=True) if is_mine)

    async def _give(self, round_: Round, identity: str, value: bytes, *, is_ready: bool) -> None:
        lease, stamp = key("prober", identity), _stamp(value)
        keys = lease, key("found", identity, "stamp"), key("found", identity)
        given = self._shared.member, stamp, value, _KEPT_MILLISECONDS
        if not await round_.run(_PUBLISH, keys, *given):
            self._held.discard(identity)
            return
        if self._stamps.get(identity) != stamp:
            self._stamps[identity] = stamp
            self._shared.announce()
        if not is_ready and self._shared.members > 1:
            self._resting[identity] = self._clock() + _RESTING_SECONDS
            self._held.discard(identity)
            await round_.run(_GIVE_AWAY, (lease,), self._shared.member)

    async def _read(self, round_: Round, identity: str, stamp: bytes) -> None:
        value = await round_.ask("GETRANGE", key("found", identity), 0, LONGEST)
        if value == _EACH:
            self._stamps[identity] = stamp
            self._for_each.add(identity)
            return
        state = decode(value) if value and _stamp(value) == stamp else None
        if state is None:
            await round_.ask("DEL", key("found", identity, "stamp"))
            return
        self._stamps[identity] = stamp
        self._for_each.discard(identity)
        for name, own in self._identities.items():
            if own == identity:
                self._take(name, state)


def _stamp(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_STAMP_BYTES).hexdigest().encode()
