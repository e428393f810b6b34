"""The answer cache: what the gateway's processes keep in memory, and clearing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gearshift.admin.context import AdminContext
from gearshift.cache.contents import Selection
from gearshift.errors import RequestError
from gearshift.types import JsonObject

FIELDS: Final = ("prefix", "tier", "model")


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """What is kept, by process."""
    settings = context.llm.settings.cache
    memories = await context.cache_contents(_selection(query))
    return {"enabled": settings.enabled, "memories": memories}


async def clear(context: AdminContext, body: JsonObject) -> JsonObject:
    """Forget what is kept."""
    unknown = sorted(body.keys() - set(FIELDS))
    if unknown:
        raise RequestError(f"unknown field; there are: {', '.join(FIELDS)}", field=unknown[0])
    return {"memories": await context.cache_contents(_selection(body), clear=True)}


def _selection(given: Mapping[str, Any]) -> Selection:
    for name in FIELDS:
        if not isinstance(given.get(name), str | None):
            raise RequestError(f"{name} must be a string", field=name)
    return Selection(given.get("prefix") or "", given.get("tier"), given.get("model"))
