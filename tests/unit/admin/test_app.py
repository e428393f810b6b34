"""The admin plane: every address, what is refused, and what answers forbid a browser to do."""

import json

import pytest
from tests.fakes.finished import finished

from gearshift.admin.charts import CHARTS
from gearshift.admin.views import ACTIONS, VIEWS
from gearshift.errors import GearshiftError, RequestError
from gearshift.http.values import HttpRequest

FORBIDDEN = "default-src 'none'"


def body(response):
    return json.loads(response.body)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_every_view_has_its_facts_and_its_page(planes, view):
    event = finished()
    plane = planes([event, finished("complex")])
    query = f"?id={event.decision.id}" if view.name == "request" else ""
    response = await plane.ask(view.path + query)
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert isinstance(body(response), dict)
    if view.page:
        page = await plane.ask(view.page + query)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert FORBIDDEN in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        assert page.body.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("view", "name"), [(view, name) for view, names in CHARTS.items() for name in names]
)
async def test_every_chart_is_a_picture_that_may_do_nothing(planes, view, name):
    response = await planes([finished()]).ask(f"/charts/{view}/{name}.svg")
    assert (response.status, response.headers["content-type"]) == (200, "image/svg+xml")
    policy = response.headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert b"<svg" in response.body


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/app.js", "text/javascript; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml"),
    ],
)
async def test_what_pages_need(planes, path, kind):
    response = await planes().ask(path)
    assert (response.status, response.headers["content-type"]) == (200, kind)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert len(response.body) > 50


async def test_health_and_metrics(planes):
    plane = planes()
    assert body(await plane.ask("/health/live")) == {"status": "live"}
    ready = await plane.ask("/health/ready")
    assert (ready.status, set(body(ready)["tiers"])) == (503, {"simple", "complex"})
    metrics = await plane.ask("/metrics")
    assert b"gearshift_requests" in metrics.body
    assert metrics.headers["content-type"].startswith("text/plain")
    assert body(await plane.ask("/openapi.json"))["openapi"] == "3.1.0"


async def test_a_head_is_asked_for_as_its_page_is(planes):
    response = await planes().ask("/health/live", method="HEAD")
    assert response.status == 200


@pytest.mark.parametrize(
    ("path", "method", "status", "allow"),
    [
        ("/nowhere", "GET", 404, None),
        ("/static/../app.py", "GET", 404, None),
        ("/", "POST", 405, "GET"),
        ("/static/style.css", "POST", 405, "GET"),
        ("/admin/api/changes/undo", "GET", 405, "POST"),
        ("/admin/api/tiered-routing/config", "PUT", 405, "GET, POST"),
        ("/charts/overview/nothing.svg", "GET", 404, None),
    ],
)
async def test_what_is_not_there_or_takes_another_method(planes, path, method, status, allow):
    response = await planes().ask(path, method=method)
    assert (response.status, response.headers.get("Allow")) == (status, allow)
    assert set(body(response)["error"]) == {"message", "field", "code"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.path)
@pytest.mark.parametrize("sent", [b"{", b"[]", b"null", b'"x"'])
async def test_an_action_takes_an_object(planes, action, sent):
    headers = {"host": "localhost", "content-type": "application/json"}
    response = await planes().handle(HttpRequest("POST", action.path, headers, sent))
    assert response.status == 400
    assert "body" in body(response)["error"]["message"]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.path)
async def test_an_action_cannot_be_a_form_of_another_page(planes, action):
    plane = planes()
    headers = {"host": "localhost", "content-type": "application/x-www-form-urlencoded"}
    assert (await plane.handle(HttpRequest("POST", action.path, headers))).status == 415


async def test_without_the_token_there_is_only_health(planes):
    plane = planes(token="a-token-of-some-length")
    for view in VIEWS:
        assert (await plane.ask(view.path)).status == 401
    assert (await plane.ask("/metrics")).status == 401
    assert (await plane.ask("/health/live")).status == 200
    known = await plane.ask("/metrics", authorization="Bearer a-token-of-some-length")
    assert known.status == 200


async def test_another_name_is_not_this_server(planes):
    assert (await planes().ask("/", host="evil.example")).status == 403


async def test_trouble_is_a_page_on_a_page_and_json_elsewhere(planes):
    plane = planes(decision_log={"enabled": False})
    page = await plane.ask("/usage")
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert b"the decision log is off" in page.body
    api = await plane.ask("/admin/api/usage")
    assert "the decision log is off" in body(api)["error"]["message"]
    assert (await plane.ask("/admin/api/usage?since=1y")).status == 400


async def test_a_defect_is_told_with_its_reference_and_nothing_else(planes, monkeypatch, caplog):
    plane = planes()
    monkeypatch.setattr(plane._metrics, "exposition", lambda: 1 / 0)
    response = await plane.ask("/metrics")
    assert response.status == 500
    said = body(response)["error"]["message"]
    assert "division" not in said
    assert "ZeroDivisionError" in caplog.text


async def test_errors_have_their_headers(planes):
    plane, request = planes(), HttpRequest("GET", "/")
    refused = plane.refusal(request, RequestError("no", status=429, headers={"Retry-After": "9"}))
    assert (refused.status, refused.headers["Retry-After"]) == (429, "9")
    assert body(plane.refusal(request, GearshiftError("broken"))) == {
        "error": {"message": "broken"}
    }


async def test_it_shows_the_interface_that_is_in_force(planes):
    plane, other = planes(), planes(tiered_routing={"complexity_threshold": 7})
    config = "/admin/api/tiered-routing/config"
    assert (await plane.json(config))["complexity_threshold"] == 3
    plane.switch_to(other.context.llm)
    assert (await plane.json(config))["complexity_threshold"] == 7
