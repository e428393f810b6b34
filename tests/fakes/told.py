"""What every fake upstream says, and what a client has understood of it."""

from __future__ import annotations

from dataclasses import dataclass

WORDS = ("one", " two", " three")
TEXT = "".join(WORDS)

# The fields of the line that ends an answer of Ollama 0.33.
OLLAMA_END = {
    "done": True,
    "done_reason": "stop",
    "total_duration": 21_177_501,
    "load_duration": 1_468_083,
    "prompt_eval_count": 3,
    "prompt_eval_duration": 1_419_000,
    "eval_count": 4,
    "eval_duration": 15_275_000,
}


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
