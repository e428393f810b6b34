"""Orders go through a pipe whole, one after the other, in whatever pieces they arrive."""

import os
import threading

import pytest

from gearshift.config.loading import Settings
from gearshift.providers.base import UpstreamConfig
from gearshift.serving.worker_protocol import (
    Abort,
    Commit,
    Order,
    Prepare,
    Start,
    read_order,
    written,
)

UPSTREAMS = (UpstreamConfig("o", "ollama", "http://127.0.0.1:11434", api_key="secret"),)
ORDERS: list[Order] = [
    Start(Settings(), UPSTREAMS, listener=7, workers=3),
    Prepare(1, Settings.model_validate({"limits": {"max_headers": 7}}), UPSTREAMS),
    Commit(1),
    Abort(2),
]


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    ends = {reading, writing}

    def close(end):
        ends.discard(end)
        os.close(end)

    yield reading, writing, close
    for end in ends:
        os.close(end)


def test_orders_arrive_as_they_were_and_in_order(pipe):
    reading, writing, _ = pipe
    os.write(writing, b"".join(map(written, ORDERS)))
    assert [read_order(reading) for _ in ORDERS] == ORDERS


def test_an_order_may_be_larger_than_the_pipe(pipe):
    reading, writing, close = pipe
    order = Prepare(1, Settings(), (UpstreamConfig("o" * 300_000, "ollama", ""),))
    data = written(order)

    def write():
        left = data
        while left:
            left = left[os.write(writing, left) :]
        close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_order(reading) == order
    assert read_order(reading) is None
    writer.join()


@pytest.mark.parametrize("missing", [1, 5, len(written(Commit(1))) - 2])
def test_of_a_parent_that_dies_while_it_writes_no_half_order_is_taken(pipe, missing):
    reading, writing, close = pipe
    os.write(writing, written(Commit(1))[:-missing])
    close(writing)
    assert read_order(reading) is None
