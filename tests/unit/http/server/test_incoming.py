"""What is read ahead of an answer is bounded, however it is packed."""

import asyncio

import pytest
from tests.fakes.transport import FakeTransport

from gearshift.http.server.incoming import Incoming
from gearshift.http.server.reader import RejectedRequest
from gearshift.http.values import HttpLimits

GET = b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture
def incoming():
    client = Incoming(HttpLimits(), lambda: None)
    client.attach(FakeTransport(asyncio.Protocol()))
    return client


def paths(incoming):
    return [item.request.path for item in incoming.waiting]


@pytest.mark.parametrize("size", [1, 7, 100, 4096, 10**6])
@pytest.mark.parametrize("is_ahead", [False, True])
def test_every_request_comes_once_and_in_order_whatever_the_packets(incoming, size, is_ahead):
    data = b"".join(GET % number for number in range(2000))
    found = []
    for start in range(0, len(data), size):
        incoming.feed(data[start : start + size], is_ahead=is_ahead)
        assert len(incoming.waiting) < 8 + 4096 // len(GET)
        while incoming.waiting:
            found += paths(incoming)
            incoming.waiting.clear()
            incoming.feed(b"", is_ahead=is_ahead)
    assert found == [f"/{number}" for number in range(2000)]


def test_a_body_of_known_length_is_not_cut(incoming):
    body = b"z" * 1_000_000
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    incoming.feed(head + body + GET % 1, is_ahead=False)
    assert len(incoming.waiting[0].request.body) == 1_000_000
    assert paths(incoming) == ["/", "/1"]


def test_the_client_is_held_back_while_there_is_no_room(incoming):
    transport = incoming._transport

    def regulated(*, is_ahead=True, is_held=False):
        incoming.regulate(is_ahead=is_ahead, is_held=is_held)
        return not transport.is_reading_paused

    assert regulated()
    assert not regulated(is_held=True)
    assert regulated()
    incoming.feed(GET % 1 * 300, is_ahead=True)
    assert not regulated()
    incoming.waiting.clear()
    assert not regulated()  # not all that came has been looked at
    while incoming._unread:
        incoming.feed(b"", is_ahead=True)
        incoming.waiting.clear()
    assert regulated()
    incoming.feed(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\n", is_ahead=True)
    incoming.feed(b"z" * 70_000, is_ahead=True)
    assert not regulated()
    assert regulated(is_ahead=False)


def test_after_a_refusal_nothing_is_kept(incoming):
    incoming.feed(b"nonsense\r\n\r\n" + GET % 1 * 1000, is_ahead=False)
    assert isinstance(incoming.waiting[0], RejectedRequest)
    incoming.drop()
    incoming.feed(GET % 1, is_ahead=False)
    assert incoming.waiting == []
    assert not incoming._transport.is_reading_paused
