"""The estimate of tokens grows with everything that a model would read."""

import orjson
import pytest

from gearshift.dialects.anthropic.request import parse
from gearshift.dialects.counting import tokens_of

IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "A" * 9999},
}
CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": "y" * 360}}


def counted(*content, **body):
    messages = [{"role": "user", "content": one} for one in content]
    return tokens_of(parse(orjson.dumps({"messages": messages, **body}), is_counted=True))


def test_a_text_has_a_token_for_three_or_four_letters():
    assert counted("a" * 360) == 104
    assert counted("") == 4


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ({"system": "b" * 360}, 104),
        ({"tools": [{"name": "f", "description": "c" * 360, "input_schema": {}}]}, 100),
    ],
)
def test_system_prompt_and_tools_count(body, more):
    assert more <= counted("a", **body) - counted("a") < more + 30


def test_an_image_counts_as_one_and_not_as_its_letters():
    assert counted([IMAGE, {"type": "text", "text": "a" * 36}]) == 1014


def test_calls_thoughts_and_what_is_unknown_count():
    thought = {"type": "thinking", "thinking": "d" * 360}
    body = {"messages": [{"role": "assistant", "content": [thought, CALL]}]}
    assert tokens_of(parse(orjson.dumps(body), is_counted=True)) > 200
    assert counted([{"type": "unheard_of", "words": "e" * 360}]) > 100


def test_half_a_character_counts():
    assert counted("\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "replace")) > 4
