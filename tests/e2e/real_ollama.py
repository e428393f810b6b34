"""The Ollama that `GEARSHIFT_TEST_OLLAMA_URL` names, and what it must have for the tests."""

from __future__ import annotations

import functools
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.conftest import TIERS

VARIABLE = "GEARSHIFT_TEST_OLLAMA_URL"
UNNAMED = f"{VARIABLE} names no Ollama"

_QUESTIONS = ("hi", "Say something else.")
_CONTEXT = 32768
_HOW = (
    "The tests compare answers word for word, so both models must be demo models: run `gearshift "
    "serve --demo` once, then `ollama create NAME -f FILE` for each, with a FILE that says `FROM` "
    "and the path of one of the files demo-*.gguf in its cache folder, and `PARAMETER num_ctx "
    f"{_CONTEXT}`."
)


@dataclass(frozen=True)
class RealOllama:
    """A server that runs.

    Attributes:
        url: Where.
        version: Its own.
        replies: By tier, what its model always says.
    """

    url: str
    version: str
    replies: Mapping[str, str]

    @property
    def host(self) -> str:
        """The value of `OLLAMA_HOST` that means it."""
        return self.url.removeprefix("http://")

    def ask(self, path: str, body: Any = None, method: str | None = None) -> tuple[int, Any]:
        """Status and document of its own answer; a stream is a list."""
        return asked(self.url + path, body, method)


def asked(url: str, body: Any = None, method: str | None = None) -> tuple[int, Any]:
    """Status and document of an answer; of a stream a list, or the text of its events."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, _document(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _document(error.read())


def _document(content: bytes) -> Any:
    if content.startswith((b"data:", b"event:")):
        return content.decode()
    documents = [json.loads(line) for line in content.splitlines() if line.strip()]
    return documents[0] if len(documents) == 1 else documents


@functools.cache
def named_ollama() -> RealOllama | None:
    """The one that the variable names; `None` if it names none.

    What it lacks is an error of the person who set the variable, so the tests fail with it.
    """
    url = os.environ.get(VARIABLE, "").rstrip("/")
    if not url:
        return None
    try:
        _, version = asked(f"{url}/api/version")
        replies = {tier: _only_reply(url, model) for tier, model in TIERS.items()}
    except (OSError, ValueError) as error:
        pytest.fail(f"{VARIABLE}: no Ollama at {url}: {error}", pytrace=False)
    return RealOllama(url, version["version"], replies)


def _only_reply(url: str, model: str) -> str:
    replies = set()
    for question in _QUESTIONS:
        turn = {"role": "user", "content": question}
        status, answer = asked(
            f"{url}/api/chat", {"model": model, "messages": [turn], "stream": False}
        )
        if status != 200:
            pytest.fail(f"{VARIABLE}: {url} says {status} {answer} of {model}. {_HOW}", False)
        replies.add(answer["message"]["content"])
    if len(replies) > 1:
        pytest.fail(f"{VARIABLE}: {model} at {url} answers this and that. {_HOW}", False)
    running = asked(f"{url}/api/ps")[1]["models"]
    if not any(each["name"] == model and each["context_length"] == _CONTEXT for each in running):
        pytest.fail(f"{VARIABLE}: {model} at {url} has a shorter context. {_HOW}", False)
    return replies.pop()
