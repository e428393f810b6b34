"""What the exceptions say, and what those who catch them can rely on."""

import pickle

import pytest

from gearshift.errors import (
    ConfigError,
    ExhaustedError,
    FailureKind,
    GearshiftError,
    MissingExtraError,
    Problem,
    RequestError,
    UpstreamError,
)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.b", "is wrong", "try c"), "a.b: is wrong (try c)"),
        (Problem("a.b", "is wrong"), "a.b: is wrong"),
        (Problem("", "is empty", "see the docs"), "is empty (see the docs)"),
        (Problem("", "is empty"), "is empty"),
    ],
)
def test_a_problem_says_where_what_and_what_to_do(problem, text):
    assert str(problem) == text


def test_every_problem_of_a_configuration_is_told():
    problems = [Problem("a", "x"), Problem("b", "y", "z")]
    error = ConfigError(problems, "my.yaml")
    assert str(error) == "my.yaml: a: x; b: y (z)"
    assert error.problems == tuple(problems)
    assert error.source == "my.yaml"
    assert str(ConfigError(problems)) == "a: x; b: y (z)"


def test_a_missing_extra_is_named_with_the_command_that_brings_it():
    error = MissingExtraError("otel", "Sending spans", "No module named 'x'")
    assert error.extra == "otel"
    assert str(error) == (
        "Sending spans needs an extra: pip install \"gearshift[otel]\" (No module named 'x')"
    )


def test_a_bad_request_has_its_status_and_headers_of_its_own():
    headers = {"Allow": "GET"}
    error = RequestError("no", status=405, field="f", code="c", headers=headers)
    headers["Allow"] = "POST"
    assert (str(error), error.message, error.status) == ("no", "no", 405)
    assert (error.field, error.code, error.headers) == ("f", "c", {"Allow": "GET"})
    plain = RequestError("no")
    assert (plain.status, plain.field, plain.code, plain.headers) == (400, None, None, {})


@pytest.mark.parametrize("fault", list(FailureKind))
def test_only_a_clients_own_fault_is_not_for_another_deployment(fault):
    error = UpstreamError("no", fault=fault)
    assert error.permits_fallback is (fault is not FailureKind.REJECTED)
    assert (error.status, error.body, error.retry_after_seconds) == (None, b"", None)


def test_exhausted_tells_what_each_one_said_and_ends_as_the_last_did():
    first = UpstreamError("refused", fault=FailureKind.UNREACHABLE, status=500)
    last = UpstreamError("full", fault=FailureKind.BUSY, status=429, retry_after_seconds=7.0)
    error = ExhaustedError([("a/m", first), ("b/n", last)])
    assert str(error) == "every deployment failed: a/m: refused; b/n: full"
    assert (error.fault, error.status, error.retry_after_seconds) == (FailureKind.BUSY, 429, 7.0)
    assert error.attempts == (("a/m", first), ("b/n", last))


def test_exhausted_without_anybody_to_ask():
    error = ExhaustedError([])
    assert str(error) == "no deployment can answer"
    assert (error.fault, error.status, error.retry_after_seconds) == (
        FailureKind.UNREACHABLE,
        None,
        None,
    )


def test_one_except_catches_all_of_them():
    for kind in (ConfigError, MissingExtraError, RequestError, UpstreamError, ExhaustedError):
        assert issubclass(kind, GearshiftError)
    assert issubclass(ExhaustedError, UpstreamError)


def test_a_problem_travels_between_processes():
    problem = Problem("a", "b", "c")
    assert pickle.loads(pickle.dumps(problem)) == problem
