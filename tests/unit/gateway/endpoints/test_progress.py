"""The lines of a change: passed on, ended with an error where they break off, or waited for."""

import asyncio
import json

import pytest

from gearshift.errors import FailureKind, UpstreamError
from gearshift.gateway.endpoints.progress import ChangeResult, Progress, last_of

PULLING, DONE = b'{"status":"pulling manifest"}\n', b'{"status":"success"}\n'
FAILED = b'{"error":"no such model"}\n'
CUT = UpstreamError("cut off: gone", fault=FailureKind.CUT_OFF)


class Answer:
    """Says these lines, or raises."""

    status, content_type = 200, "application/x-ndjson"

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.is_closed = False

    async def read(self):
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def whole(self):
        raise NotImplementedError

    async def aclose(self):
        self.is_closed = True


async def passed(*pieces):
    """What the client gets, and between which pieces the end was told."""
    told = []

    async def ended(result):
        told.append(result)

    answer = Answer(*pieces)
    progress = Progress(answer, ended)
    while (piece := await progress.read()) is not None:
        told.append(piece)
    assert await progress.read() is None
    await progress.aclose()
    assert answer.is_closed
    return told


@pytest.mark.parametrize("pieces", [(FAILED + DONE,), (FAILED, DONE)], ids=["at once", "in turn"])
async def test_the_first_end_counts_however_the_lines_come(pieces):
    assert (await passed(*pieces))[0] is ChangeResult.FAILED
    assert await last_of(Answer(*pieces)) == (500, FAILED.rstrip())


async def test_success_is_told_to_the_client_once_it_can_be_relied_on():
    told = await passed(PULLING, DONE)
    assert told == [PULLING, ChangeResult.DONE, DONE, ChangeResult.DONE, ChangeResult.CANCELLED]
    # Whoever is told counts the first time only.


async def test_lines_that_come_together_are_seen_too():
    assert (await passed(PULLING + DONE))[0] is ChangeResult.DONE
    assert (await passed(PULLING + FAILED))[0] is ChangeResult.FAILED


async def test_one_that_ends_without_a_word_has_done_what_it_could():
    assert (await passed(PULLING))[:2] == [PULLING, ChangeResult.DONE]
    assert (await passed(b"no json\n"))[:2] == [b"no json\n", ChangeResult.DONE]
    assert (await passed(b"[]\n"))[0] == b"[]\n"


async def test_one_that_breaks_off_ends_with_an_error():
    first, result, last, _ = await passed(PULLING, CUT)
    assert (first, result) == (PULLING, ChangeResult.FAILED)
    assert "cut off" in json.loads(last)["error"]
    assert last.endswith(b"\n")


async def test_one_that_the_server_ends_says_so():
    progress = Progress(Answer(), lambda _: asyncio.sleep(0))
    assert "stopping" in json.loads(progress.abort_marker())["error"]


async def test_whoever_waits_gets_the_last_line():
    assert await last_of(Answer(PULLING, PULLING + DONE)) == (200, DONE.strip())
    assert await last_of(Answer(PULLING, FAILED)) == (500, FAILED.strip())
    for broken in (Answer(PULLING, CUT), Answer(), Answer(b"\n")):
        with pytest.raises(UpstreamError):
            await last_of(broken)


def test_a_client_that_goes_has_not_failed():
    assert ChangeResult.of(asyncio.CancelledError()) is ChangeResult.CANCELLED
    assert ChangeResult.of(CUT) is ChangeResult.FAILED
