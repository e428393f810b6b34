"""Connection: aiohttp's side of one connection, with our own words for requests it refuses."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gearshift.errors import GearshiftError, RequestError
from gearshift.http.defects import defect

logger = logging.getLogger(__name__)

Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[GearshiftError], web.Response]


class Connection(web.RequestHandler):
    """Refuses what is no HTTP in the plane's words, and logs none of the client's.

    aiohttp's own log records quote the bytes at which parsing stopped, which after a wrong
    `Content-Length` are the middle of a prompt.
    """

    def __init__(self, manager: ConnectionFactory, **options: Any) -> None:
        super().__init__(manager, **options)
        self._refuse = manager.refuse

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to a request that cannot be parsed, or whose handler broke."""
        error: GearshiftError
        if status < 500:
            logger.debug("refused a malformed request: %s", type(exc).__name__)
            # The lines after the first show the client's bytes.
            said = (message or "the request is no valid HTTP").strip().splitlines()[0].rstrip(":")
            error = RequestError(said, status=status, code="malformed_request")
        else:
            error = defect(exc or TimeoutError(), "serving a connection")
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the response has been sent already")
        answer = self._refuse(error)
        answer.force_close()
        return answer

    def log_exception(self, *words: Any, **options: Any) -> None:
        """Log where it happened."""
        error = options.get("exc_info")
        if isinstance(error, BaseException):
            defect(error, "serving a connection")


class ConnectionFactory(web.Server):
    """Makes a `Connection` of every socket that is accepted.

    Args:
        serve: Answers one request.
        refuse: The response that reports an error, where the path is not known.
        options: As for `aiohttp.web.Server`.
    """

    def __init__(self, serve: Serve, refuse: Refuse, **options: Any) -> None:
        super().__init__(serve, handler_cancellation=True, **options)
        self.refuse = refuse

    def __call__(self) -> Connection:
        """A new connection."""
        return Connection(self, loop=self._loop, **self._kwargs)
