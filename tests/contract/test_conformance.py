"""Every client dialect with every upstream dialect: each feature is kept, or lost as stated.

Real parsing, routing, translation, reading and writing, without a socket. A new dialect joins with
its declaration in `tests/fakes/conformance/`; what is not kept is the table in docs/dialects.md.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from tests.fakes.asking import answered_by
from tests.fakes.conformance.features import ANSWERS, QUESTIONS, TOGETHER, Client, Upstream
from tests.fakes.conformance.transport import ScriptedClient, ScriptedResponse
from tests.fakes.dialects import SPOKEN

from gearshift import registry
from gearshift.config.loading import Settings
from gearshift.gateway.app import Gateway
from gearshift.interface import LLMInterface
from gearshift.telemetry.metrics import Metrics

DOCUMENT = Path(__file__).parents[2] / "docs" / "dialects.md"
WORDS_OF_FAILURE = "it broke"
MODEL = "large"
ENDS = re.compile(rb'"(?:finish_reason|done_reason|stop_reason)": "')
CONTENT = ("text", "thinking", "calls")


@cache
def client_of(dialect: str) -> Client:
    made: Client = import_module(f"tests.fakes.conformance.{dialect}").Client()
    return made


@cache
def upstream_of(dialect: str) -> Upstream:
    made: Upstream = import_module(f"tests.fakes.conformance.{dialect}").Upstream()
    return made


class Side(NamedTuple):
    """A gateway before one upstream."""

    dialect: str
    gateway: Gateway
    connection: ScriptedClient


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=registry.UPSTREAM_DIALECTS)
async def side(request) -> AsyncIterator[Side]:
    dialect, spoken = request.param, SPOKEN[request.param]
    base_url = f"http://127.0.0.1:9{spoken.base_path}"
    entry = {"name": "u", "provider": spoken.provider, "base_url": base_url, "models": [MODEL]}
    given = {"upstreams": [entry], "retries": {"attempts": 0}, "circuit": {"failures": 1000}}
    llm = LLMInterface(Settings.model_validate(given))
    connection = ScriptedClient(upstream_of(dialect).documents(MODEL))
    provider: Any = llm.providers["u"]
    provider._client = connection
    await llm.start()
    yield Side(dialect, Gateway(llm, Metrics()), connection)
    await llm.aclose()


each_client = pytest.mark.parametrize("client", registry.CLIENT_DIALECTS)
each_form = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
in_turn = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def named(feature: str) -> Iterator[None]:
    """Says of which feature something does not hold: a test each would take five times as long."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{feature}: {error}") from error


def said(side: Side, answer: Mapping[str, Any], *, stream: bool) -> ScriptedResponse:
    upstream = upstream_of(side.dialect)
    if not stream:
        return ScriptedResponse(200, [upstream.whole(MODEL, dict(answer))])
    return ScriptedResponse(200, upstream.stream(MODEL, dict(answer)))


async def asked(side: Side, client: str, features: Mapping[str, Any], *, stream: bool) -> Any:
    declared = client_of(client)
    body = {**declared.ask(dict(features), stream=stream), "model": MODEL}
    return await answered_by(side.gateway, declared.path, body)


@in_turn
@each_client
@each_form
async def test_what_is_asked_is_understood(side, client, stream):
    unasked = client_of(client).unasked
    for feature in ("plain", *(feature for feature in QUESTIONS if feature not in unasked)):
        with named(feature):
            await check_question(side, client, feature, stream=stream)


async def check_question(side: Side, client: str, feature: str, *, stream: bool) -> None:
    declared, upstream = client_of(client), upstream_of(side.dialect)
    names = [feature, *TOGETHER.get(feature, ())] if feature != "plain" else []
    features = {**declared.always, **{name: QUESTIONS[name] for name in names}}
    side.connection.asked.clear()
    side.connection.answer = said(side, ANSWERS["text"], stream=stream)
    status, body = await asked(side, client, features, stream=stream)
    if feature in upstream.losses.refused:
        assert status == 400
        assert "does not take" in declared.read_error(body)
        assert side.connection.asked == []
        return
    assert status == 200, body
    (sent,) = side.connection.asked
    assert sent["model"] == MODEL
    kept = {name: v for name, v in features.items() if name not in upstream.losses.left_out}
    assert upstream.understood(sent) == kept | ({"stream": True} if stream else {})


@in_turn
@each_client
@each_form
async def test_what_is_answered_is_read(side, client, stream):
    for case in ANSWERS:
        with named(case):
            await check_answer(side, client, case, stream=stream)


async def check_answer(side: Side, client: str, case: str, *, stream: bool) -> None:
    answer, declared = ANSWERS[case], client_of(client)
    lost = declared.unread | upstream_of(side.dialect).unsaid
    features = dict(declared.always)
    if "logprobs" in answer and "logprobs" not in declared.unasked:
        features["logprobs"] = True
    side.connection.answer = said(side, answer, stream=stream)
    status, body = await asked(side, client, features, stream=stream)
    assert status == 200, body
    told = declared.read_stream(body) if stream else declared.read_whole(body)
    kept = {name: value for name, value in answer.items() if name not in lost}
    assert {name: told.get(name) for name in kept} == kept
    for name in {*CONTENT, "logprobs"} - kept.keys():
        assert not told.get(name)


@in_turn
@each_client
@each_form
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_error_before_the_answer_is_told(side, client, stream, status):
    declared = client_of(client)
    said_error = SPOKEN[side.dialect].error(WORDS_OF_FAILURE)
    side.connection.answer = ScriptedResponse(status, [said_error])
    told, body = await asked(side, client, declared.always, stream=stream)
    assert told == (400 if status == 400 else 502)
    assert WORDS_OF_FAILURE in declared.read_error(body)


@in_turn
@each_client
@pytest.mark.parametrize("kind", ["an error", "an end"])
async def test_an_error_amid_the_answer_ends_it(side, client, kind):
    declared, upstream = client_of(client), upstream_of(side.dialect)
    pieces = upstream.stream(MODEL, dict(ANSWERS["text"]))
    ends = next(i for i, piece in enumerate(pieces) if ENDS.search(piece))
    begun = pieces[:ends]
    then = [SPOKEN[side.dialect].stream_error(WORDS_OF_FAILURE)] if kind == "an error" else []
    side.connection.answer = ScriptedResponse(200, [*begun, *then])
    status, body = await asked(side, client, declared.always, stream=True)
    assert status == 200
    error = declared.read_stream(body)["error"]
    assert (WORDS_OF_FAILURE if then else "ended before its end mark") in error


# --- the declarations are complete, and are what the document says


def test_every_dialect_has_its_declaration():
    for dialect in registry.CLIENT_DIALECTS:
        client = client_of(dialect)
        assert client.unasked <= QUESTIONS.keys()
        assert client.unread <= set(itertools.chain(*ANSWERS.values()))
    for dialect in registry.UPSTREAM_DIALECTS:
        upstream = upstream_of(dialect)
        assert upstream.losses.left_out | upstream.losses.refused <= QUESTIONS.keys()
        assert upstream.unsaid <= set(itertools.chain(*ANSWERS.values()))


def documented() -> Iterator[tuple[str, str, str]]:
    """Feature, dialect and what happens, by the table `What is not kept`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.partition("## What is not kept")[2].partition("\n\n|")[2].partition("\n\n")[0]
    table = f"|{table}"
    head, _, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
    for feature, *cells in rows:
        for column, cell in zip(head[1:], cells, strict=True):
            if cell:
                yield feature, column, cell


def declared_losses() -> Iterator[tuple[str, str, str]]:
    names = {"cached": "cached tokens", "reasoned": "reasoning tokens"}
    for dialect in registry.CLIENT_DIALECTS:
        client = client_of(dialect)
        yield from ((name, f"{dialect} client", "not asked") for name in client.unasked)
        yield from (
            (f"answer: {names.get(n, n)}", f"{dialect} client", "not told") for n in client.unread
        )
    for dialect in registry.UPSTREAM_DIALECTS:
        upstream = upstream_of(dialect)
        column = f"{dialect} upstream"
        yield from ((name, column, "left out") for name in upstream.losses.left_out)
        yield from ((name, column, "refused") for name in upstream.losses.refused)
        yield from ((f"answer: {names.get(n, n)}", column, "not told") for n in upstream.unsaid)


def test_what_is_not_kept_is_what_the_document_says():
    assert sorted(documented()) == sorted(declared_losses())
