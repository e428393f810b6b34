"""Shares: places that several tiers use together, none of them all. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet


class Shares:
    """Counts the places that each tier holds.

    Of `capacity` places and n tiers, half of an equal share (`capacity / 2n`, rounded up) is kept
    for each tier, used or not: requests that hang cannot be taken back, so only what was never
    given away is there for the others. The rest goes to whoever comes, so that one busy tier alone
    may hold more than its share. With fewer places than tiers, some tiers have to wait.

    >>> shares = Shares()
    >>> tiers = {"simple", "complex"}
    >>> while shares.may_take("complex", tiers, 64):
    ...     shares.take("complex")
    >>> shares.total, shares.may_take("simple", tiers, 64)
    (48, True)
    """

    __slots__ = ("_held", "total")

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self.total = 0

    def held(self, tier: str) -> int:
        """How many places a tier holds."""
        return self._held.get(tier, 0)

    def take(self, tier: str) -> None:
        """A tier takes a place."""
        self._held[tier] = self.held(tier) + 1
        self.total += 1

    def give_back(self, tier: str) -> None:
        """A tier gives a place back."""
        self._held[tier] -= 1
        self.total -= 1

    def may_take(self, tier: str, tiers: AbstractSet[str], capacity: int) -> bool:
        """Whether there is a place that no other tier may need.

        Args:
            tier: Who wants it.
            tiers: Everybody who may come, whether they hold something or not.
            capacity: How many places there are.
        """
        free = capacity - self.total
        if free < 1:
            return False
        others = tiers - {tier}
        kept = -(-capacity // (2 * (len(others) + 1)))
        if self.held(tier) < kept:
            return True
        return free > sum([max(0, kept - self.held(other)) for other in others])
