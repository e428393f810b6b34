"""What is told of an error that Redis answers with: what it means, and nothing that was sent."""

import pytest

from gearshift.redis.errors import RedisReplyError


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("OOM command not allowed", "OOM", "h:1: OOM, it is full (maxmemory)"),
        ("READONLY You can't write", "READONLY", "h:1: READONLY, a replica that takes no writes"),
        ("ERR unknown command 'secret'", "ERR", "h:1: ERR"),
        ("x" * 99, "x" * 20, "h:1: " + "x" * 20),
    ],
)
def test_the_first_word_and_its_meaning_are_told(text, code, told):
    error = RedisReplyError("h:1", text)
    assert (error.code, str(error)) == (code, told)
