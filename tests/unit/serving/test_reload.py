"""A reload activates the file, or says in one line why not; then the old settings stay."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gearshift.config.loading import load_settings
from gearshift.errors import GearshiftError
from gearshift.serving import reload as module
from gearshift.serving.reload import Reloader
from gearshift.serving.upstream_choice import UpstreamChoice

FILE = """tiered_routing: {complexity_threshold: 3}
upstreams: [{name: o, provider: ollama}]
"""


class Server:
    """The active settings; `trouble` is raised instead of putting something there."""

    def __init__(self, file):
        self.file = file
        file.write_text(FILE)
        self.put_in_force = []
        self.trouble: BaseException | None = None
        self.warnings: list[str] = []
        self.loaded = load_settings(str(file), environ={})
        self.reloader = Reloader(
            self.load,
            self.loaded,
            UpstreamChoice(demo=False),
            self.loaded.settings.upstream_configs(),
            lambda settings: self.warnings,
        )

    def load(self):
        return load_settings(str(self.file), environ={})

    async def put(self, settings, upstreams):
        if self.trouble is not None:
            raise self.trouble
        self.put_in_force.append((settings, upstreams))

    async def reload(self, text=None):
        if text is not None:
            self.file.write_text(text)
        await self.reloader.reload(self.put)

    @property
    def threshold(self):
        return self.reloader.loaded.settings.tiered_routing.complexity_threshold


@pytest.fixture
def server(tmp_path, caplog):
    caplog.set_level("INFO")
    return Server(tmp_path / "x.yaml")


def said(caplog):
    return [record.message for record in caplog.records]


async def test_what_has_changed_is_put_in_force_and_told(server, caplog):
    await server.reload(FILE.replace("3", "5"))
    ((settings, upstreams),) = server.put_in_force
    assert settings.tiered_routing.complexity_threshold == server.threshold == 5
    assert [upstream.name for upstream in upstreams] == ["o"]
    (line,) = said(caplog)
    assert line.startswith(f"configuration reloaded from {server.file} (config ")
    assert "complexity_threshold" in line
    assert "restart" not in line


async def test_a_file_that_says_the_same_changes_nothing(server, caplog):
    await server.reload(FILE + "# a comment\n")
    assert server.put_in_force == []
    assert said(caplog) == [f"configuration unchanged: {server.file} has the active settings"]


async def test_what_needs_a_restart_is_named(server, caplog):
    await server.reload(FILE + "decision_log: {keep_days: 7}\n")
    assert said(caplog)[0].partition("; needs a restart: ")[2] == "decision_log.keep_days"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FILE.replace("3", "high"), "complexity_threshold"),
        ("- a list\n", "x.yaml"),
        ("{", "x.yaml"),
        ("", "is empty"),
    ],
)
async def test_a_file_that_is_wrong_leaves_the_old_one_in_force(server, caplog, text, words):
    await server.reload(text)
    assert (server.put_in_force, server.threshold) == ([], 3)
    (line,) = said(caplog)
    assert line.startswith("configuration not reloaded: ")
    assert line.endswith("; the previous one stays active")
    assert words in line
    assert "\n" not in line


async def test_a_file_that_is_gone_is_no_reason_for_defaults(server, caplog):
    server.file.unlink()
    await server.reload()
    assert (server.put_in_force, server.threshold) == ([], 3)
    assert "not reloaded" in said(caplog)[0]


@pytest.mark.parametrize("trouble", [GearshiftError("the engine\ndoes not start"), OSError("away")])
async def test_what_cannot_be_put_in_force_is_not(server, caplog, trouble):
    server.trouble = trouble
    await server.reload(FILE.replace("3", "5"))
    assert server.threshold == 3
    assert "does not start" in said(caplog)[0] or "away" in said(caplog)[0]
    server.trouble = None
    await server.reload()
    assert server.threshold == 5


async def test_a_defect_is_told_and_the_gateway_goes_on(server, caplog):
    server.trouble = RuntimeError("surprise")
    await server.reload(FILE.replace("3", "5"))
    assert server.threshold == 3
    (record,) = caplog.records
    assert record.exc_info is not None


async def test_warnings_of_new_settings_are_told_before_they_are_in_force(server, caplog):
    server.warnings = ["auth.api_keys is empty"]
    await server.reload(FILE.replace("3", "5"))
    assert said(caplog)[0] == "auth.api_keys is empty"


async def test_other_upstreams_are_put_in_force_with_their_settings(server):
    await server.reload(FILE.replace("name: o", "name: p"))
    ((_, upstreams),) = server.put_in_force
    assert [upstream.name for upstream in upstreams] == ["p"]


@pytest.fixture
async def running(server, monkeypatch):
    """The loop that waits for somebody to ask, or for the file to change."""
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.01)
    asked, reloaded, accepted = asyncio.Event(), asyncio.Event(), []
    changes: list[bool] = []

    async def reload(put):
        reloaded.set()

    monkeypatch.setattr(server.reloader, "reload", reload)
    watch: Any = SimpleNamespace(
        accept=lambda: accepted.append(1), has_changed=lambda: bool(changes and changes.pop())
    )
    task = asyncio.create_task(server.reloader.run(server.put, watch, asked))
    yield SimpleNamespace(asked=asked, reloaded=reloaded, accepted=accepted, changes=changes)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_whoever_asks_gets_a_reload_and_the_file_counts_as_read(running):
    running.asked.set()
    await asyncio.wait_for(running.reloaded.wait(), 60)
    assert not running.asked.is_set()
    assert running.accepted == [1]


async def test_a_file_that_has_changed_is_read_again(running):
    running.changes.append(True)
    await asyncio.wait_for(running.reloaded.wait(), 60)
    assert running.accepted == []
