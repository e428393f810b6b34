"""The Grafana dashboard and the alert rules ask for what a gateway really measures."""

import contextlib
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.e2e.conftest import serving_models
from tests.e2e.test_decision_log import ask
from tests.fakes.ports import reserved_port

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "gearshift_alerts.yml"
LABELS_OF_ITS_OWN = {"le"}
CACHED = {"ENABLED": "true", "ONLY_DETERMINISTIC": "false"}


def expressions():
    dashboard = json.loads((DEPLOY / "grafana" / "gearshift.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


@contextmanager
def monitored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("monitored")
    cached = {f"GEARSHIFT_CACHE__{name}": value for name, value in CACHED.items()}
    with serving_models(folder, XDG_STATE_HOME=str(folder / "state"), **cached) as gateway:
        for _ in range(2):
            ask(gateway.url, "What time is it?")
        yield gateway


def read(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Every series name of a running gateway, with its labels where it has samples."""
    with monitored(tmp_path_factory) as gateway:
        text = read(f"{gateway.admin}/metrics")
    found = {}
    for family in text_string_to_metric_families(text):
        if family.type == "counter":  # without labels' values there are no samples yet
            found.setdefault(f"{family.name}_total", set())
        if family.type == "gauge":
            found.setdefault(family.name, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_metric_and_label_exists(known, where, expression):
    names = set(re.findall(r"\bgearshift_\w+", expression))
    assert names, where
    assert names <= known.keys(), where
    for name, inside in re.findall(r"(gearshift_\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)\s*[=!]", inside)) <= known[name] | LABELS_OF_ITS_OWN, where
    grouped = set(", ".join(re.findall(r"by \(([^)]*)\)", expression)).split(", ")) - {""}
    labels = set().union(*(known[name] for name in names)) | LABELS_OF_ITS_OWN
    if all(known[name] for name in names):
        assert grouped <= labels, where


def test_panels_lie_beside_each_other_and_name_their_data_source():
    dashboard = json.loads((DEPLOY / "grafana" / "gearshift.json").read_text())
    taken = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert not taken & cells, panel["title"]
        taken |= cells
        assert at["x"] + at["w"] <= 24
        assert panel["datasource"]["uid"] == "${datasource}"
    assert [one["name"] for one in dashboard["templating"]["list"]] == ["datasource"]


@contextmanager
def prometheus(folder, admin):
    """A real Prometheus that scrapes the gateway every second."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": "gearshift", "static_configs": [{"targets": [urlsplit(admin).netloc]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with reserved_port() as port, (folder / "log").open("wb") as log:
        command = (
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}/api/v1"
        finally:
            process.terminate()
            process.wait(30)


def asked(api, path, **query):
    return json.loads(read(f"{api}/{path}?{urlencode(query)}"))["data"]


def eventually(look, seconds=60):
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(urllib.error.URLError):
            found = look()
            if found or time.monotonic() > until:
                return found
        time.sleep(0.5)


@pytest.mark.timeout(180)
@pytest.mark.skipif(not shutil.which("prometheus"), reason="Prometheus is not installed")
def test_a_real_prometheus_answers_every_panel_and_runs_every_rule(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    with monitored(tmp_path_factory) as gateway, prometheus(folder, gateway.admin) as api:
        assert eventually(lambda: asked(api, "query", query="gearshift_upstream_up")["result"])
        for where, expression in expressions():
            query = expression.replace("$__rate_interval", "30s").replace("$__range", "5m")
            asked(api, "query", query=query)  # an error is a status, which raises
            if where == "panel Upstreams":
                assert len(asked(api, "query", query=query)["result"]) == 2
        ask(gateway.url, "What time is it?")  # a second scrape sees more than the first
        share = 'sum(rate(gearshift_requests_total{tier="simple"}[30s])) > 0'
        assert eventually(lambda: asked(api, "query", query=share)["result"])
        groups = eventually(lambda: _evaluated(asked(api, "rules")["groups"]))
        rules = [rule for group in groups for rule in group["rules"]]
        assert {rule["health"] for rule in rules} == {"ok"}
        assert {rule["state"] for rule in rules} == {"inactive"}


def _evaluated(groups):
    rules = [rule for group in groups for rule in group["rules"]]
    return groups if rules and all(rule["health"] != "unknown" for rule in rules) else None
