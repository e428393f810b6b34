"""The admin API of a real gateway: settings changed, totals reset, mistakes refused."""

import http.client
import json
import time
import urllib.error
import urllib.request

import pytest
from tests.e2e.conftest import serving_models
from tests.e2e.test_decision_log import ask

from gearshift.admin.views import ACTIONS, VIEWS

CONFIG = "/admin/api/tiered-routing/config"
METRICS = "/admin/api/tiered-routing/metrics"
PROMPT = "Explain async vs threads"  # scores 4.17


def call(url, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def routed(gateway):
    body = {"messages": [{"role": "user", "content": PROMPT}]}
    return call(f"{gateway.url}/v1/route", body)[1]["tier"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_change_is_in_force_everywhere_written_down_and_taken_back(tmp_path, workers):
    config = tmp_path / "config.yaml"
    config.write_text("# mine\ntiered_routing:\n  complexity_threshold: 3  # why\n")
    options = ("--workers", workers, "--config", str(config))
    with serving_models(tmp_path, *options, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        assert {routed(gateway) for _ in range(6)} == {"complex"}
        status, found = call(gateway.admin + CONFIG, {"complexity_threshold": 6, "enabled": True})
        assert status == 200
        assert found["complexity_threshold"] == 6
        assert [one["key"] for one in found["changes"]] == ["complexity_threshold"]
        assert {routed(gateway) for _ in range(6)} == {"simple"}
        assert config.read_text() == "# mine\ntiered_routing:\n  complexity_threshold: 6  # why\n"
        assert call(gateway.admin + CONFIG, {"enabled": False})[0] == 200
        assert {routed(gateway) for _ in range(6)} == {"complex"}
        _, trail = call(f"{gateway.admin}/admin/api/changes")
        assert [(one["key"], one["old"], one["new"]) for one in trail["changes"]] == [
            ("enabled", True, False),
            ("complexity_threshold", 3.0, 6.0),
        ]
        assert call(f"{gateway.admin}/admin/api/changes/undo", {"key": "enabled"})[0] == 200
        undo = f"{gateway.admin}/admin/api/changes/undo"
        status, found = call(undo, {"key": "complexity_threshold"})
        assert (status, found["complexity_threshold"]) == (200, 3.0)
        assert {routed(gateway) for _ in range(6)} == {"complex"}


def test_without_a_file_a_change_lasts_until_the_next_start(tmp_path):
    with serving_models(tmp_path, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        status, found = call(gateway.admin + CONFIG, {"complexity_threshold": 6})
        assert status == 200
        assert found["changes"][0]["lasts"] == "until restart"
        assert routed(gateway) == "simple"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"complexity_threshold": 11}, "complexity_threshold"),
        ({"complexity_threshold": "many"}, "complexity_threshold"),
        ({"nonsense": 1}, "nonsense"),
        ({"scorer": "nobody:nothing"}, "scorer"),
        ({"models": {"simple": ""}}, "models.simple"),
        ({"models": 7}, "models"),
    ],
)
def test_a_mistake_is_refused_by_name_and_changes_nothing(served, body, key):
    before = call(served.admin + CONFIG)[1]
    status, said = call(served.admin + CONFIG, body)
    assert (status, said["error"]["field"]) == (422, key)
    assert call(served.admin + CONFIG)[1] == before


def test_what_the_environment_sets_is_not_changed_here(tmp_path):
    variables = {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD": "5",
    }
    with serving_models(tmp_path, **variables) as gateway:
        status, said = call(gateway.admin + CONFIG, {"complexity_threshold": 6})
        assert status == 422
        assert "GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD" in said["error"]["message"]


def test_totals_count_and_are_reset(tmp_path):
    with serving_models(tmp_path, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        for prompt in ("What time is it?", "What time is it?", PROMPT):
            ask(gateway.url, prompt)
        found = wait_for_total(gateway, 3)
        assert found["simple_tier_requests"] == 2
        assert found["complex_tier_requests"] == 1
        assert found["simple_tier_percentage"] == pytest.approx(200 / 3)
        assert found["avg_complex_score"] == pytest.approx(4.1667, abs=0.001)
        assert found["fallback_count"] == 0
        assert call(f"{gateway.admin}{METRICS}/reset", {})[1]["total_requests"] == 0
        ask(gateway.url, PROMPT)
        assert wait_for_total(gateway, 1)["complex_tier_requests"] == 1


def wait_for_total(gateway, count):
    for _ in range(100):
        found = call(gateway.admin + METRICS)[1]
        if found["total_requests"] == count:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_every_address_is_in_the_document_and_answers(served):
    _, document = call(f"{served.admin}/openapi.json")
    for path, methods in document["paths"].items():
        if "get" in methods and path not in ("/metrics",):
            status, said = call(f"{served.admin}{path}")
            assert status in (200, 404), (path, said)
        else:
            assert set(methods) <= {"get", "post"}
    served_paths = {("get", view.path) for view in VIEWS} | {("post", one.path) for one in ACTIONS}
    documented = {(m, path) for path, methods in document["paths"].items() for m in methods}
    assert served_paths <= documented


def test_a_request_is_listed_with_what_was_decided(served):
    ask(served.url, PROMPT)
    for _ in range(100):
        status, found = call(f"{served.admin}/admin/api/requests?tier=complex")
        assert status == 200
        if found["requests"]:
            break
        time.sleep(0.05)
    newest = found["requests"][0]
    status, one = call(f"{served.admin}/admin/api/request?id={newest['id']}")
    assert (status, one["decision"]["tier"]) == (200, "complex")


def test_what_is_wrong_with_a_request_is_said(served):
    assert call(f"{served.admin}/nowhere")[0] == 404
    assert call(f"{served.admin}/admin/api/overview", {})[0] == 405
    assert call(f"{served.admin}/admin/api/overview?since=9y")[0] == 400
    assert call(f"{served.admin}/admin/api/requests?after=x")[0] == 400
    assert call(f"{served.admin}/admin/api/try-it", {"prompt": 1})[0] == 400
    assert call(f"{served.admin}{CONFIG}", [1])[0] == 400
    assert call(f"{served.admin}/admin/api/request?id=none")[0] == 404


def test_a_token_guards_everything_but_health(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("admin: {token: my-long-secret}\n")
    options = ("--config", str(config))
    with serving_models(tmp_path, *options, XDG_STATE_HOME=str(tmp_path / "state")) as gateway:
        assert call(f"{gateway.admin}/health/live")[0] == 200
        assert call(gateway.admin + CONFIG)[0] == 401
        assert call(gateway.admin + CONFIG, authorization="Bearer my-long-secret")[0] == 200
        wrong = [
            call(gateway.admin + CONFIG, authorization=f"Bearer {index}")[0] for index in range(11)
        ]
        assert wrong == [401] * 10 + [429]
        # Only the address that guesses has to wait.
        other = http.client.HTTPConnection(
            "127.0.0.1", int(gateway.admin.rpartition(":")[2]), source_address=("127.0.0.2", 0)
        )
        other.request("GET", CONFIG, headers={"authorization": "Bearer my-long-secret"})
        assert other.getresponse().status == 200
        other.close()
    assert "admin.token: has fewer than 16 characters" in (tmp_path / "stderr").read_text()
