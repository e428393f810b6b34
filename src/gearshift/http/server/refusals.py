"""What a client is told of a request that is refused before anybody has read it."""

from __future__ import annotations

from httptools import HttpParserError

from gearshift.errors import RequestError


def malformed(error: HttpParserError) -> RequestError:
    """The refusal of what the parser cannot read."""
    # The parser's words name the rule that was broken and never quote the client's bytes.
    cause = str(error.args[0]) if error.args else "the request is not valid HTTP"
    return bad_request(f"the request is not valid HTTP: {cause[:200]}")


def wrong_version() -> RequestError:
    """The refusal of versions that are not spoken here."""
    return RequestError("only HTTP/1.1 and HTTP/1.0 are supported", status=505, code="http_version")


def bad_request(message: str) -> RequestError:
    """The refusal of what breaks a rule of HTTP."""
    return RequestError(message, status=400, code="malformed_request")


def headers_too_long(limit: int, status: int = 431) -> RequestError:
    """The refusal of a head by its size."""
    return RequestError(
        f"the request line and headers are longer than {limit} bytes (limits.max_header_bytes)",
        status=status,
        code="headers_too_large",
    )


def too_large(limit: int) -> RequestError:
    """The refusal of a body by its size."""
    return RequestError(
        f"the body is larger than {limit} bytes (limits.max_body_bytes)",
        status=413,
        field="body",
        code="request_too_large",
    )


def too_many_headers(limit: int) -> RequestError:
    """The refusal of more header fields than are allowed."""
    return RequestError(
        f"more than {limit} headers (limits.max_headers)",
        status=431,
        code="headers_too_large",
    )


def crowded() -> RequestError:
    """The refusal of one connection too many."""
    return RequestError(
        "too many connections (limits.max_connections); try again",
        status=503,
        code="too_many_connections",
        headers={"Retry-After": "1"},
    )


def stopping() -> RequestError:
    """The refusal of what cannot be answered before the server ends."""
    message = "gearshift is stopping; try again"
    return RequestError(message, status=503, code="stopping", headers={"Retry-After": "1"})


def too_slow(what: str) -> RequestError:
    """The refusal of `headers` or a `body` that did not come in time."""
    return RequestError(
        f"the {what} of the request did not arrive in time (limits.{what.rstrip('s')}_seconds)",
        status=408,
        code="request_timeout",
    )


def unmet_expectation(expected: str) -> RequestError:
    """The refusal of an `Expect` that asks for more than being told to go on."""
    return RequestError(
        f"expect: {expected[:40]!r} cannot be met; only 100-continue can",
        status=417,
        code="expectation_failed",
    )
