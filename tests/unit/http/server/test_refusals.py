"""A refusal says which limit it was by the name of its setting, and whether to come back."""

import pytest
from httptools import HttpParserError

from gearshift.config.loading import Settings
from gearshift.http.server import refusals


@pytest.mark.parametrize(
    ("error", "status", "setting"),
    [
        (refusals.headers_too_long(10), 431, "max_header_bytes"),
        (refusals.headers_too_long(10, 414), 414, "max_header_bytes"),
        (refusals.too_large(10), 413, "max_body_bytes"),
        (refusals.too_many_headers(10), 431, "max_headers"),
        (refusals.crowded(), 503, "max_connections"),
        (refusals.too_slow("headers"), 408, "header_seconds"),
        (refusals.too_slow("body"), 408, "body_seconds"),
    ],
)
def test_the_setting_that_it_names_exists(error, status, setting):
    assert error.status == status
    assert f"limits.{setting})" in str(error)
    assert setting in type(Settings().limits).model_fields


@pytest.mark.parametrize("error", [refusals.crowded(), refusals.stopping()])
def test_what_may_be_tried_again_says_when(error):
    assert error.status == 503
    assert int(error.headers["Retry-After"]) > 0


def test_what_the_parser_says_is_bounded():
    error = refusals.malformed(HttpParserError("x" * 10_000))
    assert (error.status, error.code) == (400, "malformed_request")
    assert len(str(error)) < 300
    assert "not valid HTTP" in str(refusals.malformed(HttpParserError()))
