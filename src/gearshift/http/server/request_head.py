"""What the head of a request must be, beyond what its parser checks. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from gearshift.errors import RequestError
from gearshift.http.server.refusals import bad_request, too_large, wrong_version

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-fv:.%]+\])(?::[0-9]{0,5})?")


def head_error(
    version: str,
    method: bytes,
    target: bytes,
    headers: Mapping[str, str],
    hosts: int,
    max_body_bytes: int,
) -> RequestError | None:
    """Why a request with this head is refused; `None` if it may go on.

    Args:
        version: Of HTTP, such as `1.1`.
        method: Such as `GET`.
        target: What stands behind it.
        headers: By their names in lower case.
        hosts: How many `Host` headers there are.
        max_body_bytes: How long the body may be that they announce.
    """
    if version not in ("1.1", "1.0"):
        return wrong_version()
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return bad_request("exactly one Host header is needed")
    if hosts and not _is_host(headers["host"]):
        return bad_request("the Host header is not a host with or without a port")
    coding = headers.get("transfer-encoding")
    if coding is not None and (coding.lower() != "chunked" or version == "1.0"):
        return RequestError(
            "transfer-encoding: only chunked, in HTTP/1.1, is understood",
            status=501,
            code="transfer_encoding",
        )
    is_path = target[:1] == b"/" and b"#" not in target and method != b"CONNECT"
    if not is_path and not _is_target(target, method):
        return bad_request("the target of the request is neither a path nor a URL")
    length = headers.get("content-length")
    if length is not None and int(length) > max_body_bytes:
        return too_large(max_body_bytes)
    return None


def path_of(target: bytes) -> str:
    """The path that a request's target names, decoded and without its query.

    >>> path_of(b"/v1/models/a%20b?x=1"), path_of(b"http://host/api/tags")
    ('/v1/models/a b', '/api/tags')
    """
    path = target.partition(b"?")[0]
    if path[:1] != b"/" and b"://" in path:
        path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
    if b"%" in path:
        path = unquote_to_bytes(path)
    return path.decode("utf-8", "replace")


@lru_cache(maxsize=1024)
def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None


def _is_target(target: bytes, method: bytes) -> bool:
    if method == b"CONNECT" or b"#" in target:
        return False
    return (
        target[:1] == b"/"
        or target[:7].lower() == b"http://"
        or target[:8].lower() == b"https://"
        or (target == b"*" and method == b"OPTIONS")
    )
