"""Changes of routing while it runs: none undoes another, and each lasts as long as it says."""

import asyncio
import json

import pytest

from gearshift.admin.changing import RefusedChangeError
from gearshift.config.loading import load_settings
from gearshift.serving.reload import Reloader
from gearshift.serving.settings_change import SettingsChange
from gearshift.serving.upstream_choice import UpstreamChoice

FILE = """tiered_routing:
  complexity_threshold: ${T:-3}
  models: {simple: "gemma2:2b", complex: "mistral:7b-instruct"}
upstreams:
  - {name: o, provider: ollama}
"""


class Server:
    """The active settings, as `serve` has them."""

    def __init__(self, file, text=FILE, **environ):
        self.file = file
        file.write_text(text)
        loaded = load_settings(str(file), environ=environ)
        upstreams = loaded.settings.upstream_configs()
        self.live = loaded.settings
        self.reloader = Reloader(
            lambda: load_settings(str(file), environ=environ),
            loaded,
            UpstreamChoice(demo=False),
            upstreams,
            lambda settings: (),
        )
        self.changer = SettingsChange(self.reloader, self.put)

    async def put(self, settings, upstreams):
        await asyncio.sleep(0)  # others get their turn, as when workers are told
        self.live = settings

    async def change(self, **partial):
        return (await self.changer.apply(partial, "test")).changes

    async def reload(self):
        await self.reloader.reload(self.put)

    @property
    def routing(self):
        return self.live.tiered_routing


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path / "gearshift.yaml")


async def test_changes_at_the_same_time_are_all_in_force(server):
    await asyncio.gather(
        server.change(enabled=False),
        server.change(complexity_threshold=5),
        server.change(fallback_to_simple=False),
        server.change(models={"simple": "phi3:mini"}),
    )
    routing = server.routing
    assert (routing.enabled, routing.complexity_threshold) == (False, 5)
    assert (routing.fallback_to_simple, routing.models.simple) == (False, "phi3:mini")


async def test_a_change_during_a_reload_is_not_lost(server):
    server.file.write_text(FILE.replace("gemma2:2b", "phi3:mini"))
    await asyncio.gather(server.reload(), server.change(enabled=False))
    assert (server.routing.models.simple, server.routing.enabled) == ("phi3:mini", False)


async def test_what_the_file_cannot_take_outlasts_reloads(server):
    (done,) = await server.change(complexity_threshold=5)
    assert not done.kept
    assert server.file.read_text() == FILE
    await server.reload()
    assert server.routing.complexity_threshold == 5
    server.file.write_text(FILE.replace("gemma2:2b", "phi3:mini"))
    await server.reload()
    routing = server.routing
    assert (routing.complexity_threshold, routing.models.simple) == (5, "phi3:mini")


async def test_but_not_what_the_file_says_of_it_later(server):
    await server.change(complexity_threshold=5)
    server.file.write_text(FILE.replace("${T:-3}", "7"))
    await server.reload()
    assert server.routing.complexity_threshold == 7
    server.file.write_text(FILE)
    await server.reload()
    assert server.routing.complexity_threshold == 3


async def test_nor_what_it_was_changed_back_to(server):
    await server.change(complexity_threshold=5)
    await server.change(complexity_threshold=3)
    server.file.write_text(FILE.replace("${T:-3}", "7"))
    await server.reload()
    server.file.write_text(FILE)
    await server.reload()
    assert server.routing.complexity_threshold == 3


async def test_lists_are_kept_as_a_whole(server):
    tiers = [
        {"name": "a", "below": 2, "deployments": ["gemma2:2b"]},
        {"name": "b", "deployments": ["mistral:7b-instruct"]},
    ]
    changes = await server.change(tiers=tiers)
    assert changes
    assert not any(one.kept for one in changes)
    await server.reload()
    assert [tier.name for tier in server.routing.tiers] == ["a", "b"]


async def test_what_is_no_longer_possible_is_let_go(server, caplog):
    await server.change(complexity_threshold=5)
    tiers = "tiers: [{name: a, below: 2, deployments: [x]}, {name: b, deployments: [y]}]"
    server.file.write_text(f"tiered_routing: {{{tiers}, complexity_threshold: '${{T:-3}}'}}\n")
    await server.reload()
    assert [tier.name for tier in server.live.tiered_routing.ordered_tiers] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "tiered_routing:\nupstreams: [{name: o, provider: ollama}]\n",
        "upstreams: [{name: o, provider: ollama}]\n",
        FILE.replace("${T:-3}", "&x 3"),
        FILE.replace("${T:-3}", "3  # why"),
    ],
)
async def test_what_is_written_is_read_again(tmp_path, text):
    server = Server(tmp_path / "gearshift.yaml", text)
    (done,) = await server.change(complexity_threshold=4.5)
    assert done.kept
    await server.reload()
    assert server.routing.complexity_threshold == 4.5
    loaded = load_settings(str(server.file), environ={})
    assert loaded.settings == server.live


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("${T:-3}", "&x 3") + "limits: {idle_seconds: *x}\n",
        "tiered_routing: {enabled: true}\nupstreams: [{name: o, provider: ollama}]\n",
    ],
)
async def test_where_it_cannot_be_written_nothing_is(tmp_path, text):
    server = Server(tmp_path / "gearshift.yaml", text)
    (done,) = await server.change(complexity_threshold=4.5)
    assert not done.kept
    assert server.file.read_text() == text
    await server.reload()
    assert server.routing.complexity_threshold == 4.5


async def test_what_the_environment_sets_is_refused_and_leaves_no_trace(tmp_path):
    variable = {"GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD": "4"}
    server = Server(tmp_path / "gearshift.yaml", **variable)
    with pytest.raises(RefusedChangeError, match="GEARSHIFT_TIERED"):
        await server.change(complexity_threshold=5)
    await server.reload()
    assert server.routing.complexity_threshold == 4


@pytest.mark.parametrize(
    "partial", [{"complexity_threshold": 5}, {"models": {"simple": "phi3:mini"}}]
)
async def test_what_would_have_no_effect_is_refused(tmp_path, partial):
    tiers = [{"name": "a", "below": 4, "deployments": ["m"]}, {"name": "b", "deployments": ["n"]}]
    server = Server(tmp_path / "c.yaml", f"tiered_routing: {{tiers: {json.dumps(tiers)}}}")
    with pytest.raises(RefusedChangeError, match="no effect while `tiers` is set"):
        await server.change(**partial)
    assert server.routing.complexity_threshold == 3
