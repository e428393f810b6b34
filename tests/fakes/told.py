"""What every fake upstream says, and what a client has understood of it."""

from __future__ import annotations

from dataclasses import dataclass

WORDS = ("one", " two", " three")
TEXT = "".join(WORDS)


@dataclass(frozen=True, slots=True)
class Told:
    """What a client understood of a body.

    Attributes:
        error: The message of the one error in it.
        is_ended: It has the dialect's own mark of a complete answer.
    """

    text: str = ""
    error: str | None = None
    is_ended: bool = False
