"""Redis as a round sees it, in memory: enough for what is looked at in rounds."""

from __future__ import annotations

from typing import Any

from gearshift.shared_state.round import Round


class Kept(Round):
    """A round at a Redis whose values are here.

    Attributes:
        values: By key.
        scripts: What they return, next first; `1` when there is nothing more to say.
        ran: What was given to scripts: keys, then arguments.
    """

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self.values: dict[str, Any] = {}
        self.scripts: list[Any] = []
        self.ran: list[tuple[Any, ...]] = []
        self.asked: list[tuple[Any, ...]] = []

    async def ask(self, command: str, key: str, *arguments: Any) -> Any:
        self.asked.append((command, key, *arguments))
        if command == "DEL":
            return self.values.pop(key, None)
        if command == "HDEL":
            return self.values.get(key, {}).pop(arguments[0], None)
        return self.values.get(key)

    async def run(self, script: Any, keys: tuple[str, ...], *arguments: Any) -> Any:
        self.ran.append((keys, *arguments))
        return self.scripts.pop(0) if self.scripts else 1
