"""OpenAI's paths, with and without `/v1`."""

from gearshift.dialects.openai.api import API


def test_every_path_is_there_with_and_without_its_version_and_is_the_same():
    found = {(route.method, route.path): (route.answers, route.entry) for route in API.routes}
    with_version = {key for key in found if key[1].startswith("/v1/")}
    assert len(found) == 2 * len(with_version)
    for method, path in with_version:
        assert found[method, path.removeprefix("/v1")] == found[method, path]


def test_nothing_is_said_not_to_be_there_that_is():
    assert set(API.unavailable).isdisjoint(route.path for route in API.routes)
    assert API.models_path in {route.path for route in API.routes}
