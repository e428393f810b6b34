"""CacheBackend: the protocol of whatever keeps answers, which knows nothing of what they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from gearshift.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """What a back end is made with.

    Attributes:
        max_bytes: How much it may keep, above 0.
        location: Where, for back ends that need to be told (a folder, a URL); may hold a password.
    """

    max_bytes: int
    location: str | None = None


class CacheError(UnavailableError):
    """A back end cannot do what it is asked.

    Args:
        message: Where and why, for people; it is logged, so it has neither secrets nor content.
    """


class CacheBackend(Protocol):
    """Keeps values for a while. Its class is made with a `CacheConfig`.

    It may lose whatever it likes, but must not hold up the event loop: what blocks belongs into a
    thread. What it raises, or does too late, is a miss; no request is harmed. Values bear a
    checksum, so that it need not look at them.

    Attributes:
        level: What metrics call it: 1 to 20 of `a-z 0-9 . _ -`.
    """

    level: str

    async def get(self, key: str) -> bytes | None:
        """The value of a key; `None` where there is none, or its time is over.

        Args:
            key: ASCII letters, digits and `:`, at most 100 characters.
        """
        ...

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep a value, in place of an older one.

        Args:
            key: As in `get`.
            value: At most `CacheConfig.max_bytes / 4`.
            ttl_seconds: For how long, above 0.
        """
        ...

    async def delete(self, key: str) -> None:
        """Forget a value, if it is there."""
        ...

    async def close(self) -> None:
        """Release what it holds; called once, after the last request."""
        ...


@runtime_checkable
class LocalBackend(Protocol):
    """A back end in this process's own memory: it need not be waited for."""

    def get_now(self, key: str) -> bytes | None:
        """As `CacheBackend.get`."""
        ...

    def set_now(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """As `CacheBackend.set`."""
        ...


class Stored(NamedTuple):
    """A value that a back end keeps.

    Attributes:
        key: Its key.
        size: Its bytes.
        head: The first of them.
    """

    key: str
    size: int
    head: bytes


@runtime_checkable
class ListingBackend(Protocol):
    """A back end that can say what it keeps; only such a one can be cleared in part."""

    def stored(self, head_bytes: int) -> AsyncIterator[Stored]:
        """All values, in no order.

        Args:
            head_bytes: How much of each `head` has at most.
        """
        ...
