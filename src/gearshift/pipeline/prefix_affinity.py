"""PrefixAffinity: conversations stay with the deployment whose engine has read their beginning.

Engines keep what they have computed of the prompts that they read last. Where several deployments
of one model could answer, the one that has seen most of a conversation's leading messages has the
least left to read; not, though, while it is much busier than another. It is a guess: what an
engine has let go of is not known here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final

from gearshift.errors import UpstreamError
from gearshift.pipeline.circuit_breakers import CircuitBreakers
from gearshift.tiered_routing.candidates import Candidate
from gearshift.types import ChatRequest, Deployment

_MOST: Final = 50_000  # prefixes; each takes about 200 bytes
_EACH: Final = 64  # of one request, the longest
_MUCH_BUSIER: Final = 2

Prefixes = tuple[int, ...]
"""A number for each beginning of a conversation, the shortest first."""


class PrefixAffinity:
    """Remembers which deployments have read which beginnings, the last used ones.

    Args:
        busy: How many requests an upstream works on, or has waiting.
        circuits: Say who is not to be asked.
        most: How many beginnings are remembered.
    """

    def __init__(
        self, busy: Callable[[str], int], circuits: CircuitBreakers, most: int = _MOST
    ) -> None:
        self._busy = busy
        self._circuits = circuits
        self._most = most
        self._read_by: OrderedDict[int, frozenset[Deployment]] = OrderedDict()

    def reuse_from(self, previous: PrefixAffinity) -> None:
        """Go on with what another one remembers."""
        self._read_by = previous._read_by.copy()

    def ordered(
        self, request: ChatRequest, candidates: tuple[Candidate, ...]
    ) -> tuple[tuple[Candidate, ...], Prefixes]:
        """The candidates, of the equal ones at their head the best first, and what to `learn`.

        Equal are those of the first one's tier and model. The others stay where they are.
        """
        first = candidates[0]
        equal = [*takewhile(lambda one: _is_equal(one, first), candidates)]
        if len(equal) < 2:
            return candidates, ()
        prefixes = prefixes_of(request)
        best = self._best([one for one in equal if self._may_be_asked(one)], prefixes)
        if best is None or best is first:
            return candidates, prefixes
        return (best, *(one for one in candidates if one is not best)), prefixes

    def learn(self, prefixes: Prefixes, deployment: Deployment) -> None:
        """A deployment has answered a conversation, so its engine has read it."""
        for prefix in prefixes[-_EACH:]:
            self._read_by[prefix] = self._read_by.pop(prefix, frozenset()) | {deployment}
        while len(self._read_by) > self._most:
            self._read_by.popitem(last=False)

    def _best(self, equal: Sequence[Candidate], prefixes: Prefixes) -> Candidate | None:
        if not equal:
            return None
        busy = {one.deployment: self._busy(one.deployment.upstream) for one in equal}
        least = min(busy.values())
        free = [one for one in equal if busy[one.deployment] <= least + _MUCH_BUSIER]
        for prefix in reversed(prefixes):
            readers = self._read_by.get(prefix, frozenset())
            known = [one for one in free if one.deployment in readers]
            if known:
                return min(known, key=lambda one: busy[one.deployment])

        def rank(one: Candidate) -> tuple[int, int]:
            return busy[one.deployment], hash((prefixes, one.deployment))

        return min(free, key=rank)

    def _may_be_asked(self, candidate: Candidate) -> bool:
        try:
            self._circuits.check(candidate.deployment)
        except UpstreamError:
            return False
        return True


def prefixes_of(request: ChatRequest) -> Prefixes:
    """A number for each beginning of what is asked; tools are read before all messages."""
    seen = hash(repr(request.options.get("tools") or None))
    numbers = []
    for message in request.messages:
        content = message.get("content")
        text = content if isinstance(content, str) else repr(content)
        seen = hash((seen, message.get("role"), text))
        numbers.append(seen)
    return tuple(numbers)


def _is_equal(one: Candidate, other: Candidate) -> bool:
    return (one.tier, one.deployment.model) == (other.tier, other.deployment.model)
