"""The listening sockets of both planes, made before anything else is started."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final, NamedTuple

from gearshift.errors import GearshiftError

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 11435
"""Of the data plane: one above Ollama's."""


class Addresses(NamedTuple):
    """Where a gateway that runs is reached, as URLs."""

    data: str
    admin: str


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two listening sockets."""

    data: socket.socket
    admin: socket.socket
    host: str
    scheme: str = "http"

    def addresses(self) -> Addresses:
        """Both as URLs, with the ports that were found where 0 was asked for."""
        return Addresses(_url(self.data, self.host, self.scheme), _url(self.admin, self.host))

    def close(self) -> None:
        """Listen no longer."""
        self.data.close()
        self.admin.close()


def listen(host: str, port: int, admin_port: int, scheme: str) -> Listeners:
    """Listen on both ports.

    Args:
        host: A name or an address.
        port: Of the data plane; 0 for any that is free.
        admin_port: Of the admin plane, likewise.
        scheme: Of the data plane, `http` or `https`.

    Raises:
        GearshiftError: One of them is taken, or not allowed; nothing listens then.
    """
    data = _socket(host, port, "--port")
    try:
        return Listeners(data, _socket(host, admin_port, "--admin-port"), host, scheme)
    except GearshiftError:
        data.close()
        raise


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it; of a name that is no address, nobody knows."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _socket(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise GearshiftError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; "
            f"is another gearshift running? Choose another with {option}, 0 for any free one"
        ) from error
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket, host: str, scheme: str = "http") -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{listener.getsockname()[1]}"
