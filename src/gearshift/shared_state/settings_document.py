"""SettingsDocument: the settings that were changed while running, as all replicas have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from gearshift.shared_state.keys import key
from gearshift.shared_state.round import Round
from gearshift.shared_state.script import Script

_KEY: Final = key("settings")
_LONGEST: Final = 200_000
_LAST_VERSION: Final = 2**50
_MOST_EARLIER: Final = 30
_KEPT_SECONDS: Final = 30 * 86_400
# A document takes the place of an older one only, and of what is none.
_PUT: Final = Script(
    """
    local kept = redis.pcall('GET', KEYS[1])
    if type(kept) == 'string' then
      local is_json, document = pcall(cjson.decode, kept)
      local version = is_json and type(document) == 'table' and tonumber(document.version)
      if version and version >= tonumber(ARGV[1]) and version < tonumber(ARGV[4]) then return 0 end
    end
    redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
    return 1
    """
)


class Changed(NamedTuple):
    """A setting that was changed.

    Attributes:
        value: What it is now.
        earlier: What it was before, the newest last: what files said when it was changed first,
            and what a replica may have written into its own that has missed later changes.
    """

    value: Any
    earlier: tuple[Any, ...]

    def follows(self, value: Any) -> bool:
        """Whether it goes back to that value, or is that."""
        return value == self.value or value in self.earlier


@dataclass(frozen=True, slots=True)
class SettingsDocument:
    """What has been changed since the files were written.

    Attributes:
        version: Grows with each change; 0 before the first.
        changes: By dotted key below `tiered_routing`.
    """

    version: int = 0
    changes: Mapping[str, Changed] = field(default_factory=dict)

    def with_changes(self, changes: Mapping[str, Changed]) -> SettingsDocument:
        """The next version."""
        merged = dict(self.changes)
        for name, (value, earlier) in changes.items():
            if name in merged:
                earlier = (*merged[name].earlier, merged[name].value)
            first, *further = earlier
            merged[name] = Changed(value, (first, *further[-_MOST_EARLIER:]))
        return SettingsDocument(self.version + 1, merged)

    def newer_than(self, other: SettingsDocument) -> dict[str, Changed]:
        """What is different in this one."""
        changes = self.changes.items()
        return {name: change for name, change in changes if change != other.changes.get(name)}


async def read(round_: Round) -> SettingsDocument:
    """The document; an empty one where there is none, and what cannot be read is removed.

    Raises:
        RedisError: Redis cannot be asked.
    """
    value = await round_.ask("GETRANGE", _KEY, 0, _LONGEST)
    document = _document(value) if value else SettingsDocument()
    if document is not None:
        return document
    await round_.ask("DEL", _KEY)
    return SettingsDocument()


async def write(round_: Round, document: SettingsDocument) -> bool:
    """Put a document in place of an older one; `False` where there is one as new as it.

    Raises:
        RedisError: Redis does not take it.
    """
    changes = {name: [*change] for name, change in document.changes.items()}
    text = orjson.dumps({"version": document.version, "changes": changes})
    given = document.version, text, _KEPT_SECONDS, _LAST_VERSION
    return bool(await round_.run(_PUT, (_KEY,), *given))


async def keep(round_: Round) -> None:
    """Have it kept for longer: somebody goes by it.

    Raises:
        RedisError: Redis does not do it.
    """
    await round_.ask("EXPIRE", _KEY, _KEPT_SECONDS)


def _document(value: bytes) -> SettingsDocument | None:
    try:
        match orjson.loads(value):
            case {"version": int(version), "changes": dict(changes)} if 0 < version < _LAST_VERSION:
                pairs = {name: _changed(*change) for name, change in changes.items()}
                return SettingsDocument(version, pairs)
    except (ValueError, TypeError):
        pass
    return None


def _changed(value: Any, earlier: Any) -> Changed:
    if not isinstance(earlier, list) or not earlier:
        raise TypeError("what it was before is missing")
    return Changed(value, tuple(earlier))
