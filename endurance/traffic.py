"""What the clients ask: requests of every kind, drawn from a seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Leave(StrEnum):
    """When a client goes away by itself."""

    IN_BODY = "in_body"  # half of the request is sent
    BEFORE_HEAD = "before_head"  # while it waits for the answer to begin
    AFTER_HEAD = "after_head"
    MID_STREAM = "mid_stream"


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        marker: Stands in the prompt, so that the gateway's log tells the request again.
        dialect: Of its path.
        limit: Tokens that the answer may have, 0 for as many as it takes.
        refused_with: The status of a request that is wrong in itself; 0 for an ordinary one.
        patience: Seconds until a client with `BEFORE_HEAD` goes away.
    """

    marker: str
    dialect: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    streamed: bool = False
    is_chat: bool = True
    limit: int = 0
    refused_with: int = 0
    is_too_long: bool = False
    leave: Leave | None = None
    patience: float = 0.0

    def __str__(self) -> str:
        shown = self.body[:300].decode(errors="replace")
        more = f"… ({len(self.body)} bytes)" if len(self.body) > 300 else ""
        leaving = f", client leaves {self.leave}" if self.leave else ""
        return f"POST {self.path} {self.headers}{leaving} {shown}{more}"


_SMALL = (
    "What is the capital of France?",
    "Translate 'good morning' into Spanish.",
    "Is 7 a prime number?",
    "Thanks! And how do you say it in German?",
    "Design a distributed rate limiter in Go with Redis: compare three algorithms, analyse their "
    "races, write the code and the tests, then explain step by step how it fails.",
    "Prove that the square root of 2 is irrational, then generalise the proof to every prime and "
    "discuss why it breaks for perfect squares.",
    "Refactor this async Python function, find the deadlock, and explain the fix step by step.",
)
_MODELS = ("auto", "auto", "auto", "", "simple", "complex")
_SENTENCE = "The quick brown fox jumps over the lazy dog while the river runs on. "
# Longer than the engines' context: refused by them, as the client's own fault.
_TOO_LONG = _SENTENCE * 4000


_WRONG_SHARE = 0.06


class Traffic:
    """An endless row of requests of one client; the same seed gives the same row."""

    def __init__(self, seed: int, client: int, *, longest_pause: float = 0.3) -> None:
        self._random = random.Random(f"{seed}/{client}")
        self._name = f"{seed}-{client}"
        self._longest_pause = longest_pause
        self._count = 0

    def next(self) -> Request:
        """The next request."""
        self._count += 1
        marker = f"[{self._name}-{self._count}]"
        if self._random.random() < _WRONG_SHARE:
            return _wrong(self._random, marker)
        return _ordinary(self._random, marker)

    def pause(self) -> float:
        """Seconds until it is sent."""
        return self._random.uniform(0.0, self._longest_pause)


def _ordinary(random: random.Random, marker: str) -> Request:
    dialect = random.choice(("openai", "ollama"))
    is_chat = random.random() < 0.75
    streamed = random.random() < 0.5
    is_too_long = random.random() < 0.004
    limit = 0 if random.random() < 0.85 else random.randint(2, 12)
    body: dict[str, Any] = {"model": random.choice(_MODELS), "stream": streamed}
    if dialect == "ollama" and not body["model"]:
        body["model"] = "auto"
    # At the end, because a demo model that is given raw text goes on from its last word.
    text = f"{_TOO_LONG if is_too_long else _text(random)} {marker}"
    if is_chat:
        body["messages"] = [*_history(random), {"role": "user", "content": text}]
    else:
        body["prompt"] = text
    if limit and dialect == "openai":
        body["max_tokens"] = limit
    elif limit:
        body["options"] = {"num_predict": limit}
    leave = None
    if random.random() < 0.1:
        leave = random.choice([*Leave] if streamed else [Leave.IN_BODY, Leave.BEFORE_HEAD])
    return Request(
        marker,
        dialect,
        _path(dialect, is_chat=is_chat),
        json.dumps(body).encode(),
        {"content-type": "application/json"},
        streamed=streamed,
        is_chat=is_chat,
        limit=limit,
        is_too_long=is_too_long,
        leave=leave,
        patience=random.uniform(0.0, 0.05),
    )


def _text(random: random.Random) -> str:
    text = random.choice(_SMALL)
    if random.random() < 0.08:
        text += "\n" + _SENTENCE * random.randint(10, 60)
    return text


def _history(random: random.Random) -> list[dict[str, str]]:
    turns = random.choice((0, 0, 0, 1, 2, 6))
    said = [{"role": "system", "content": "Be brief."}] if random.random() < 0.3 else []
    for turn in range(turns):
        said.append({"role": "user", "content": f"Question {turn}: what is {turn} plus {turn}?"})
        said.append({"role": "assistant", "content": f"It is {2 * turn}."})
    return said


def _path(dialect: str, *, is_chat: bool) -> str:
    if dialect == "openai":
        return "/v1/chat/completions" if is_chat else "/v1/completions"
    return "/api/chat" if is_chat else "/api/generate"


# (status, body without its marker, headers): each is wrong in one way.
_WRONG: tuple[tuple[int, str, dict[str, str]], ...] = (
    (400, '{"messages": [{"role": "user", "content": "MARKER', {}),
    (400, '["MARKER"]', {}),
    (400, "", {}),
    (400, '{"model": "auto", "messages": "MARKER"}', {}),
    (400, '{"model": "auto", "messages": [{"role": 5, "content": "MARKER"}]}', {}),
    (400, '{"model": "auto", "messages": [{"role": "user", "content": {"a": "MARKER"}}]}', {}),
    (404, '{"model": "nobody-has-this", "messages": [{"role": "user", "content": "MARKER"}]}', {}),
    (415, '{"messages": [{"role": "user", "content": "MARKER"}]}', {"content-encoding": "lzma"}),
    (
        400,
        '{"model": "auto", "messages": [{"role": "user", "content": "MARKER"}]}',
        {"x-gearshift-tier": "no-such-tier"},
    ),
)


def _wrong(random: random.Random, marker: str) -> Request:
    dialect = random.choice(("openai", "ollama"))
    if random.random() < 0.1:
        path = "/v1/nothing/here" if dialect == "openai" else "/api/nothing"
        return Request(marker, dialect, path, b"{}", refused_with=404)
    status, body, headers = random.choice(_WRONG)
    headers = {"content-type": "application/json", **headers}
    raw = body.replace("MARKER", marker).encode()
    path = _path(dialect, is_chat=True)
    return Request(marker, dialect, path, raw, headers, refused_with=status)
