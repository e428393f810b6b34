"""What must hold for any bytes: one function each, which raises where it does not.

They need no fuzzer: the ordinary tests call them too, with inputs that hypothesis makes up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fuzz import answers, changes, requests, seeds, streams
from fuzz.formats import CLIENTS, EMBEDDINGS, UPSTREAMS, decoded
from gearshift.config_file.text import expand, parse_value
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

SCORER = TaskComplexityScorer()
ROLES = ("user", "assistant", "system", "tool", "developer", "", "king")


@dataclass(frozen=True, slots=True)
class Target:
    """One property of one part.

    Attributes:
        holds: Raises for an input for which the property does not hold.
        seeds: Inputs to begin with.
        words: What inputs of this kind are made of.
    """

    holds: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[str, ...] = ()


def score_text(data: bytes) -> None:
    """Any text has a score that its contributions add up to."""
    _scored(data.decode("utf-8", "replace"))


def score_messages(data: bytes) -> None:
    """So has any conversation: turns that end in NUL, their roles in the first byte."""
    turns = [
        {"role": ROLES[turn[0] % len(ROLES)], "content": turn[1:].decode("utf-8", "replace")}
        for turn in data.split(b"\x00")
        if turn
    ]
    _scored(turns)
    value = decoded(data)
    if value is not None:
        _scored(value)


def _scored(value: Any) -> None:
    result = SCORER.score(value)
    assert 0.0 <= result.score <= 10.0, result
    assert abs(sum(result.contributions.values()) - result.score) < 1e-9, result
    assert all(0.0 <= factor <= 3.0 for factor in result.factors.values()), result
    assert result.reasoning, result
    assert "\n" not in result.reasoning, result


def config_text(data: bytes) -> None:
    """Any text is a value or a `ValueError`; what is expanded is found again."""
    text = data.decode("utf-8", "replace")
    try:
        value = parse_value(text)
    except ValueError:
        value = None
    expand(value, {"A": "${B}", "B": ""})
    escaped, problems = expand(text.replace("${", "$${"), {})
    assert escaped == text, escaped
    assert not problems, problems


TARGETS: dict[str, Target] = {
    "score-text": Target(score_text, (b"Explain async vs threads",), seeds.TASKS),
    "score-messages": Target(score_messages, (b"\x00hi\x00\x01yes", seeds.CHAT), seeds.TASKS),
    "splice": Target(
        requests.splice, (seeds.CHAT, b'{"x":{"model":"a"},"model":null}'), ("model", "\\u006d")
    ),
    "cut-events": Target(answers.cut_events, (seeds.SSE,), ("data: ", "event: ", "\r\n")),
    "cut-lines": Target(answers.cut_lines, (seeds.NDJSON,)),
    "errors": Target(answers.errors, (b'd{"error":{"message":"model not found"}}',), seeds.SAID),
    "config-text": Target(
        config_text, seeds.YAML, ("${", "!!int", "!!timestamp", "<<: ", "&a", "*a")
    ),
    "http-requests": Target(
        requests.http_requests, seeds.HTTP, ("content-length: ", "chunked", "upgrade")
    ),
    **{
        f"parse-{name}": Target(
            partial(requests.parse, dialect),
            (seeds.CHAT, seeds.TOOLS, seeds.BLOCKS, seeds.ITEMS, b'{"prompt":"x"}'),
            seeds.WORDS,
        )
        for name, dialect in CLIENTS.items()
    },
    **{
        f"read-{name}": Target(
            partial(answers.read, dialect), (seeds.SSE, seeds.NDJSON, seeds.EVENTS), seeds.SAID
        )
        for name, dialect in UPSTREAMS.items()
    },
    **{
        f"parse-embeddings-{name}": Target(
            partial(requests.parse_embeddings, name), (seeds.TEXTS, seeds.TOKENS), seeds.OF_TEXTS
        )
        for name in EMBEDDINGS
    },
    **{
        f"read-embeddings-{name}": Target(
            partial(answers.read_embeddings, name), seeds.VECTORS, seeds.OF_VECTORS
        )
        for name in EMBEDDINGS
    },
    **{
        f"told-{name}": Target(
            partial(streams.told, name),
            tuple(
                body + b"\x00" + stream
                for body in (b"", seeds.ITEMS, seeds.TOOLS, seeds.BLOCKS)
                for stream in (seeds.SSE, seeds.CALLS)
            ),
            (*seeds.SAID, "\x00"),
        )
        for name in CLIENTS
    },
    **{
        f"count-{name}": Target(
            partial(requests.counted, count),
            (seeds.CHAT, seeds.BLOCKS, seeds.ITEMS),
            seeds.WORDS,
        )
        for name, count in requests.COUNTED.items()
    },
    "model-pages": Target(requests.pages, seeds.PAGES, ("limit=", "after_id=", "before_id=", "%")),
    "model-changes": Target(changes.read, seeds.CHANGES, seeds.OF_CHANGES),
    "change-progress": Target(changes.progress, seeds.PROGRESS, seeds.OF_CHANGES),
    "launch": Target(changes.launch, (b"auto", "a\x7f\u2028é".encode())),
}
