"""`count_tokens` answers at once: a number, or what is wrong with the request."""

from typing import Any

import orjson
import pytest

from gearshift.errors import RequestError
from gearshift.gateway.endpoints.count_tokens import count
from gearshift.http.values import HttpRequest

CONTEXT: Any = None  # nobody is asked


async def counted(**body):
    request = HttpRequest("POST", "/v1/messages/count_tokens", body=orjson.dumps(body))
    response = await count(CONTEXT, request)
    assert response.status == 200
    assert isinstance(response.body, bytes)
    return orjson.loads(response.body)


async def test_a_request_has_a_number_of_tokens():
    messages = [{"role": "user", "content": "a" * 360}]
    assert await counted(messages=messages) == {"input_tokens": 104}
    assert (await counted(messages=messages, max_tokens=9, tools=[]))["input_tokens"] == 104


async def test_what_could_not_be_sent_is_not_counted():
    with pytest.raises(RequestError, match="messages"):
        await counted(messages=[])
