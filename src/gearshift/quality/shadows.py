"""Shadows: repeats sampled answers on the other tier in the background, and has them judged."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from gearshift.client.requests import chat_request
from gearshift.errors import GearshiftError, UpstreamError
from gearshift.quality.budget import Budget
from gearshift.quality.idle_client import GivenUpError, IdleClient
from gearshift.quality.pair import Judge, Judged, Pair, Sample
from gearshift.types import ChatRequest

logger = logging.getLogger(__name__)

_MOST_BYTES: Final = 32_000_000
_NOT_REPEATED: Final = ("stream", "stream_options", "model", "messages", "n", "user", "store")


class Shadows:
    """A queue, bounded in its samples and their bytes, and one worker: users' requests go on.

    Args:
        quiet: Asks the other tier.
        judge: Compares.
        budget: Tokens that may be spent.
        report: Takes every verdict.
        sent: Called for every request that was repeated.
        skipped: Told why a sample was not compared, in one word.
        max_waiting: Samples that may wait.
    """

    def __init__(
        self,
        quiet: IdleClient,
        judge: Judge,
        budget: Budget,
        *,
        report: Callable[[Judged], None],
        sent: Callable[[], None],
        skipped: Callable[[str], None],
        max_waiting: int,
    ) -> None:
        self._quiet = quiet
        self._judge = judge
        self._budget = budget
        self._report = report
        self._sent = sent
        self._skipped = skipped
        self._max_waiting = max_waiting
        self._waiting: deque[Sample] = deque()
        self._size = 0
        self._arrived = asyncio.Event()

    def offer(self, sample: Sample) -> None:
        """Take a sample, or let it go."""
        is_full = len(self._waiting) >= self._max_waiting
        if is_full or self._size + sample.size > _MOST_BYTES:
            self._skipped("queue_full")
        elif self._budget.left <= 0:
            self._skipped("budget")
        else:
            self._waiting.append(sample)
            self._size += sample.size
            self._arrived.set()

    async def run(self) -> None:
        """Compare one sample after the other, until cancelled."""
        while True:
            await self._arrived.wait()
            while self._waiting:
                sample = self._waiting.popleft()
                self._size -= sample.size
                if self._budget.left <= 0:
                    self._skipped("budget")
                    continue
                await self._compare(sample)
            self._arrived.clear()

    def let_go(self) -> None:
        """Compare none of those that wait."""
        for _ in self._waiting:
            self._skipped("stopped")
        self._waiting.clear()
        self._size = 0

    async def _compare(self, sample: Sample) -> None:
        try:
            repeated = await self._quiet.tier(_repeated(sample.request), is_largest=sample.is_weak)
            self._sent()
            answers = (sample.answer, repeated)
            pair = Pair(sample.request, *(answers if sample.is_weak else answers[::-1]))
            judgement = await self._judge.judge(pair)
        except GivenUpError:
            self._skipped("busy")
        except UpstreamError as error:
            logger.info("a shadow request failed: %s", error.fault.value)
            self._skipped("failed")
        except GearshiftError:
            self._skipped("failed")
        except Exception:  # a bug here must not end the sampling for good
            logger.exception("a sample could not be compared")
            self._skipped("failed")
        else:
            self._report(Judged(sample, pair, self._judge.name, judgement))


def _repeated(request: ChatRequest) -> ChatRequest:
    """The same question for the other tier: as a whole, and without what names the client."""
    options: Mapping[str, Any] = {
        name: value for name, value in request.options.items() if name not in _NOT_REPEATED
    }
    return chat_request(request.messages, options=options)
