"""RedisAddress: where a Redis is, who asks it, and which of its databases; read from a URL."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES: Final = ("redis", "rediss", "unix")
_PORT: Final = 6379


class RedisAddress(NamedTuple):
    """What a URL says.

    Attributes:
        host: A name or an address; empty where there is a socket.
        port: 1-65535.
        socket: The path of a Unix socket; empty where there is a host.
        is_tls: Speak TLS, and verify the certificate.
        user: Empty for Redis's default user.
        password: Empty: none is sent.
        database: Its number.
    """

    host: str
    port: int
    socket: str
    is_tls: bool
    user: str
    password: str
    database: int

    def __str__(self) -> str:
        """The place alone, for people: without user and password."""
        if self.socket:
            return self.socket
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def redis_address(url: str) -> RedisAddress:
    """The address that a URL stands for.

    Args:
        url: `redis://[[user]:password@]host[:port][/database]`, the same with `rediss://` for TLS,
            or `unix://[[user]:password@]/path[?db=database]`.

    Raises:
        ValueError: It is not such a URL; the message quotes no part of it that may be secret.

    Example:
        >>> print(redis_address("redis://:secret@cache.example/2"))
        cache.example:6379
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(
            "has an invalid host or port (percent-encode / # ? in passwords)"
        ) from error
    if parts.scheme not in SCHEMES:
        raise ValueError(f"must start with {' or '.join(f'{name}://' for name in SCHEMES)}")
    if parts.fragment or url.endswith("#"):
        raise ValueError("contains '#': percent-encode it as %23")
    is_socket = parts.scheme == "unix"
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    _check(query, host, port, parts.path, is_socket)
    database = query.get("db", "" if is_socket else parts.path.removeprefix("/"))
    return RedisAddress(
        host,
        _PORT if port is None else port,
        unquote(parts.path) if is_socket else "",
        parts.scheme == "rediss",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        _number(database),
    )


def _check(query: dict[str, str], host: str, port: int | None, path: str, is_socket: bool) -> None:
    unknown = sorted(query.keys() - {"db"})
    if unknown:
        raise ValueError(f"has the unknown parameter {unknown[0][:40]!r}; only db is known")
    if is_socket and (host or len(path) < 2):
        raise ValueError("must name a socket by its whole path, as in unix:///run/redis.sock")
    if not is_socket and not host:
        raise ValueError("names no host, as in redis://127.0.0.1:6379/0")
    if port == 0:
        raise ValueError("has port 0, where nobody can listen")
    if not is_socket and "db" in query and path.strip("/"):
        raise ValueError("names the database twice, in its path and as db=")


def _number(database: str) -> int:
    if not database:
        return 0
    if not (database.isascii() and database.isdigit() and len(database) <= 9):
        raise ValueError("must end with the number of a database, as in redis://127.0.0.1:6379/0")
    return int(database)
