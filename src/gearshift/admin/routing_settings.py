"""The active routing settings: shown, changed, and what was changed before."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from gearshift.admin.changing import RefusedChangeError
from gearshift.admin.context import AdminContext
from gearshift.decision_log.changes import Change
from gearshift.errors import GearshiftError, RequestError
from gearshift.types import JsonObject

logger = logging.getLogger(__name__)

_WHO = "admin API"


async def facts(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """The active `tiered_routing` block."""
    del query
    return context.llm.settings.tiered_routing.model_dump(mode="json")


async def change(context: AdminContext, body: JsonObject) -> JsonObject:
    """Change some of it; the new block, and how each change will last.

    Raises:
        RequestError: 422 naming the key that is wrong, 409 where nothing can be changed.
    """
    if context.changer is None:
        raise RequestError("settings cannot be changed here", status=409)
    try:
        applied = await context.changer.apply(body, _WHO)
    except RefusedChangeError as error:
        raise RequestError(str(error), status=422, field=error.key, code="bad_setting") from error
    except GearshiftError as error:
        raise RequestError(str(error), status=409) from error
    await _note(context, applied.changes)
    return {**applied.effective, "changes": [_described(made) for made in applied.changes]}


async def _note(context: AdminContext, changes: Sequence[Change]) -> None:
    for change in changes:
        logger.warning(
            "%s: tiered_routing.%s: %r -> %r%s",
            change.who,
            change.key,
            change.old,
            change.new,
            "" if change.kept else " until the next start",
        )
    if context.has_log:
        from gearshift.decision_log.changes import note_changes

        try:
            await context.ask_log(lambda engine: note_changes(engine, changes))
        except RequestError as error:
            logger.warning("the change is not in the audit trail: %s", error)


async def trail(context: AdminContext, query: Mapping[str, str]) -> JsonObject:
    """What was changed, the newest first."""
    from gearshift.decision_log.changes import changes

    del query
    entries = await context.ask_log(changes)
    return {"changes": [_described(change) for change in entries]}


async def undo(context: AdminContext, body: JsonObject) -> JsonObject:
    """Put back what the newest change of a key has replaced.

    Raises:
        RequestError: 404 where nothing was changed, 409 where the old value is active already.
    """
    key = body.get("key")
    changes = (await trail(context, {}))["changes"]
    newest = next((one for one in changes if key in (None, one["key"])), None)
    if newest is None:
        raise RequestError("there is no change to undo", status=404)
    done = await change(context, _nested(newest["key"], newest["old"]))
    if not done["changes"]:
        message = f"{newest['key']} is {newest['old']!r} already; nothing to undo"
        raise RequestError(message, status=409)
    return done


def _nested(key: str, value: object) -> JsonObject:
    first, _, rest = key.partition(".")
    return {first: _nested(rest, value) if rest else value}


def _described(change: Change) -> JsonObject:
    facts = {name: value for name, value in change._asdict().items() if name != "number" or value}
    return {**facts, "lasts": "in the configuration file" if change.kept else "until restart"}
