"""carry_over: what the steps of a pipeline keep when other settings make another pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Protocol


class StatefulStep(Protocol):
    """A step that learns from requests, and says itself what of it still holds."""

    def carry_over(self, previous: Any, unchanged: Collection[str]) -> None:
        """Go on with what `previous`, the step of the same class, knows.

        It works on until its last request has ended, and the successor may yet be given up: it
        must not be changed.

        Args:
            previous: The step of the pipeline before.
            unchanged: The upstreams that are the same for both.
        """
        ...


def carry_over(
    steps: Iterable[StatefulStep], previous: Iterable[StatefulStep], unchanged: Collection[str]
) -> None:
    """Have each step go on with what the one of its class before knows, if there was one."""
    before = {type(step): step for step in previous}
    for step in steps:
        same = before.get(type(step))
        if same is not None:
            step.carry_over(same, unchanged)
