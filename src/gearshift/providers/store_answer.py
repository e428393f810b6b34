"""StoreAnswer: what a server says while it changes its models, without the secrets it was told."""

from __future__ import annotations

from typing import Final

from gearshift.errors import FailureKind, UpstreamError
from gearshift.http.client.client import UpstreamResponse
from gearshift.providers.masking import Mask

_LONGEST_LINE_BYTES: Final = 1024 * 1024


class StoreAnswer:
    """An answer as it comes, in whole lines.

    Args:
        response: Where its bytes come from; it is the answer's to release.
        mask: Hides what the server may quote.

    Attributes:
        status: Of the response.
        content_type: In lower case, without its parameters.
    """

    def __init__(self, response: UpstreamResponse, mask: Mask) -> None:
        self.status = response.status
        self.content_type = response.content_type
        self._response = response
        self._mask = mask
        self._rest = b""

    async def read(self) -> bytes:
        """The lines that have come since the last call; nothing at the end.

        Raises:
            UpstreamError: The connection broke, or nothing came for too long.
        """
        while data := await self._response.read():
            lines, end, self._rest = (self._rest + data).rpartition(b"\n")
            if len(self._rest) > _LONGEST_LINE_BYTES:
                self._response.abort()
                message = f"a line of more than {_LONGEST_LINE_BYTES} bytes"
                raise UpstreamError(message, fault=FailureKind.GARBAGE)
            if end:
                return self._mask.hidden(lines + end)
        rest, self._rest = self._rest, b""
        return self._mask.hidden(rest)

    async def whole(self) -> bytes:
        """All of a short answer.

        Raises:
            UpstreamError: As `read`, or it is longer than an error or a status can be.
        """
        whole = b""
        while data := await self.read():
            whole += data
            if len(whole) > _LONGEST_LINE_BYTES:
                self._response.abort()
                message = f"an answer of more than {_LONGEST_LINE_BYTES} bytes"
                raise UpstreamError(message, fault=FailureKind.GARBAGE)
        return whole

    async def aclose(self) -> None:
        """Release the connection; one in the middle of an answer is ended, and with it the work."""
        self._response.release()
