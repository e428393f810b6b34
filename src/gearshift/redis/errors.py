"""RedisError: why a Redis does not do what it is asked."""

from __future__ import annotations

from gearshift.errors import UnavailableError


class RedisError(UnavailableError):
    """There is no reply, or it is an error."""
