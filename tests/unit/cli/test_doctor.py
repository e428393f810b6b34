"""What the doctor finds wrong, it says with what to do; what is well, it does not complain of."""

import json
from importlib.metadata import EntryPoint

import pytest
from click.testing import CliRunner
from tests.fakes.ports import reserved_port
from tests.fakes.redis import ScriptedFleet, packed
from tests.fakes.upstream import FaultUpstream

from gearshift import registry
from gearshift.cli import doctor
from gearshift.cli.doctor import Check, command
from gearshift.config.loading import Settings
from gearshift.pipeline import health

GIB = 1024**3


@pytest.fixture
async def upstream(monkeypatch):
    monkeypatch.setattr(health, "FIRST_PROBE_SECONDS", 5)
    async with FaultUpstream() as running:
        yield running


def settings(upstream, provider="ollama", url=None, **blocks):
    url = url or (upstream.url if provider == "ollama" else f"{upstream.url}/v1")
    one = {"name": "u", "provider": provider, "base_url": url}
    return Settings.model_validate(
        {"upstreams": [one], "decision_log": {"enabled": False}, **blocks}
    )


async def examined(settings):
    """The checks, the first of each name."""
    found = {}
    for check in await doctor._examine(settings):
        found.setdefault(check.name, check)
    return found


async def test_all_is_well(upstream):
    found = await examined(settings(upstream))
    assert [check for check in found.values() if not check.ok] == []
    assert set(found) == {
        "upstream u", "tier simple", "tier complex", "model gemma2:2b",
        "model mistral:7b-instruct", "memory", "route", "answer simple", "answer complex",
    }  # fmt: skip
    assert "version 0.0.0-fake" in found["upstream u"].detail
    assert "goes to simple, gemma2:2b" in found["route"].detail


async def test_what_other_packages_bring_is_listed(upstream, monkeypatch):
    broken = EntryPoint("broken", "nowhere_at_all:X", "gearshift.scorers")
    there = EntryPoint("there", "json:dumps", "gearshift.scorers")
    offers = {"scorers": {"broken": (broken,), "there": (there,)}}
    monkeypatch.setattr(registry, "guests", lambda group: offers.get(group, {}))
    found = await examined(settings(upstream))
    assert found["plugin there"].ok
    assert "'there' in gearshift.scorers" in found["plugin there"].detail
    assert not found["plugin broken"].ok
    assert "nowhere_at_all" in found["plugin broken"].detail


def breaks(*_):
    raise RuntimeError("no licence")


class Half:
    """A dialect that lacks most of one."""

    name = "half"


def offer(group, name, target):
    return EntryPoint(name, f"{__name__}:{target}", group)


async def test_what_cannot_be_made_is_no_more_ok_than_what_cannot_be_loaded(upstream, monkeypatch):
    offers = {
        "client_dialects": {
            "mine": (offer("gearshift.dialects", "mine", "breaks"),),
            "half": (offer("gearshift.dialects", "half", "Half"),),
        },
        "upstream_dialects": {"up": (offer("gearshift.upstream_dialects", "up", "breaks"),)},
    }
    monkeypatch.setattr(registry, "guests", lambda group: offers.get(group, {}))
    checks = await examined(settings(upstream))
    assert not checks["plugin mine"].ok
    assert "RuntimeError: no licence" in checks["plugin mine"].detail
    assert not checks["plugin half"].ok
    assert "has no" in checks["plugin half"].detail
    assert not checks["plugin up"].ok
    assert "gearshift.upstream_dialects" in checks["plugin up"].detail
    assert checks["answer simple"].ok


async def test_an_upstream_whose_provider_cannot_be_made_is_told_with_all_else(
    upstream, monkeypatch, tmp_path
):
    log = {"enabled": True, "url": f"sqlite:///{tmp_path}/log.db"}
    given = settings(upstream, decision_log=log)
    offers = {"ollama": (offer("gearshift.providers", "ollama", "breaks"),)}
    monkeypatch.setattr(registry, "guests", lambda group: offers if group == "providers" else {})
    monkeypatch.delitem(registry.PROVIDERS, "ollama")
    checks = await examined(given)
    assert not checks["upstreams"].ok
    assert "RuntimeError: no licence" in checks["upstreams"].detail
    assert "gearshift.providers" in checks["upstreams"].detail
    assert checks["decision log"].ok


async def test_a_missing_model_comes_with_the_command_that_fetches_it(upstream):
    upstream.models = ("gemma2:2b",)
    found = await examined(settings(upstream))
    assert found["tier simple"].ok
    missing = found["tier complex"]
    assert not missing.ok
    assert missing.detail == "u/mistral:7b-instruct is missing model"
    assert missing.remedy.startswith("ollama pull mistral:7b-instruct")
    assert "model mistral:7b-instruct" not in found


async def test_no_command_is_named_where_the_server_fetches_nothing_itself(upstream):
    upstream.models = ("gemma2:2b",)
    missing = (await examined(settings(upstream, "openai")))["tier complex"]
    assert missing.detail == "u/mistral:7b-instruct is missing model"
    assert missing.remedy.startswith("correct the model's name")
    assert "pull" not in missing.remedy


async def test_an_upstream_that_is_away_is_named_with_its_address():
    found = await examined(settings(None, url="http://127.0.0.1:9"))
    away = found["upstream u"]
    assert not away.ok
    assert "127.0.0.1:9" in away.detail
    assert "base_url" in away.remedy
    assert not found["tier simple"].ok
    assert not found["answer simple"].ok
    assert found["memory"].ok


async def test_an_upstream_that_is_away_comes_with_its_own_command_if_it_has_one():
    ollama = await examined(settings(None, url="http://127.0.0.1:9"))
    other = await examined(settings(None, "openai", url="http://127.0.0.1:9/v1"))
    assert ollama["upstream u"].remedy.startswith("start it (`ollama serve`), or")
    assert other["upstream u"].remedy.startswith("start it, or correct its base_url")


async def test_a_model_that_fails_though_it_is_listed_is_found_by_asking(upstream):
    upstream.fault = "failed"
    found = await examined(settings(upstream))
    assert found["tier simple"].ok
    assert not found["answer simple"].ok
    assert "it broke" in found["answer simple"].detail


async def test_an_answer_that_another_model_gave_is_no_good_answer(upstream):
    away = {"name": "away", "provider": "openai", "base_url": "http://127.0.0.1:9/v1"}
    both = settings(upstream).model_dump(mode="json")["upstreams"] + [away]
    models = {"models": {"simple": "u/gemma2:2b", "complex": "away/large"}}
    found = await examined(settings(upstream, upstreams=both, tiered_routing=models))
    assert found["answer simple"].ok
    answer = found["answer complex"]
    assert not answer.ok
    assert "only after a fallback (complex->simple" in answer.detail


async def test_a_threshold_that_nothing_is_below_is_noticed(upstream):
    found = await examined(settings(upstream, tiered_routing={"complexity_threshold": 0}))
    assert not found["route"].ok
    assert "complexity_threshold" in found["route"].remedy


async def test_but_not_where_nothing_is_routed(upstream):
    routing = {"complexity_threshold": 0, "enabled": False}
    assert (await examined(settings(upstream, tiered_routing=routing)))["route"].ok


@pytest.mark.parametrize(("have", "fits"), [(2399, False), (2400, True)])
async def test_all_models_together_must_fit(upstream, monkeypatch, have, fits):
    monkeypatch.setattr(doctor, "_memory_bytes", lambda: have)  # two files of 1000 bytes
    found = (await examined(settings(upstream)))["memory"]
    assert found.ok is fits


async def test_one_model_for_both_tiers_counts_once(upstream, monkeypatch):
    monkeypatch.setattr(doctor, "_memory_bytes", lambda: 1200)
    models = {"models": {"simple": "gemma2:2b", "complex": "gemma2:2b"}}
    assert (await examined(settings(upstream, tiered_routing=models)))["memory"].ok


@pytest.mark.parametrize("have", [None, 10])
async def test_where_nobody_says_how_large_a_model_is_there_is_no_verdict(
    upstream, monkeypatch, have
):
    monkeypatch.setattr(doctor, "_memory_bytes", lambda: have)
    found = (await examined(settings(upstream, "openai")))["memory"]
    assert found.ok
    assert "do not say" in found.detail


@pytest.mark.parametrize("listed", ["gemma2", "gemma2:latest"])
async def test_a_name_without_a_tag_is_the_same_model(upstream, monkeypatch, listed):
    monkeypatch.setattr(doctor, "_memory_bytes", lambda: 10 * GIB)
    upstream.models = (listed,)
    models = {"models": {"simple": "gemma2", "complex": "gemma2:latest"}}
    found = await examined(settings(upstream, tiered_routing=models))
    assert found[f"model {listed}"].ok
    assert "of 10.0 GiB" in found["memory"].detail


@pytest.mark.parametrize(("context", "ok"), [(4095, False), (4096, True), (32768, True)])
async def test_a_short_context_is_noticed(upstream, context, ok):
    shown = {"capabilities": ["completion", "tools"], "model_info": {"x.context_length": context}}
    upstream.documents["/api/show"] = json.dumps(shown).encode()
    check = (await examined(settings(upstream)))["model gemma2:2b"]
    assert check.ok is ok
    assert f"context {context} tokens; without thinking, vision" in check.detail
    assert "context length" in check.remedy


@pytest.mark.parametrize(("loaded", "ok"), [(2048, False), (4096, True)])
async def test_a_context_that_is_loaded_shorter_is_said(upstream, loaded, ok):
    shown = {"capabilities": ["completion"], "model_info": {"x.context_length": 32768}}
    upstream.documents["/api/show"] = json.dumps(shown).encode()
    running = {"models": [{"name": "gemma2:2b", "context_length": loaded}]}
    upstream.documents["/api/ps"] = json.dumps(running).encode()
    found = await examined(settings(upstream))
    assert found["model gemma2:2b"].ok is ok
    assert f"context 32768 tokens, but loaded with {loaded}" in found["model gemma2:2b"].detail
    assert "OLLAMA_CONTEXT_LENGTH" in found["model gemma2:2b"].remedy
    assert "loaded" not in found["model mistral:7b-instruct"].detail


async def test_what_is_configured_without_effect_is_said(upstream):
    found = await examined(settings(upstream, cache={"redis_url": "redis://h"}))
    assert not found["setting cache.redis_url"].ok


async def test_the_cache_is_tried(upstream):
    with reserved_port() as port:
        cache = {"enabled": True, "redis_url": f"redis://u:hunter2@127.0.0.1:{port}"}
        found = await examined(settings(upstream, cache=cache))
    assert found["cache memory"].ok
    assert not found["cache redis"].ok
    assert f"127.0.0.1:{port}: Connection refused" in found["cache redis"].detail
    assert "hunter2" not in str(found)


async def test_what_replicas_share_is_tried(upstream):
    with reserved_port() as port:
        shared = {"redis_url": f"redis://u:hunter2@127.0.0.1:{port}"}
        found = await examined(settings(upstream, shared_state=shared))
    assert not found["shared state"].ok
    assert f"127.0.0.1:{port}: Connection refused" in found["shared state"].detail
    assert "shared_state.redis_url" in found["shared state"].remedy
    assert "hunter2" not in str(found)
    async with ScriptedFleet() as server:
        server.beats(members=2)
        server.said[b"SUBSCRIBE"] = packed(b"subscribe", b"c", 1)
        found = await examined(settings(upstream, shared_state={"redis_url": server.url}))
    assert found["shared state"].ok
    assert "2 processes" in found["shared state"].detail


async def test_the_decision_log_is_opened(upstream, tmp_path):
    log = {"enabled": True, "url": f"sqlite:///{tmp_path / 'log.db'}"}
    found = await examined(settings(upstream, decision_log=log))
    assert found["decision log"].ok
    assert "log.db" in found["decision log"].detail
    (tmp_path / "file").touch()
    log["url"] = f"sqlite:///{tmp_path / 'file' / 'log.db'}"
    found = await examined(settings(upstream, decision_log=log))
    assert not found["decision log"].ok
    assert "decision_log.url" in found["decision log"].remedy


CHECKS = [Check("a", True, "fine", "unneeded"), Check("b", False, "broken", "mend it")]


@pytest.mark.parametrize(("checks", "code"), [(CHECKS, 1), (CHECKS[:1], 0)])
@pytest.mark.parametrize("as_json", [False, True])
def test_the_exit_code_says_whether_all_is_well(monkeypatch, tmp_path, checks, code, as_json):
    async def examine(settings):
        return checks

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("GEARSHIFT_CONFIG", raising=False)
    monkeypatch.setattr(doctor, "_examine", examine)
    result = CliRunner().invoke(command, ["--json"] if as_json else [])
    assert result.exit_code == code, result.output
    if as_json:
        said = json.loads(result.stdout)
        assert said["ok"] is (code == 0)
        assert [one["remedy"] for one in said["checks"]] == [c.remedy for c in checks]
    else:
        assert "ok   a: fine\n" in result.stdout
        assert "unneeded" not in result.stdout
        assert ("FAIL b: broken\n     → mend it" in result.stdout) is (code == 1)


@pytest.mark.parametrize(("model", "ok"), [("gemma2:2b", True), ("nomic-embed-text", False)])
async def test_the_model_for_embeddings_is_looked_for_where_one_is_set(upstream, model, ok):
    found = await examined(settings(upstream, embeddings={"model": model}))
    assert found["embeddings"].ok is ok
    assert ok or f"ollama pull {model}" in found["embeddings"].remedy
