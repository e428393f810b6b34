"""What is left on an upstream's connection by one request never becomes another one's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import pytest
from tests.fakes.dialects import SPOKEN, TEXT, Told
from tests.fakes.scripted import Act, Answering, Pause, Script, ScriptedUpstream, Step, chunk

from gearshift import registry

EVIL = "somebody else's answer"


def evil(a: Answering) -> bytes:
    return a.sized(a.spoken.whole(a.model, EVIL))


def in_the_same_packet(a: Answering) -> Sequence[Step]:
    return [a.sound() + evil(a)]


def at_once(a: Answering) -> Sequence[Step]:
    return [a.sound(), evil(a)]


def a_moment_later(a: Answering) -> Sequence[Step]:
    return [a.sound(), Pause(0.05), evil(a), Act.HANG]


def after_the_last_chunk(a: Answering) -> Sequence[Step]:
    return [a.chunked() + chunk(a.said()) + chunk(b"") + evil(a)]


def after_no_body(a: Answering) -> Sequence[Step]:
    return [b"HTTP/1.1 204 No Content\r\n\r\n" + evil(a)]


def after_too_short_a_length(a: Answering) -> Sequence[Step]:
    return [a.head("content-length: 15") + a.said(), evil(a)]


def after_an_error(a: Answering) -> Sequence[Step]:
    return [a.sized(a.spoken.error("no"), status="500 X") + evil(a)]


LEFTOVERS: Sequence[Script] = (
    *(in_the_same_packet, at_once, a_moment_later, after_the_last_chunk),
    *(after_no_body, after_too_short_a_length, after_an_error),
)
each_dialect = pytest.mark.parametrize("dialect", registry.UPSTREAM_DIALECTS)


async def told(url: str, dialect: str, model: str, *, stream: bool = False) -> Told:
    spoken = SPOKEN[dialect]
    question = spoken.question(model, stream=stream)
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + spoken.chat_path, json=question) as response,
    ):
        return spoken.read(await response.read(), stream=stream)


@pytest.mark.parametrize("script", LEFTOVERS, ids=lambda script: script.__name__)
@each_dialect
async def test_a_second_answer_is_nobodys(gateway, dialect, script):
    models = ["left", "sound"]
    async with ScriptedUpstream(SPOKEN[dialect], models, {"left": script}) as upstream:
        settings = {"upstreams": [upstream.settings("only")], "retries": {"attempts": 0}}
        async with gateway(settings) as url:
            first = await told(url, dialect, "left")
            await asyncio.sleep(0.1)  # so that what comes late has come
            second = await told(url, dialect, "sound")
    assert first.error or first.text == TEXT
    assert second == Told(TEXT, is_ended=True)


@each_dialect
async def test_a_connection_whose_stream_broke_off_is_not_used_again(gateway, dialect):
    """The length was too short: the rest of the stream may come when another answer is awaited."""

    def script(a: Answering) -> Sequence[Step]:
        return [a.head(f"content-length: {len(a.first())}") + a.first()]

    spoken = SPOKEN[dialect]
    async with (
        ScriptedUpstream(spoken, ["left"], {"left": script}) as upstream,
        gateway({"upstreams": [upstream.settings("only")]}) as url,
    ):
        # Asked again and again, so that no other connection that is free can be the one taken.
        for _ in range(3):
            assert (await told(url, dialect, "left", stream=True)).error
    left = [asked.connection for asked in upstream.answered["left"]]
    assert len(set(left)) == len(left)


@each_dialect
async def test_sound_answers_share_a_connection(gateway, dialect):
    async with (
        ScriptedUpstream(SPOKEN[dialect], ["sound"]) as upstream,
        gateway({"upstreams": [upstream.settings("only")]}) as url,
    ):
        for stream in (False, True) * 3:
            assert await told(url, dialect, "sound", stream=stream) == Told(TEXT, is_ended=True)
    assert len({asked.connection for asked in upstream.answered["sound"]}) == 1


@each_dialect
async def test_a_kept_connection_that_the_upstream_has_closed_costs_nothing(gateway, dialect):
    def script(a: Answering) -> Sequence[Step]:
        return [a.sound(), Act.FIN]

    async with ScriptedUpstream(SPOKEN[dialect], ["m"], {"m": script}) as upstream:
        settings = {"upstreams": [upstream.settings("only")], "retries": {"attempts": 0}}
        async with gateway(settings) as url:
            for stream in (False, True) * 10:
                assert await told(url, dialect, "m", stream=stream) == Told(TEXT, is_ended=True)


@each_dialect
async def test_a_stall_on_a_kept_connection_is_not_asked_again(gateway, dialect):
    """No byte has come, but the upstream may be at work on it: only a closed one is stale."""
    is_first = iter([True])

    def script(a: Answering) -> Sequence[Step]:
        return [a.sound() if next(is_first, False) else Act.HANG]

    limits = {"first_token_seconds": 0.4, "total_seconds": 0.4}
    async with ScriptedUpstream(SPOKEN[dialect], ["m"], {"m": script}) as upstream:
        settings = {"upstreams": [upstream.settings("only")], "retries": {"attempts": 0}}
        async with gateway({**settings, "limits": limits}) as url:
            assert await told(url, dialect, "m") == Told(TEXT, is_ended=True)
            assert (await told(url, dialect, "m")).error
    assert len(upstream.answered["m"]) == 2
