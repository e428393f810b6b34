"""Clients that ask whichever replica, and know what each answer has to say."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp

from endurance.fleet.echo_upstream import reply
from endurance.fleet.records import Answered, Seen
from endurance.fleet.services import KEY, LIMITED_KEY

_TURNS: Final = 8
_PATIENCE_SECONDS: Final = 30.0
_REPEATED: Final = 40
_EASY: Final = "What time is it in town number {}?"
_HARD: Final = (
    "Explain how async code and threads differ in Python, step by step, with the trade-offs of "
    "each for a server that talks to town number {}"
)


class Clients:
    """Asks until it is cancelled.

    Args:
        live: The URLs of the replicas that a balancer would ask now, by their names.
        seen: Where every end is noted.
        seed: Of what is asked.
    """

    def __init__(self, live: Callable[[], Mapping[str, str]], seen: Seen, seed: int) -> None:
        self._live = live
        self._seen = seen
        self._seed = seed
        self.count = 0

    async def run(self, conversations: int, repeaters: int, limited: int) -> None:
        """So many tasks of each kind; the limited ones ask some fifteen times a second together."""
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for number in range(conversations):
                group.create_task(self._converse(session, number))
            for number in range(repeaters):
                group.create_task(self._repeat(session, number))
            for number in range(limited):
                group.create_task(self._press(session, number, limited / 15.0))

    async def _converse(self, session: aiohttp.ClientSession, number: int) -> None:
        chance = random.Random(f"{self._seed} turns {number}")
        conversation = 0
        while True:
            conversation += 1
            name = f"{self._seed}-{number}-{conversation}"
            messages: list[dict[str, Any]] = []
            hard_at = chance.randrange(_TURNS)
            for turn in range(_TURNS):
                text = _HARD if turn == hard_at else _EASY
                messages.append({"role": "user", "content": text.format(chance.randrange(999))})
                said = await self._ask(session, "turn", messages, chance, name)
                messages.append({"role": "assistant", "content": said or "I do not know."})
                await asyncio.sleep(chance.uniform(0.1, 0.5))

    async def _repeat(self, session: aiohttp.ClientSession, number: int) -> None:
        chance = random.Random(f"{self._seed} repeats {number}")
        while True:
            epoch = int(time.monotonic() / 10)
            text = _EASY.format(f"{epoch}, street {chance.randrange(_REPEATED)}")
            await self._ask(session, "repeat", [{"role": "user", "content": text}], chance)
            await asyncio.sleep(chance.uniform(0.05, 0.2))

    async def _press(self, session: aiohttp.ClientSession, number: int, pause: float) -> None:
        chance = random.Random(f"{self._seed} limited {number}")
        while True:
            began = time.monotonic()
            messages = [{"role": "user", "content": _EASY.format(chance.randrange(10**6))}]
            await self._ask(session, "limited", messages, chance)
            await asyncio.sleep(max(0.0, began + pause - time.monotonic()))

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        kind: str,
        messages: list[dict[str, Any]],
        chance: random.Random,
        conversation: str = "",
    ) -> str:
        """Ask one replica; what it says."""
        live = self._live()
        while not live:
            await asyncio.sleep(0.05)
            live = self._live()
        replica = chance.choice(sorted(live))
        key = LIMITED_KEY if kind == "limited" else KEY
        headers = {"authorization": f"Bearer {key}"}
        if conversation:
            headers["x-session-id"] = conversation
        streamed = kind != "limited" and chance.random() < 0.5
        body: dict[str, Any] = {"model": "auto", "messages": messages, "stream": streamed}
        if kind == "repeat":
            body["temperature"] = 0
        self.count += 1
        began = time.monotonic()
        status, text, problem = 0, "", ""
        told: Mapping[str, str] = {}
        try:
            async with (
                asyncio.timeout(_PATIENCE_SECONDS),
                session.post(
                    f"{live[replica]}/v1/chat/completions", json=body, headers=headers
                ) as response,
            ):
                status, told = response.status, response.headers
                raw = await response.text()
                if status == 200:
                    text, problem = _said(raw, streamed=streamed)
                else:
                    problem = raw[:200]
        except (aiohttp.ClientError, TimeoutError) as error:
            status, problem = 0, f"{type(error).__name__}: {error}"
        if problem == _BROKEN_OFF:
            status = 0
        elif status == 200 and not problem:
            expected = " ".join(reply(told["x-gearshift-model"], messages))
            problem = "" if text == expected else f"{text!r} in place of {expected!r}"
        self._seen.answers.append(
            Answered(
                kind, replica, began, time.monotonic(), status, conversation,
                told.get("x-gearshift-tier", ""), told.get("x-gearshift-upstream", ""),
                told.get("x-gearshift-decision-id", ""), told.get("x-gearshift-cache", ""), problem,
            )
        )  # fmt: skip
        return text


_BROKEN_OFF: Final = "the stream ends with an error, as it should"


def _said(raw: str, *, streamed: bool) -> tuple[str, str]:
    """What an answer says, and what is wrong with its form."""
    if not streamed:
        return json.loads(raw)["choices"][0]["message"]["content"], ""
    events = [line[6:] for line in raw.splitlines() if line.startswith("data: ")]
    if any('"error"' in event for event in events):
        return "", _BROKEN_OFF
    if not events or events[-1] != "[DONE]":
        return "", "a stream without its end"
    chunks = [json.loads(event) for event in events[:-1]]
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices), ""
