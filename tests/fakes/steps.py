"""An event loop whose clock jumps, and a scenario cancelled at each of its steps in turn.

A step is one callback of the loop: between two of them anything may happen in a real one.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

_MOST_STEPS = 2000


class _Jumping(selectors.SelectSelector):
    """Never waits: where the loop would, the clock is put forward instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found and timeout is None:
            raise AssertionError("everybody waits, and for nothing")
        if not found and timeout is not None and timeout > 0:
            self.now += timeout
        return found


class SteppedLoop(asyncio.SelectorEventLoop):
    """Counts its callbacks, and calls `at_step` before the one with that number.

    Attributes:
        steps: How many callbacks have run.
        interruptions: What to do before which step.
    """

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self.steps = 0
        self.interruptions: dict[int, Callable[[], object]] = {}

    def time(self) -> float:
        return self._jumping.now

    def call_soon(self, callback, *args, context=None):  # type: ignore[override] # untyped here
        def step(*args: Any) -> None:
            self.steps += 1
            interruption = self.interruptions.pop(self.steps, None)
            if interruption is not None:
                interruption()
            callback(*args)

        return super().call_soon(step, *args, context=context)


Scenario = Callable[[], Coroutine[Any, Any, object]]


def run_interrupted(scenario: Scenario, at_step: int | None) -> bool:
    """Run a scenario, cancelled before a step, and then all that it has left behind.

    Returns:
        Whether the scenario was still under way at that step.
    """
    loop = SteppedLoop()
    asyncio.set_event_loop(loop)
    unexpected: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: unexpected.append(context))
    try:
        task = loop.create_task(scenario())
        is_hit = False

        def cancel() -> None:
            nonlocal is_hit
            is_hit = task.cancel()

        if at_step is not None:
            loop.interruptions[at_step] = cancel
        loop.run_until_complete(asyncio.wait({task}))
        left = asyncio.all_tasks(loop)
        if left:
            loop.run_until_complete(asyncio.wait(left))
        for _ in range(5):  # what was put off until the next turns
            loop.run_until_complete(asyncio.sleep(0))
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
        assert not unexpected, unexpected
        return is_hit
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


def every_step(scenario: Scenario) -> Iterator[int]:
    """Run a scenario again and again, cancelled one step later each time, up to its end."""
    for step in range(1, _MOST_STEPS):
        is_hit = run_interrupted(scenario, step)
        yield step
        if not is_hit:
            return
    raise AssertionError("it does not end")
