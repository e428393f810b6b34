"""What a client is tried with, and what every row has in common."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from clients.scripted import CITY, SAID

FEATURES: Final = ("whole", "stream", "tools", "error", "cancel", "embeddings")
"""The methods of a row, each tried with a gateway; a row without one cannot do that."""
PROMPTS: Final = {"simple": "What time is it?", "complex": "Explain async vs threads"}
RESULT: Final = f"rain in {CITY}"
ANSWER: Final = SAID + RESULT
DOCUMENTS: Final = ("zzz zebras zigzag", "an abacus adds and amazes", "quiet quilts")
"""For retrieval: `aaa` is most like the second."""
_PATIENCE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class At:
    """A gateway, and what is known of what answers behind it.

    Attributes:
        url: The gateway's, without a path.
        upstream: The scripted upstream's.
        replies: What the model of each tier says.
        models: The model of each tier.
    """

    url: str
    upstream: str
    replies: dict[str, str]
    models: dict[str, str]

    def check(self, tier: str, text: str, model: str | None = None) -> None:
        """An answer is the reply of the tier's model, and says so where the client tells."""
        expect(text.strip(), self.replies[tier])
        if model is not None:
            expect(model, self.models[tier])

    def expect_stopped(self, leave: Callable[[], Any]) -> None:
        """The upstream stops when the client has left a stream."""
        before = self._stopped()
        leave()
        self._wait_until_stopped(before)

    async def expect_stopped_async(self, leave: Callable[[], Any]) -> None:
        """The same of a coroutine; its event loop goes on, for what is closed in the background."""
        before = self._stopped()
        await leave()
        await asyncio.to_thread(self._wait_until_stopped, before)

    def _wait_until_stopped(self, before: int) -> None:
        """Raise if nobody has left the endless answer in time."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while self._stopped() == before:
            if time.monotonic() > end:
                raise AssertionError("the upstream went on after the client had left")
            time.sleep(0.05)

    def asked(self, model: str) -> int:
        """How often a model of the scripted upstream has been asked."""
        return self._told("/asked", model)

    def _stopped(self) -> int:
        return self._told("/stopped", "stopped")

    def _told(self, path: str, name: str) -> int:
        with urllib.request.urlopen(f"{self.upstream}{path}") as response:
            number: int = json.load(response)[name]
        return number


def expect(found: Any, wanted: Any) -> None:
    """Raise if they differ."""
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


def expect_error(kind: type[BaseException] | tuple[type[BaseException], ...], ask: Any) -> None:
    """The client's own error for an unknown model, with the gateway's words."""
    try:
        ask()
    except kind as error:
        check_words(error)
    else:
        raise AssertionError("an unknown model was answered")


async def expect_error_async(
    kind: type[BaseException] | tuple[type[BaseException], ...], ask: Any
) -> None:
    """The same of a coroutine."""
    try:
        await ask()
    except kind as error:
        check_words(error)
    else:
        raise AssertionError("an unknown model was answered")


async def leave_when_begun(read: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Cancel the task that reads a stream when it says that this has begun."""
    begun = asyncio.Event()
    task = asyncio.create_task(read(begun))
    await asyncio.wait(
        [task, waiting := asyncio.create_task(begun.wait())], return_when=asyncio.FIRST_COMPLETED
    )
    waiting.cancel()
    task.cancel()
    await asyncio.wait([task])


def check_words(error: BaseException) -> None:
    """What the gateway says of an unknown model reaches the user."""
    if "not found" not in str(error) or "nobody" not in str(error):
        raise AssertionError(f"the error does not name the model: {error!r}")
