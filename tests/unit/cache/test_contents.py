"""What is kept, counted and cleared by whoever has made it."""

from typing import Any

import pytest

from gearshift.cache import contents, entry, vector
from gearshift.cache.base import CacheConfig
from gearshift.cache.contents import Selection, cleared, counted
from gearshift.cache.entry import CachedAnswer
from gearshift.cache.memory import MemoryCache
from gearshift.cache.vector import CachedVector

EMBEDDER = "an embedder \u00e9"


def answer(key, *made_by):
    kept = CachedAnswer("openai", False, "", None, 0.0, (b"x" * 5_000,), made_by)
    return key, entry.encode(key, kept)


VALUES = dict(
    [
        answer("answer:1", "simple", "gemma2:2b"),
        answer("answer:2", "simple", "a model: with \u00e9 and, commas"),
        answer("answer:3", "complex", "mistral:7b-instruct"),
        (
            "vector:1",
            vector.encode("vector:1", CachedVector(b"[0.5]", 3, 1.5, "an embedder \u00e9")),
        ),
        ("answer:4", b"garbage"),
        ("answer:5", b"gearshift-answer 3\n"),
    ]
)


@pytest.fixture
def backend():
    made = MemoryCache(CacheConfig(1_000_000))
    for key, value in VALUES.items():
        made.set_now(key, value, 60)
    return made


async def test_everything_is_counted(backend):
    assert await counted("memory", backend, Selection()) == {
        "level": "memory",
        "entries": 6,
        "bytes": sum(map(len, VALUES.values())),
        "tiers": {"simple": 2, "complex": 1, "embeddings": 1, "": 2},
        "models": {
            "gemma2:2b": 1,
            "a model: with \u00e9 and, commas": 1,
            "mistral:7b-instruct": 1,
            "an embedder \u00e9": 1,
            "": 2,
        },
    }


@pytest.mark.parametrize(
    ("which", "left"),
    [
        (Selection(), ""),
        (Selection(prefix="vector:"), "answer:1 answer:2 answer:3 answer:4 answer:5"),
        (Selection(tier="simple"), "answer:3 answer:4 answer:5 vector:1"),
        (Selection(model="gemma2:2b"), "answer:2 answer:3 answer:4 answer:5 vector:1"),
        (Selection(tier="embeddings"), "answer:1 answer:2 answer:3 answer:4 answer:5"),
        (Selection(model="an embedder \u00e9"), "answer:1 answer:2 answer:3 answer:4 answer:5"),
        (Selection("answer:", "complex", "gemma2:2b"), " ".join(sorted(VALUES))),
    ],
)
async def test_what_is_meant_is_cleared(backend, which, left):
    before = backend.size[0]
    facts = await cleared("memory", backend, which)
    assert " ".join(sorted(backend._entries)) == left
    assert facts == {"level": "memory", "cleared": before - backend.size[0]}


async def test_the_rarest_of_many_models_are_left_out(backend, monkeypatch):
    monkeypatch.setattr(contents, "_MOST_MODELS", 1)
    assert (await counted("memory", backend, Selection()))["models"] == {"": 2}


async def test_what_cannot_be_listed_counts_as_nothing():
    class Plain:
        level = "plain"

    plain: Any = Plain()
    assert (await cleared("plain", plain, Selection()))["cleared"] == 0
