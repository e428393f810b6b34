"""The answer cache of a real gateway: who gets whose answer, in which form, and who never does."""

import asyncio
import json
import re
import signal
import time
import urllib.error
import urllib.request
from contextlib import asynccontextmanager
from itertools import pairwise

import aiohttp
import pytest
from tests.e2e.conftest import serving_beside, serving_models
from tests.fakes.upstream import FaultUpstream

pytestmark = pytest.mark.timeout(120)
QUESTION = {"messages": [{"role": "user", "content": "What time is it?"}]}
ASKED = {**QUESTION, "temperature": 0, "max_tokens": 12}
OLLAMA = {**QUESTION, "options": {"temperature": 0, "num_predict": 12}, "stream": False}


def ask(url, path, body, **headers):
    """The result that the header tells, and the body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{url}{path}", json.dumps(body).encode(), named)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.headers["x-gearshift-cache"], response.read()


def chat(url, **more):
    headers = more.pop("headers", {})
    return ask(url, "/v1/chat/completions", ASKED | more, **headers)


def text_of(body):
    return json.loads(body)["choices"][0]["message"]["content"]


def unnamed(body):
    """Without what an answer has for itself where it is translated, as Ollama's are."""
    return re.sub(rb'"(id|created)":("[^"]*"|\d+)', b"", body)


def events_of(body):
    lines = [line[6:] for line in body.decode().splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def streamed_text(body):
    choices = [event["choices"][0] for event in events_of(body) if event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def metrics(url):
    with urllib.request.urlopen(f"{url}/metrics", timeout=20) as response:
        lines = response.read().decode().splitlines()
    return {k: float(v) for k, _, v in (x.rpartition(" ") for x in lines if x[:1] != "#")}


def uses(url, result):
    name = f'gearshift_cache_requests_total{{level="memory",result="{result}"}}'
    return metrics(url).get(name, 0.0)


def config(folder, text):
    file = folder / "gearshift.yaml"
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Both tiers' models with a cache."""
    folder = tmp_path_factory.mktemp("cached")
    file = config(folder, "cache: {enabled: true}\n")
    with serving_models(folder, "--config", str(file)) as gateway:
        yield gateway


def test_real_answers_are_given_again_in_every_dialect_and_form(demo):
    url = demo.url
    first, body = chat(url)
    again, same = chat(url)
    assert (first, again) == ("miss", "hit")
    assert unnamed(same) == unnamed(body)
    said = text_of(body)
    used = json.loads(body)["usage"]

    result, ollama = ask(url, "/api/chat", OLLAMA)
    told = json.loads(ollama)
    assert (result, told["message"]["content"], told["done"]) == ("hit", said, True)
    assert told["eval_count"] == used["completion_tokens"]

    wishes = {"stream": True, "stream_options": {"include_usage": True}}
    result, stream = chat(url, **wishes)
    assert (result, streamed_text(stream)) == ("hit", said)
    assert events_of(stream)[-1]["usage"]["completion_tokens"] == used["completion_tokens"]

    result, lines = ask(url, "/api/chat", OLLAMA | {"stream": True})
    pieces = [json.loads(line) for line in lines.splitlines()]
    assert (result, "".join(p["message"]["content"] for p in pieces)) == ("hit", said)
    assert pieces[-1]["done"]


def test_a_real_stream_is_given_again_piece_by_piece(demo):
    wishes = {"stream": True, "stream_options": {"include_usage": True}, "seed": 5}
    first, body = chat(demo.url, **wishes)
    again, same = chat(demo.url, **wishes)
    assert (first, again, unnamed(same)) == ("miss", "hit", unnamed(body))
    assert len(events_of(body)) > 3
    result, whole = chat(demo.url, seed=5)
    assert (result, text_of(whole)) == ("hit", streamed_text(body))
    result, plain = chat(demo.url, seed=5, stream=True)
    assert (result, streamed_text(plain)) == ("hit", streamed_text(body))
    assert all(event["choices"] for event in events_of(plain))  # nobody asked for the usage


def test_what_is_not_the_same_or_may_not_be_kept_is_not_given_again(demo):
    url = demo.url
    assert chat(url, seed=9)[0] == "miss"
    assert chat(url, seed=10)[0] == "miss"
    assert chat(url, seed=9, model="complex")[0] == "miss"
    assert [chat(url, temperature=0.7)[0] for _ in range(2)] == ["bypass"] * 2
    for header in ({"x_gearshift_cache": "no-store"}, {"cache_control": "no-store"}):
        assert [chat(url, seed=11, headers=header)[0] for _ in range(2)] == ["bypass"] * 2
    assert chat(url, seed=11)[0] == "miss"
    for header in ({"x_gearshift_cache": "no-cache"}, {"cache_control": "no-cache"}):
        assert chat(url, seed=11, headers=header)[0] == "miss"
    assert chat(url, seed=11)[0] == "hit"


def test_hits_are_counted_and_cost_nothing(demo):
    chat(demo.url, seed=20)
    before, hits = metrics(demo.url), uses(demo.url, "hit")
    assert chat(demo.url, seed=20)[0] == "hit"
    after = metrics(demo.url)
    assert uses(demo.url, "hit") == hits + 1

    def total(numbers, name):
        return sum(value for key, value in numbers.items() if key.startswith(name))

    for name in ("gearshift_tokens_total", "gearshift_compute_flops_total"):
        assert total(after, name) == total(before, name)
    name = "gearshift_requests_total"
    assert total(after, name) == total(before, name) + 1


# --- before an upstream that can be broken


def upstream_config(url, more="cache: {enabled: true}"):
    return (
        "upstreams:\n"
        f"- {{name: o, provider: ollama, base_url: '{url}'}}\n"
        "decision_log: {enabled: false}\n"
        f"{more}\n"
    )


@asynccontextmanager
async def probed(folder, text):
    """A gateway that knows its upstream, and so the digests of its models."""
    async with serving_beside(folder, "--config", str(config(folder, text))) as gateway:
        await asyncio.to_thread(wait_for, folder, "is reachable")
        yield gateway


def wait_for(folder, words, count=1):
    until = time.monotonic() + 30
    while (folder / "stderr").read_text().count(words) < count:
        assert time.monotonic() < until
        time.sleep(0.02)


async def test_errors_are_not_kept_and_a_dead_upstream_does_not_matter(tmp_path):
    async with (
        FaultUpstream(fault="failed") as upstream,
        probed(tmp_path, upstream_config(upstream.url)) as gateway,
    ):
        with pytest.raises(urllib.error.HTTPError):
            await asyncio.to_thread(chat, gateway.url)
        upstream.fault = ""
        assert (await asyncio.to_thread(chat, gateway.url))[0] == "miss"
        upstream.fault = "failed"
        result, body = await asyncio.to_thread(chat, gateway.url)
        assert (result, text_of(body)) == ("hit", "one two three")
        with pytest.raises(urllib.error.HTTPError):
            await asyncio.to_thread(chat, gateway.url, seed=1)
        await upstream.__aexit__(None, None, None)
        assert (await asyncio.to_thread(chat, gateway.url))[0] == "hit"


async def test_identical_requests_at_once_are_one_in_every_dialect(tmp_path):
    streamed = ASKED | {"stream": True}
    asked = [
        ("/v1/chat/completions", streamed | {"stream_options": {"include_usage": True}}),
        ("/v1/chat/completions", streamed),
        ("/v1/chat/completions", ASKED),
        ("/api/chat", OLLAMA | {"stream": True}),
        ("/api/chat", OLLAMA),
    ]
    async with (
        FaultUpstream(pause_seconds=0.5) as upstream,
        probed(tmp_path, upstream_config(upstream.url)) as gateway,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):

        async def answer(path, body):
            async with session.post(f"{gateway.url}{path}", json=body) as response:
                return response.headers["x-gearshift-cache"], await response.read()

        before = len(upstream.asked)
        answers = await asyncio.gather(*(answer(*asked[n % 5]) for n in range(100)))
        assert len(upstream.asked) - before == 1
        after = await asyncio.to_thread(metrics, gateway.url)
    assert [result for result, _ in answers].count("miss") == 1
    said = {tuple(word in body for word in (b"one", b"two", b"three")) for _, body in answers}
    assert said == {(True, True, True)}
    assert after['gearshift_cache_requests_total{level="inflight",result="hit"}'] == 99.0
    tokens = [value for key, value in after.items() if "tokens_total" in key and "saved" not in key]
    saved = [value for key, value in after.items() if "cache_saved_tokens_total" in key]
    assert sum(saved) == 99 * sum(tokens) > 0


async def test_each_api_key_has_its_own_answers_unless_it_shares_them(tmp_path):
    keys = (
        "cache: {enabled: true}\n"
        "auth:\n  api_keys:\n  - first-key-of-sixteen\n  - second-key-of-sixteen\n"
        "  - {name: a, key: third-key-of-sixteen, cache_scope: team}\n"
        "  - {name: b, key: fourth-key-of-sixteen, cache_scope: team}\n"
    )
    async with (
        FaultUpstream() as upstream,
        probed(tmp_path, upstream_config(upstream.url, keys)) as gateway,
    ):
        found = []
        for name in ("first", "second", "third", "fourth", "first"):
            header = {"authorization": f"Bearer {name}-key-of-sixteen"}
            found.append((await asyncio.to_thread(chat, gateway.url, headers=header))[0])
    assert found == ["miss", "miss", "miss", "hit", "hit"]


def reloaded(folder, gateway, text):
    """Change the configuration, and wait until it is in force."""
    words = "configuration reloaded"
    before = (folder / "stderr").read_text().count(words)
    config(folder, text)
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(folder, words, before + 1)


async def test_it_outlives_a_reload_and_ends_when_it_is_turned_off(tmp_path):
    async with FaultUpstream() as upstream:
        steps = [
            "cache: {enabled: true}",
            "cache: {enabled: true, ttl_seconds: 100}\nlimits: {idle_seconds: 61}",
            "cache: {enabled: false}",
            "cache: {enabled: true}",
        ]
        texts = [upstream_config(upstream.url, step) for step in steps]
        async with probed(tmp_path, texts[0]) as gateway:
            found = [(await asyncio.to_thread(chat, gateway.url))[0]]
            for _, text in pairwise(texts):
                await asyncio.to_thread(reloaded, tmp_path, gateway, text)
                found.append((await asyncio.to_thread(chat, gateway.url))[0])
    assert found == ["miss", "hit", "bypass", "miss"]
    assert "Traceback" not in (tmp_path / "stderr").read_text()
