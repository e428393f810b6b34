"""Made-up judged answers: a small model that fails on some topics, whatever the prompt's shape."""

from __future__ import annotations

import random

EASY_TOPICS = ("gardening", "cooking", "football", "weather")
HARD_TOPICS = ("topology", "tax law", "poetry metre", "chess endgames")
FRAMES = (
    "What is {topic} about, in the case of {thing}?",
    "Tell me more about {thing} in {topic}.",
    "I have read about {topic} and {thing}. Which of the two matters more today?",
    "Explain {topic} with {thing} as the example, please, in {number} lines.",
)
THINGS = ("rivers", "old books", "my neighbour", "a spoon", "the number seven", "blue paint")


def outcomes(count: int, seed: int = 0, *, noise: float = 0.2) -> list[dict]:
    """Rows as `gearshift evaluate` reads them; the small model fails on the hard topics."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        is_hard = chance.random() < 0.5
        topic = chance.choice(HARD_TOPICS if is_hard else EASY_TOPICS)
        frame = chance.choice(FRAMES)
        prompt = frame.format(
            topic=topic, thing=chance.choice(THINGS), number=chance.randint(2, 999_999)
        )
        fails = is_hard != (chance.random() < noise)
        prompt = f"{prompt} ({chance.randint(0, 10**9)})"
        rows.append({"prompt": prompt, "weak_score": 0.0 if fails else 1.0, "strong_score": 1.0})
    return rows
