"""Models of other kinds, made of files that the gateway takes to a real Ollama."""

from __future__ import annotations

import base64
import hashlib
import struct
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.conftest import TIERS
from tests.e2e.real_ollama import asked
from tests.fakes import gguf_files
from tests.fakes.gguf_files import PATCHES, WIDTH
from tests.fakes.sdks import ollama, openai

pytestmark = pytest.mark.elsewhere

SMALL = TIERS["simple"]


@pytest.fixture
def make(real, served) -> Iterator[Callable[..., str]]:
    """Makes a model of files through the gateway; it is deleted the same way."""
    names = []

    def made(name: str, *files) -> str:
        names.append(f"gearshift-test-{name}:latest")
        digests = {}
        for file in files:
            content = file.read_bytes()
            digests[file.name] = f"sha256:{hashlib.sha256(content).hexdigest()}"
            sent = urllib.request.Request(
                f"{served.url}/api/blobs/{digests[file.name]}", content, method="POST"
            )
            with urllib.request.urlopen(sent, timeout=60) as answer:
                assert answer.status in (200, 201)
        body = {"model": names[-1], "files": digests, "parameters": {"num_ctx": 4096}}
        status, steps = asked(f"{served.url}/api/create", body)
        assert (status, steps[-1]["status"]) == (200, "success"), steps
        return names[-1]

    yield made
    for name in names:
        assert asked(f"{served.url}/api/delete", {"model": name}, "DELETE")[0] == 200
        assert asked(f"{served.url}/api/show", {"model": name})[0] == 404


@pytest.fixture
def embedder(make, tmp_path, monkeypatch) -> str:
    """A model for embeddings."""
    file = tmp_path / "embedder.gguf"
    gguf_files.write_embedder(file, monkeypatch)
    return make("embeds", file)


def near(one, other) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 1e-6


def test_vectors_are_the_same_in_every_dialect_and_form(served, embedder):
    texts = ["What time is it?", "another"]
    _, told = asked(f"{served.url}/api/embed", {"model": embedder, "input": texts})
    assert [len(vector) for vector in told["embeddings"]] == [WIDTH, WIDTH]
    assert not near(*told["embeddings"])
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="unused", max_retries=0) as client:
        packed = client.embeddings.create(model=embedder, input=texts)
        plain = client.embeddings.create(model=embedder, input=texts, encoding_format="float")
        short = client.embeddings.create(model=embedder, input=texts, dimensions=4)
    for made in (packed, plain):
        assert made.model == embedder
        assert made.usage.prompt_tokens == told["prompt_eval_count"]
        for one, other in zip(made.data, told["embeddings"], strict=True):
            assert near(one.embedding, other)
    assert [len(each.embedding) for each in short.data] == [4, 4]
    with ollama.Client(host=served.url) as client:
        older = client.embeddings(model=embedder, prompt=texts[0])
        assert near(older.embedding, told["embeddings"][0])
        assert client.embed(model=embedder, input="").embeddings == []  # loads it


def test_what_an_embedding_model_cannot_do_is_a_400(served, embedder):
    turn = [{"role": "user", "content": "hi"}]
    status, told = asked(f"{served.url}/api/chat", {"model": embedder, "messages": turn})
    assert status == 400, told
    body = {"model": embedder, "input": "word " * 50_000}
    status, told = asked(f"{served.url}/api/embed", {**body, "truncate": False})
    assert status == 400
    assert "context length" in told["error"]
    assert asked(f"{served.url}/api/embed", body)[0] == 200  # Ollama cuts it
    status, told = asked(f"{served.url}/v1/embeddings", {"model": embedder, "input": [[1, 2]]})
    assert status == 400
    assert "token ids" in told["error"]["message"]


def picture() -> str:
    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xc8\x1e\x1e" * 64) * 64)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


PICTURE = picture()
URL = f"data:image/png;base64,{PICTURE}"
SOURCE = {"type": "base64", "media_type": "image/png", "data": PICTURE}
TEXT = "What is it?"
IMAGES: dict[str, dict[str, Any]] = {
    "/api/chat": {"messages": [{"role": "user", "content": TEXT, "images": [PICTURE]}]},
    "/api/generate": {"prompt": TEXT, "images": [PICTURE]},
    "/v1/chat/completions": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": TEXT},
                    {"type": "image_url", "image_url": {"url": URL}},
                ],
            }
        ]
    },
    "/v1/messages": {
        "max_tokens": 90,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": SOURCE},
                    {"type": "text", "text": TEXT},
                ],
            }
        ],
    },
    "/v1/responses": {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": TEXT},
                    {"type": "input_image", "image_url": URL},
                ],
            }
        ]
    },
}


def prompt_tokens(answer) -> int:
    usage = answer.get("usage") or {"prompt_tokens": answer.get("prompt_eval_count")}
    return usage.get("prompt_tokens") or usage["input_tokens"]


def test_images_of_every_dialect_reach_a_model_that_sees(served, make, demo_files, tmp_path):
    gguf_files.write_eyes(tmp_path / "eyes.gguf")
    able = make("sees", demo_files["simple"], tmp_path / "eyes.gguf")
    assert "vision" in asked(f"{served.url}/api/show", {"model": able})[1]["capabilities"]
    blind = {"model": able, "messages": [{"role": "user", "content": TEXT}], "stream": False}
    without = prompt_tokens(asked(f"{served.url}/api/chat", blind)[1])
    for path, body in IMAGES.items():
        status, answer = asked(served.url + path, {"model": able, "stream": False, **body})
        assert status == 200, (path, answer)
        assert prompt_tokens(answer) == without + PATCHES, path
    nonsense = {"role": "user", "content": TEXT, "images": ["bm9uc2Vuc2U="]}
    status, told = asked(f"{served.url}/api/chat", {**blind, "messages": [nonsense]})
    assert status == 400
    assert "load image" in told["error"]
