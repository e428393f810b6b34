"""A change through the admin plane is told, written down and can be put back."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.admin import routing_settings
from gearshift.admin.changing import Applied, RefusedChangeError
from gearshift.admin.context import AdminContext
from gearshift.config.loading import Settings
from gearshift.decision_log.changes import Change
from gearshift.errors import GearshiftError, RequestError


class Changer:
    """Notes what it is asked; changes what it is told to."""

    def __init__(self, *changes, error=None):
        self.asked = []
        self.changes = changes
        self.error = error

    async def apply(self, partial, who):
        self.asked.append((partial, who))
        if self.error is not None:
            raise self.error
        return Applied({"complexity_threshold": 5}, list(self.changes))


def changed(key="complexity_threshold", old=3.0, new=5.0, kept=True):
    return Change(0, time.time(), key, old, new, "admin API", kept)


@pytest.fixture
def context(tmp_path):
    log = {"enabled": True, "url": f"sqlite:///{tmp_path / 'log.db'}"}
    context = made(log)
    yield context
    context.close()


def made(log) -> Any:
    settings = Settings.model_validate({"decision_log": log})
    topology = SimpleNamespace(tiers={})
    llm: Any = SimpleNamespace(settings=settings, health=SimpleNamespace(topology=topology))
    return AdminContext(llm)


async def test_what_is_in_force_is_shown(context):
    assert (await routing_settings.facts(context, {}))["complexity_threshold"] == 3


async def test_a_change_is_told_with_how_long_it_lasts_and_written_down(context, caplog):
    context.changer = Changer(changed(), changed("enabled", True, False, kept=False))
    done = await routing_settings.change(context, {"complexity_threshold": 5})
    assert context.changer.asked == [({"complexity_threshold": 5}, "admin API")]
    assert done["complexity_threshold"] == 5
    lasts = [one["lasts"] for one in done["changes"]]
    assert lasts == ["in the configuration file", "until restart"]
    assert "number" not in done["changes"][0]
    assert "tiered_routing.enabled: True -> False until the next start" in caplog.text
    trail = (await routing_settings.trail(context, {}))["changes"]
    assert [(one["key"], one["old"], one["new"]) for one in trail] == [
        ("enabled", True, False),
        ("complexity_threshold", 3.0, 5.0),
    ]


async def test_where_nobody_can_change_anything_it_is_said(context):
    with pytest.raises(RequestError) as caught:
        await routing_settings.change(context, {})
    assert caught.value.status == 409


@pytest.mark.parametrize(
    ("error", "status", "field"),
    [
        (RefusedChangeError("complexity_threshold", "must be at most 10"), 422,
         "complexity_threshold"),
        (GearshiftError("a worker ended meanwhile"), 409, None),
    ],
)  # fmt: skip
async def test_what_cannot_be_leaves_no_trace(context, error, status, field):
    context.changer = Changer(error=error)
    with pytest.raises(RequestError, match=str(error)) as caught:
        await routing_settings.change(context, {"complexity_threshold": 50})
    assert (caught.value.status, caught.value.field) == (status, field)
    assert (await routing_settings.trail(context, {}))["changes"] == []


async def test_a_log_in_trouble_undoes_no_change(tmp_path, caplog):
    (tmp_path / "file").touch()
    context = made({"enabled": True, "url": f"sqlite:///{tmp_path / 'file' / 'log.db'}"})
    context.changer = Changer(changed())
    assert (await routing_settings.change(context, {}))["changes"]
    assert "not in the audit trail" in caplog.text


async def test_without_a_log_a_change_is_told_all_the_same(caplog):
    context = made({"enabled": False})
    context.changer = Changer(changed())
    assert (await routing_settings.change(context, {}))["changes"]
    assert "audit trail" not in caplog.text
    with pytest.raises(RequestError, match=r"decision_log\.enabled") as caught:
        await routing_settings.trail(context, {})
    assert caught.value.status == 503


async def test_the_newest_change_of_a_key_is_put_back(context):
    context.changer = Changer(changed("models.simple", "a", "b"))
    await routing_settings.change(context, {})
    context.changer = Changer(changed("models.simple", "b", "c"))
    await routing_settings.change(context, {})
    context.changer = Changer(changed("enabled", True, False))
    await routing_settings.change(context, {})
    await routing_settings.undo(context, {"key": "models.simple"})
    await routing_settings.undo(context, {})
    first, second = (partial for partial, _ in context.changer.asked[1:])
    assert first == {"models": {"simple": "b"}}
    assert second == {"enabled": True}


async def test_where_nothing_was_changed_nothing_is_put_back(context):
    context.changer = Changer()
    with pytest.raises(RequestError) as caught:
        await routing_settings.undo(context, {})
    assert caught.value.status == 404
    context.changer = Changer(changed())
    await routing_settings.change(context, {})
    with pytest.raises(RequestError) as caught:
        await routing_settings.undo(context, {"key": "enabled"})
    assert caught.value.status == 404


async def test_an_undo_that_changes_nothing_says_so(context):
    context.changer = Changer(changed())
    await routing_settings.change(context, {})
    context.changer = Changer()
    with pytest.raises(RequestError, match=r"complexity_threshold is 3\.0 already") as caught:
        await routing_settings.undo(context, {})
    assert caught.value.status == 409
