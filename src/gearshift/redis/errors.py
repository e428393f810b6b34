"""RedisError: why a Redis does not do what it is asked."""

from __future__ import annotations

from typing import Final

from gearshift.errors import UnavailableError


class RedisError(UnavailableError):
    """There is no reply, or it is an error."""


class RedisReplyError(RedisError):
    """Redis is there, and refuses a command.

    Attributes:
        code: The first word of what it says, such as `OOM`, `LOADING` or `WRONGTYPE`.
    """

    def __init__(self, where: object, text: str) -> None:
        self.code = text.partition(" ")[0][:20]
        # Some errors repeat what was sent; the first words are always Redis's own.
        super().__init__(f"{where}: {self.code}{_MEANINGS.get(self.code, '')}")


_MEANINGS: Final = {
    "BUSY": ", it runs a long script",
    "CLUSTERDOWN": ", it is part of a cluster, which is not supported",
    "LOADING": ", it is still reading its data",
    "MASTERDOWN": ", a replica that has lost its primary",
    "MISCONF": ", it cannot write to its disk",
    "MOVED": ", it is part of a cluster, which is not supported",
    "NOAUTH": ", it wants a password",
    "NOPERM": ", this user may not do that",
    "OOM": ", it is full (maxmemory)",
    "READONLY": ", a replica that takes no writes",
    "WRONGPASS": ", wrong user or password",
}
