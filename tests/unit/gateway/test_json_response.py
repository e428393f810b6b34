"""Objects as bodies of responses."""

from gearshift.gateway.json_response import json_response


def test_an_object_is_the_body_of_a_200():
    response = json_response({"a": "ü"})
    assert (response.status, response.body) == (200, '{"a":"ü"}'.encode())
    assert response.headers == {"content-type": "application/json"}
