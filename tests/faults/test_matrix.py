"""Every fault, in every pair of dialects, streamed and whole, ends as stated with the fault.

The cells of one pair share a gateway and many run at the same time: a cell is a model name of
its own, so that neither cooldown nor circuit of one touches another.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from tests.fakes.dialects import SPOKEN, TEXT, WORDS, Spoken, Told
from tests.fakes.faults import FAULTS, WORDS_OF_FAILURE, Fault, Outcome, When
from tests.fakes.ports import reserved_port
from tests.fakes.scripted import Asked, ScriptedUpstream
from tests.fakes.statuses import BY_STATUS

from gearshift import registry

PATIENT = {
    "connect_seconds": 20,
    "first_token_seconds": 20,
    "idle_seconds": 20,
    "total_seconds": 40,
}
# A stall takes a second, and none is one of connecting; the total leaves the second upstream time
# on a busy machine.
HASTY = {
    "connect_seconds": 20,
    "first_token_seconds": 1.0,
    "idle_seconds": 1.0,
    "total_seconds": 4.0,
}
AT_ONCE = 12
WAITING_AT_ONCE = 40  # those that stall wait for a limit, and for nothing else
UPSTREAM_DIALECTS = {registry.load(target).dialect for target in registry.PROVIDERS.values()}


class Pair(NamedTuple):
    """Dialects; the cells of one pair share a gateway."""

    client: str
    upstream: str


PAIRS = [
    Pair(client, upstream)
    for client, upstream in itertools.product(registry.CLIENT_DIALECTS, registry.UPSTREAM_DIALECTS)
    if upstream in UPSTREAM_DIALECTS
]
each_pair = [pytest.param(pair, id="-".join(pair)) for pair in PAIRS]


@dataclass(frozen=True)
class Cell:
    """One fault of a whole or a streamed answer."""

    stream: bool
    fault: Fault

    @property
    def id(self) -> str:
        return f"{'stream' if self.stream else 'whole'}-{self.fault.name}"

    @property
    def outcome(self) -> Outcome | None:
        return self.fault.outcome(streamed=self.stream)


ALL = (*FAULTS, *BY_STATUS)
CELLS = [Cell(stream, fault) for stream, fault in itertools.product((False, True), ALL)]
QUICK = [cell for cell in CELLS if cell.outcome and not cell.fault.is_slow]
SLOW = [cell for cell in CELLS if cell.outcome and cell.fault.is_slow]


def is_tried(quick: Pair, cell: Cell, **others: object) -> bool:
    """Whether a pair tries a cell.

    What an upstream does before it has sent a head reaches no client, but for what comes of it.
    Where that is another upstream's answer, its own clients try it, and the others by turns.
    """
    if cell.outcome is not Outcome.FALLBACK or cell.fault.when is not When.BEFORE_HEAD:
        return True
    foreign = [client for client in registry.CLIENT_DIALECTS if client != quick.upstream]
    turn = foreign[ALL.index(cell.fault) % len(foreign)]
    return quick.client in (quick.upstream, turn)


@dataclass(frozen=True)
class Observed:
    """What a client got, and what the second upstream was asked on its behalf."""

    status: int
    headers: Mapping[str, str]
    told: Told
    second: Sequence[Asked]


class Matrix:
    """Runs the cells of a pair; the tests await their own."""

    def __init__(
        self,
        url: str,
        client: Spoken,
        first: ScriptedUpstream,
        second: ScriptedUpstream,
        cells: Sequence[Cell],
        at_once: int,
    ) -> None:
        self._url = url + client.chat_path
        self._client = client
        self._first = first
        self._second = second
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._turns = asyncio.Semaphore(at_once)
        self._tasks = {cell.id: asyncio.create_task(self._in_turn(cell)) for cell in cells}

    async def observed(self, cell: Cell) -> Observed:
        return await self._tasks[cell.id]

    async def aclose(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._session.close()

    def strays(self) -> list[Asked]:
        """Requests that went where a redirect pointed, or anywhere else where none should."""
        return self._first.strays + self._second.strays

    async def _in_turn(self, cell: Cell) -> Observed:
        async with self._turns, asyncio.timeout(60):
            return await self._run(cell)

    async def _run(self, cell: Cell) -> Observed:
        question = self._client.question(cell.id, stream=cell.stream)
        async with self._session.post(self._url, json=question, allow_redirects=False) as response:
            body = b""
            async for data in response.content.iter_any():
                body += data
                self._first.seen[cell.id].set()
        told = self._client.read(body, stream=cell.stream)
        return Observed(response.status, response.headers, told, self._second.answered[cell.id])


async def running(
    request, gateway, closed: str, limits: Mapping[str, float], at_once: int
) -> AsyncIterator[Matrix]:
    """The cells of one pair that this run has selected, running."""
    pair: Pair = request.param
    chosen = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    cells = [params["cell"] for params in chosen if params.get(request.fixturename) == pair]
    scripts = {cell.id: cell.fault.script for cell in cells if cell.fault.script}
    spoken = SPOKEN[pair.upstream]
    async with ScriptedUpstream(spoken, [cell.id for cell in cells]) as second:
        trap = f"{second.url}/trap"
        async with (
            ScriptedUpstream(spoken, [*scripts], scripts, trap) as first,
            gateway({"limits": limits, "upstreams": entries(closed, first, second, cells)}) as url,
        ):
            matrix = Matrix(url, SPOKEN[pair.client], first, second, cells, at_once)
            try:
                yield matrix
            finally:
                await matrix.aclose()


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    with reserved_port() as port:
        yield f"http://127.0.0.1:{port}"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=each_pair)
async def quick(request, gateway, closed) -> AsyncIterator[Matrix]:
    async for matrix in running(request, gateway, closed, PATIENT, AT_ONCE):
        yield matrix


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=each_pair)
async def slow(request, gateway, closed) -> AsyncIterator[Matrix]:
    async for matrix in running(request, gateway, closed, HASTY, WAITING_AT_ONCE):
        yield matrix


def entries(
    closed: str, first: ScriptedUpstream, second: ScriptedUpstream, cells: Sequence[Cell]
) -> list[dict[str, Any]]:
    """The settings of every upstream; nobody listens at the URL `closed`, of `refusing`."""
    refusing = [cell.id for cell in cells if not cell.fault.script]
    none = {**first.settings("refusing"), "base_url": closed, "models": refusing}
    return [
        *([none] if refusing else []),
        *([first.settings("first")] if first.models else []),
        second.settings("second"),
    ]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("cell", QUICK, ids=lambda cell: cell.id)
@pytest.mark.only_if(wants=is_tried)
async def test_a_fault_ends_as_stated(quick: Matrix, cell: Cell):
    await check(quick, cell)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("cell", SLOW, ids=lambda cell: cell.id)
async def test_a_stall_ends_as_stated(slow: Matrix, cell: Cell):
    await check(slow, cell)


async def check(matrix: Matrix, cell: Cell) -> None:
    assert cell.outcome is not None
    observed = await matrix.observed(cell)
    print(observed.headers.get("x-gearshift-reason"))  # noqa: T201 - shown when a check fails
    CHECKS[cell.outcome](cell, observed)
    assert matrix.strays() == []


def is_complete(cell: Cell, observed: Observed) -> None:
    assert observed.status == 200
    assert observed.told == Told(TEXT, is_ended=True)
    assert observed.headers["x-gearshift-model"] == cell.id
    assert observed.headers["x-gearshift-upstream"] == "first"
    assert "x-gearshift-fallback" not in observed.headers
    assert observed.second == []


def is_fallback(cell: Cell, observed: Observed) -> None:
    asked = "first" if cell.fault.script else "refusing"
    assert observed.status == 200
    assert observed.told == Told(TEXT, is_ended=True)
    assert observed.headers["x-gearshift-model"] == cell.id
    assert observed.headers["x-gearshift-upstream"] == "second"
    assert observed.headers["x-gearshift-fallback"] == f"{asked}/{cell.id}->second/{cell.id}"
    assert len(observed.second) == 1


def is_in_band_error(cell: Cell, observed: Observed) -> None:
    assert observed.status == 200
    assert TEXT.startswith(observed.told.text)
    assert observed.told.text.startswith(WORDS[0])
    assert observed.told.error
    assert not observed.told.is_ended
    assert observed.headers["x-gearshift-upstream"] == "first"
    assert "x-gearshift-fallback" not in observed.headers
    assert observed.second == []


def is_passed_back(cell: Cell, observed: Observed) -> None:
    assert observed.status == cell.fault.status
    assert observed.told.error
    assert not observed.told.text
    if not cell.fault.name.endswith("_no_body"):
        assert WORDS_OF_FAILURE in observed.told.error
    assert observed.headers["content-type"] == "application/json"
    assert "x-gearshift-fallback" not in observed.headers
    assert observed.second == []


CHECKS = {
    Outcome.COMPLETE: is_complete,
    Outcome.FALLBACK: is_fallback,
    Outcome.IN_BAND_ERROR: is_in_band_error,
    Outcome.PASSED_BACK: is_passed_back,
}


@pytest.mark.parametrize("dialect", registry.CLIENT_DIALECTS | registry.UPSTREAM_DIALECTS)
def test_every_dialect_has_a_fake(dialect):
    assert dialect in SPOKEN, "write its class in tests/fakes/dialects.py"
    assert SPOKEN[dialect].provider in registry.PROVIDERS or dialect not in UPSTREAM_DIALECTS


def test_every_fault_has_a_name_of_its_own():
    assert len({fault.name for fault in ALL}) == len(ALL)
