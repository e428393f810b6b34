"""An address is http or https, with a host and a possible port; everything else is told."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from gearshift.config_file.urls import http_url, is_http_url

FIELD = TypeAdapter(Annotated[str, is_http_url("http://127.0.0.1:4318")])


@pytest.mark.parametrize(
    "url", ["http://h", "https://h/x?y", "http://127.0.0.1:65535", "http://[::1]:80", "HTTP://h"]
)
def test_an_address_stays_as_it_was_written(url):
    assert http_url(url, "") == FIELD.validate_python(url) == url


NO_HOSTS = ["", "h", "//h", "h:80", "ftp://h", "http://", "http://:80", "http://[::1", "http://[x]"]


@pytest.mark.parametrize("url", [*NO_HOSTS, "http://h:0", "http://h:99999", "http://h:x"])
def test_anything_else_is_told_with_an_example(url):
    with pytest.raises(ValidationError) as caught:
        FIELD.validate_python(url)
    (found,) = caught.value.errors()
    assert found["ctx"]["message"] == f"{url!r} is not a URL"
    assert found["ctx"]["suggestion"] == "such as http://127.0.0.1:4318"


@pytest.mark.parametrize("value", [5, True, None, ["http://h"], {}])
def test_what_is_not_a_string_is_told_as_that(value):
    with pytest.raises(ValidationError, match="valid string"):
        FIELD.validate_python(value)


def test_a_password_is_not_repeated():
    with pytest.raises(ValidationError) as caught:
        FIELD.validate_python("ftp://u:hunter2@h")
    assert "hunter2" not in caught.value.errors()[0]["msg"]
