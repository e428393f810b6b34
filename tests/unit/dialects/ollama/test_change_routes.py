"""Ollama's paths that change models: all of them, and nobody's by accident."""

from gearshift.dialects.ollama.change_routes import CHANGE_ROUTES, CHANGE_SCHEMAS
from gearshift.dialects.ollama.changes import ChangeKind


def test_every_change_has_its_route_and_not_everybody_may_take_it():
    found = {(route.method, route.path) for route in CHANGE_ROUTES}
    assert found == {
        ("POST", "/api/pull"),
        ("POST", "/api/push"),
        ("POST", "/api/create"),
        ("POST", "/api/copy"),
        ("DELETE", "/api/delete"),
        ("HEAD", "/api/blobs/*"),
        ("POST", "/api/blobs/*"),
    }
    assert {f"/api/{kind}" for kind in ChangeKind} <= {path for _, path in found}
    assert all(route.changes_models and not route.is_open for route in CHANGE_ROUTES)


def test_only_a_file_is_read_as_it_comes():
    streamed = [r for r in CHANGE_ROUTES if r.streams_body]
    assert [(r.method, r.path, r.entry.takes_file) for r in streamed] == [
        ("POST", "/api/blobs/*", True)
    ]


def test_every_body_has_its_schema():
    bodies = {route.entry.body for route in CHANGE_ROUTES if route.entry.body}
    assert bodies <= CHANGE_SCHEMAS.keys()
