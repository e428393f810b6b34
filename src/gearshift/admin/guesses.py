"""Guesses: how many different wrong tokens an address may send, and how long it waits then."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gearshift.errors import RequestError

_FREE: Final = 10
_LONGEST_SECONDS: Final = 60.0
_FORGOTTEN_AFTER_SECONDS: Final = 900.0
_MOST_ADDRESSES: Final = 1024
_IPV6_SITE_BITS: Final = 64


@dataclass(slots=True)
class _Guesser:
    """What is known of an address: its wrong tokens, by hash, and until when it has to wait."""

    wrong: set[bytes] = field(default_factory=set)
    count: int = 0
    until: float = 0.0
    last: float = 0.0


class Guesses:
    """Slows down whoever tries tokens: after ten wrong ones 1 s, then twice as long each time.

    One that is repeated is no guess: a program with an old token harms nobody at its address.

    Args:
        clock: Seconds; never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guessers: dict[str, _Guesser] = {}

    def check(self, address: str) -> None:
        """Let an address send a token.

        Raises:
            RequestError: 429 while it has to wait, also for the right token, which an answer
                would tell from the wrong ones.
        """
        guesser = self._guessers.get(_site(address))
        wait = guesser.until - self._clock() if guesser else 0.0
        if wait > 0:
            seconds = math.ceil(wait)
            raise RequestError(
                f"too many wrong admin tokens from this address; try again in {seconds} s",
                status=429,
                code="too_many_wrong_tokens",
                headers={"Retry-After": str(seconds)},
            )

    def wrong(self, address: str, token: str) -> None:
        """Count a wrong token."""
        now, site = self._clock(), _site(address)
        guesser = self._guessers.pop(site, None)
        if guesser is None or now - guesser.last > _FORGOTTEN_AFTER_SECONDS:
            guesser = _Guesser()
        self._guessers[site] = guesser  # the newest last
        if len(self._guessers) > _MOST_ADDRESSES:
            del self._guessers[next(iter(self._guessers))]
        guesser.last = now
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        if digest in guesser.wrong:
            return
        guesser.count += 1
        if len(guesser.wrong) < _FREE:
            guesser.wrong.add(digest)
        if guesser.count >= _FREE:
            guesser.until = now + min(2.0 ** min(guesser.count - _FREE, 10), _LONGEST_SECONDS)

    def right(self, address: str) -> None:
        """Forget the wrong ones."""
        self._guessers.pop(_site(address), None)


def _site(address: str) -> str:
    """Whoever has one IPv6 address has a whole network of them."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        network = ipaddress.ip_network((parsed, _IPV6_SITE_BITS), strict=False)
        return str(parsed.ipv4_mapped or network)
    return str(parsed)
