"""RateLimit: a token bucket that is refilled continuously. Pure: the time is an argument."""

from __future__ import annotations

_MINUTE = 60.0
# Sums of times are not exact: whoever waited as told must not miss it by the last digit.
_ROUNDING = 1e-6


class RateLimit:
    """Lets a number of requests a minute through, all of them at once if they were saved up.

    Only one number is kept, the time at which the bucket will be full again (this is GCRA).

    Args:
        per_minute: Requests a minute, and the size of the bucket; a share may be a fraction, but
            the bucket always holds one request.

    Attributes:
        owed: What this share has given that the whole bucket does not know of yet.
        owed_since: When it began to.

    Example:
        >>> limit = RateLimit(2)
        >>> [limit.take(now) for now in (0.0, 0.0, 0.0, 30.0)]
        [0.0, 0.0, 30.0, 0.0]
    """

    __slots__ = (
        "_full_at",
        "_interval",
        "_reserve",
        "_sharers",
        "owed",
        "owed_since",
        "per_minute",
    )

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self._full_at = float("-inf")
        self._sharers = 0
        self.owed = 0
        self.owed_since = 0.0
        self.share_among(1)

    def share_among(self, sharers: int) -> None:
        """Give no more than one of so many equal shares from now on."""
        if sharers == self._sharers:
            return
        self._sharers = sharers
        per_minute = self.per_minute / sharers
        self._interval = _MINUTE / per_minute
        self._reserve = (max(1.0, per_minute) - 1) * self._interval

    def full_in(self, now: float) -> float:
        """Seconds until the bucket is full."""
        return max(0.0, self._full_at - now)

    def follow(self, now: float, full_in: float, sharers: int) -> None:
        """Be as full as a bucket that is shared, of which this one is a share.

        A share that is as full as the whole is full again at the same time.
        """
        self._full_at = now + full_in
        self.share_among(sharers)

    def take(self, now: float) -> float:
        """Take one request out of the bucket.

        Args:
            now: Seconds of a clock that never goes back.

        Returns:
            0 if there was one; otherwise the seconds until there is, and nothing is taken.
        """
        wait = self._full_at - self._reserve - now
        if wait > _ROUNDING:
            return wait
        self._full_at = max(self._full_at, now) + self._interval
        return 0.0
