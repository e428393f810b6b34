"""A simulated pair of models: what is asked of them, and how good they really are.

The embedded demo models answer, but say the same to everything; how good an answer counts is
decided here, by a judge that knows the truth: the small model fails at some kinds of prompts,
whatever the rule thinks of them.
"""

from __future__ import annotations

import hashlib
import random

from gearshift.quality.pair import AskModel, Judgement, Pair, Verdict

FAILS = {"hard": 0.9, "easy": 0.01}
"""How often the small model's answer is worse, by kind of prompt."""

_TEMPLATES = {
    "easy": (
        "What is the capital of {place}?",
        "Write an invitation to a party in {place}. First greet, then name the day, then the place",
        "Explain the architecture of the old town hall of {place} to a child",
        "Which river flows through {place}?",
        "Step by step: how do I boil an egg in {place}?",
        "Compare the weather of {place} in summer and in winter",
    ),
    "hard": (
        "Is {number} a prime number?",
        "What is {number} times {number}?",
        "Which day of the week was day {number} of the year?",
        "What is the square root of {number}?",
        "Prove that {number} is not the sum of two squares",
        "Calculate the probability of {number} heads in a row, then explain the algorithm",
    ),
}
_PLACES = ("Norway", "Kiel", "Peru", "Lyon", "Osaka", "Ghana", "Riga", "Quito", "Malta", "Leeds")


def traffic(count: int, seed: int) -> list[tuple[str, str]]:
    """So many prompts, each with its kind."""
    drawn = random.Random(seed)
    found = []
    for _ in range(count):
        kind = drawn.choice(("easy", "easy", "hard"))
        template = drawn.choice(_TEMPLATES[kind])
        place, number = drawn.choice(_PLACES), drawn.randint(1_000, 9_999)
        found.append((template.format(place=place, number=number), kind))
    return found


def kind_of(prompt: str) -> str:
    """The kind of one of these prompts: the hard ones are about a number."""
    return "hard" if any(character.isdigit() for character in prompt) else "easy"


def is_worse(prompt: str) -> bool:
    """Whether the small model's answer is worse: always the same for the same prompt."""
    drawn = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4]) / 2**32
    return drawn < FAILS[kind_of(prompt)]


class TrueJudge:
    """A judge that knows; for `quality.judge: examples.loop.truth:TrueJudge`."""

    name = "truth"

    def __init__(self, ask: AskModel, model: str | None = None) -> None:
        del ask, model  # it needs nobody's opinion

    async def judge(self, pair: Pair) -> Judgement:
        """The verdict of the truth."""
        if is_worse(str(pair.request.messages[-1]["content"])):
            return Judgement(Verdict.LOSS, 0.0, 1.0)
        return Judgement(Verdict.TIE, 1.0, 1.0)
