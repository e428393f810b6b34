"""What must hold for any bytes around a change of models, and for what starts a client."""

from __future__ import annotations

import tomllib
from collections.abc import Coroutine, Iterator
from typing import Any, Final, cast

import click
import orjson
import yaml

from fuzz.formats import splits
from fuzz.requests import refused
from gearshift.cli.launch import checked_model
from gearshift.cli.launch_clients import CLIENTS, Target
from gearshift.dialects.ollama.changes import ChangeKind, read_change
from gearshift.errors import RequestError, UpstreamError
from gearshift.gateway.endpoints.progress import ChangeResult, Progress, last_of
from gearshift.http.client.client import UpstreamResponse
from gearshift.providers.base import UpstreamConfig
from gearshift.providers.masking import Mask
from gearshift.providers.store_answer import StoreAnswer

_SECRET = "sk-secret"
_MASK = Mask(UpstreamConfig("u", "ollama", "http://localhost", api_key=_SECRET))


def read(data: bytes) -> None:
    """A request to change models is refused in words, or says which models it is about."""
    for kind in ChangeKind:
        try:
            change = read_change(kind, data)
        except RequestError as error:
            refused(error)
            continue
        assert all(change.names), change
        sent = orjson.loads(change.written())
        assert sent == ({**change.body, "stream": True} if change.has_progress else change.body)
        assert read_change(kind, change.written()).names == change.names


def progress(data: bytes) -> None:
    """Its progress is passed on as it comes, but for secrets, and ends the same way always."""
    ends = set()
    for pieces in splits(data):
        results = list[ChangeResult]()
        passed = Progress(_answer(pieces), _collector(results))
        lines = list[bytes]()
        while (told := _run(passed.read())) is not None:
            lines.append(told)
        _run(passed.aclose())
        assert b"".join(lines) == _MASK.hidden(data), lines
        assert all(b"\n" not in line.rstrip(b"\n") or line.endswith(b"\n") for line in lines[:-1])
        ends.add((results[0], _end_of(pieces)))
    assert len(ends) == 1, ends
    result, (status, _) = ends.pop()
    assert status == 0 or (status == 200) is (result is ChangeResult.DONE), (status, result)


def _end_of(pieces: list[bytes]) -> tuple[int, bytes]:
    try:
        ending: tuple[int, bytes] = _run(last_of(_answer(pieces)))
    except UpstreamError as error:
        return 0, str(error).encode()
    return ending


def _answer(pieces: list[bytes]) -> StoreAnswer:
    return StoreAnswer(cast(UpstreamResponse, _Response(pieces)), _MASK)


class _Response:
    """An upstream's bytes as they come."""

    status = 200
    content_type = "application/x-ndjson"

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self) -> bytes:
        """The next ones, nothing at the end."""
        return next(self._pieces, b"")

    def release(self) -> None:
        """There is no connection."""

    abort = release


def _collector(results: list[ChangeResult]) -> Any:
    async def ended(result: ChangeResult) -> None:
        results.append(result)

    return ended


def _run(waiting: Coroutine[Any, Any, Any]) -> Any:
    """What never waits needs no loop."""
    try:
        waiting.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


_NAMES_OF_MODELS: Final = ("model", "model_id", "model_name")


def launch(data: bytes) -> None:
    """A model's name is refused in words, or is what a client that is started reads."""
    try:
        model = checked_model(data.decode("utf-8", "surrogateescape"))
    except click.BadParameter:
        return
    for needs_key in (False, True):
        at = Target("http://127.0.0.1:11435", model, needs_key=needs_key, folder="/f")
        named = [value for name in CLIENTS for value in _named(name, at)]
        assert all(value in (model, f"openai/{model}", f"gearshift/{model}") for value in named)


def _named(name: str, at: Target) -> Iterator[str]:
    pointed = CLIENTS[name].point(at)
    for key, value in pointed.variables.items():
        if key.endswith("MODEL"):
            yield value
    settings = [
        value
        for flag, value in zip(pointed.arguments, pointed.arguments[1:], strict=False)
        if flag == "-c"
    ]
    for setting in settings:
        if setting.startswith("model="):
            yield tomllib.loads(setting)["model"]
    for text in pointed.files.values():
        read = yaml.safe_load(text)  # a list of models, or a configuration that has one
        for entry in read["models"] if isinstance(read, dict) else read:
            yield from (value for key, value in entry.items() if key in _NAMES_OF_MODELS)
    if content := pointed.variables.get("OPENCODE_CONFIG_CONTENT"):
        config = orjson.loads(content)
        yield from (config["model"], *config["provider"]["gearshift"]["models"])
