"""Images in whatever shape clients send them, as the other dialect's servers take them."""

import base64

import orjson
import pytest

from gearshift.dialects.images import as_base64, as_url, image_url
from gearshift.dialects.ollama.dialect import OllamaDialect
from gearshift.dialects.openai.dialect import OpenAIDialect
from gearshift.errors import FailureKind, UntranslatableError
from gearshift.types import Capability, Operation

HEADS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff\xe0\0\x10JFIF": "image/jpeg",
    b"GIF89a": "image/gif",
    b"RIFF\0\0\0\0WEBPVP8 ": "image/webp",
    b"BM\0\0": "image/bmp",
    b"II*\0": "image/tiff",
    b"<svg xmlns=": "image/svg+xml",
    b"\0\0\0 ftypavif": "image/avif",
    b"\0\0\0 ftypheic": "image/heic",
    b"what": "image/png",
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("length", range(4))
def test_bare_base64_becomes_a_data_url_of_the_type_that_it_has(head, length):
    text = base64.b64encode(head + b"\0" * length).decode()
    assert as_url(text) == f"data:{HEADS[head]};base64,{text}"
    lines = text[:4] + "\r\n" + text[4:] + "\n"
    assert as_url(lines) == as_url(text)
    assert as_base64(as_url(text)) == as_base64(lines) == text


@pytest.mark.parametrize(
    "url", ["http://h/a.png", "HTTPS://h/a.jpg?x=1", "data:image/png;base64,AA"]
)
def test_what_is_a_url_stays_one(url):
    assert as_url(f" {url}\n") == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("DATA:image/PNG;charset=x;BASE64,AAAA", "AAAA"),
        ("data:;base64,_-8=", "/+8="),
        ("data:image/png;base64,AA%2BA", "AA+A"),
        ("data:image/svg+xml,%3Csvg%3E", base64.b64encode(b"<svg>").decode()),
        ("iVBORw0KGgo=", "iVBORw0KGgo="),
        ("/9j/4AAQ", "/9j/4AAQ"),
        ("https://h/a.png", None),
        ("file:///a.png", None),
        ("a.png", None),
        ("", None),
    ],
)
def test_base64_for_ollama(url, expected):
    assert as_base64(url) == expected


DATA = "data:image/png;base64,AAAA"
SOURCE = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
PARTS = [
    {"type": "image_url", "image_url": {"url": DATA}},
    {"type": "image_url", "image_url": DATA},
    {"type": "input_image", "image_url": DATA},
    {"type": "input_image", "image_url": {"url": DATA, "detail": "low"}},
    {"type": "image", "source": SOURCE},
    {"type": "image", "image": DATA},
]


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_every_shape_reach_ollama(part):
    assert image_url(part) == DATA
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, part]}]}
    request = OpenAIDialect().parse(Operation.CHAT, orjson.dumps(body))
    assert request.needs == {Capability.VISION}
    sent = orjson.loads(OllamaDialect().upstream_body(request, "m"))
    assert sent["messages"] == [{"role": "user", "content": "what?", "images": ["AAAA"]}]


def test_what_would_have_to_be_fetched_is_refused_by_its_address():
    part = {"type": "image_url", "image_url": {"url": "https://host/cat.png"}}
    body = {"messages": [{"role": "user", "content": [part]}]}
    request = OpenAIDialect().parse(Operation.CHAT, orjson.dumps(body))
    with pytest.raises(UntranslatableError) as caught:
        OllamaDialect().upstream_body(request, "m")
    assert caught.value.fault is FailureKind.INCAPABLE
    assert "https://host/cat.png" in caught.value.message
    assert "base64" in caught.value.message


def test_a_url_of_an_ollama_client_reaches_an_openai_upstream():
    body = {"messages": [{"role": "user", "content": "x", "images": ["https://host/cat.png"]}]}
    request = OllamaDialect().parse(Operation.CHAT, orjson.dumps(body))
    sent = orjson.loads(OpenAIDialect().upstream_body(request, "m"))
    (_, picture) = sent["messages"][0]["content"]
    assert picture == {"type": "image_url", "image_url": {"url": "https://host/cat.png"}}
