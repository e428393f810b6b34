"""The container file and the compose file, as far as they can be checked without an engine."""

import json
import re
from pathlib import Path

import yaml

from gearshift import load_settings
from gearshift.cli.serve import command
from gearshift.gateway.routes import all_routes

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"
SERVICES = yaml.safe_load((COMPOSE / "compose.yaml").read_text("utf-8"))["services"]


def instructions():
    """Name and rest of each instruction, continued lines joined."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text("utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, " ".join(rest.split())


def last(name):
    return [rest for found, rest in instructions() if found == name][-1]


def accepts(arguments):
    """Whether `gearshift serve` understands its arguments."""
    name, *rest = arguments
    assert name == "serve"
    return command.make_context("serve", list(rest), resilient_parsing=False)


def test_what_is_copied_is_there_and_not_ignored():
    ignored = (CONTAINERFILE.parent / "Containerfile.dockerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    sources = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    assert set(sources) == kept
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_it_fetches_nothing_without_a_hash():
    assert [name for name, _ in instructions() if name == "ADD"] == []
    for name, rest in instructions():
        for step in rest.split("&&") if name == "RUN" else ():
            if re.search(r"\bpip install\b", step):
                assert "--require-hashes" in step or "--no-index" in step, step
            assert not re.search(r"\b(curl|wget|apt-get)\b", step)


def test_it_runs_as_nobody_in_particular():
    user, _, group = last("USER").partition(":")
    assert int(user) > 1000
    assert int(group) > 1000


def test_it_starts_with_what_serve_understands():
    assert json.loads(last("ENTRYPOINT")) == ["gearshift"]
    context = accepts(json.loads(last("CMD")))
    assert context.params["host"] == "0.0.0.0"
    assert last("EXPOSE").split() == [str(context.params[name]) for name in ("port", "admin_port")]


def test_its_health_is_asked_for_where_it_is_told():
    asked = re.search(r"http://127\.0\.0\.1:11435(/[\w/]+)", last("HEALTHCHECK"))
    assert asked
    assert asked[1] in {route.path for route in all_routes({})}


def test_the_packages_are_those_of_the_other_locks():
    def pins(name):
        text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
        return set(re.findall(r"^([\w.-]+(?:\[[\w,-]+\])?==[\w.]+)", text, re.MULTILINE))

    assert pins("container") <= pins("run")
    assert pins("build") <= pins("dev")


def volumes(service):
    return SERVICES[service].get("volumes", ())


def test_compose_mounts_files_that_exist():
    for service in SERVICES:
        for volume in volumes(service):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE / source).resolve().is_file(), source


def test_compose_waits_for_services_that_exist_and_opens_ports_to_this_machine_only():
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_compose_gives_gearshift_a_configuration_it_takes(monkeypatch):
    monkeypatch.setenv("POSTGRES_PASSWORD", "secret")
    settings = load_settings(COMPOSE / "config.yaml").settings
    assert {"ollama", "redis", "postgres"} <= {*SERVICES}
    assert settings.upstreams[0].base_url == "http://ollama:11434"
    assert settings.cache.redis_url == "redis://redis:6379/0"
    assert settings.decision_log.url == "postgresql://gearshift:secret@postgres/gearshift"


def test_compose_starts_it_with_what_serve_understands():
    arguments = SERVICES["gearshift"]["command"]
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in volumes("gearshift")}
    found = [
        str((COMPOSE / mounted[one]).resolve()) if one in mounted else one for one in arguments
    ]
    assert accepts(found).params["config"] == str(COMPOSE / "config.yaml")


def test_compose_stops_no_earlier_than_the_longest_answer():
    grace = SERVICES["gearshift"]["stop_grace_period"]
    assert (
        int(grace.removesuffix("s"))
        > load_settings(COMPOSE / "config.yaml").settings.limits.total_seconds
    )


def test_prometheus_asks_the_gateway():
    (job,) = yaml.safe_load((COMPOSE / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["gearshift:11435"]}]
    assert "/metrics" in {route.path for route in all_routes({})}
