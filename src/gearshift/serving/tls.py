"""TLS for the server: the settings' PEM files as a context, or in words what is wrong with them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from gearshift.config.sections.access import TlsSettings
from gearshift.errors import ConfigError, Problem

_PROTOCOLS: Final = ("http/1.1",)


def server_context(tls: TlsSettings) -> ssl.SSLContext | None:
    """The context for a server's sockets; `None` where plain http is spoken.

    Raises:
        ConfigError: A file is missing or of no use, or key and certificate do not belong together.
    """
    if tls.certificate is None or tls.key is None:
        return None
    certificate = _readable("certificate", tls.certificate)
    key = _readable("key", tls.key)
    _check_certificate(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(list(_PROTOCOLS))
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise _unusable(error, tls) from None
    return context


def _readable(name: str, path: str) -> Path:
    file = Path(path).expanduser()
    try:
        with file.open("rb"):
            return file
    except OSError as error:
        cause = (error.strerror or "cannot be read").lower()
        raise _refused(name, f"cannot read {path!r}: {cause}", "the path of a PEM file") from None


def _check_certificate(file: Path) -> None:
    # On its own, because what loads both files does not say which of them it dislikes.
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cafile=file)
    except ssl.SSLError:
        advice = "the certificate first, then its chain"
        raise _refused(
            "certificate", f"{str(file)!r} contains no PEM certificate", advice
        ) from None


def _unusable(error: ssl.SSLError, tls: TlsSettings) -> ConfigError:
    reason = error.reason or ""
    if reason == "KEY_VALUES_MISMATCH":
        return _refused(
            "key", f"{tls.key!r} does not belong to the certificate {tls.certificate!r}"
        )
    if reason.startswith(("EE_KEY", "CA_KEY", "CA_MD")):
        problem = reason.replace("_", " ").lower()
        return _refused("certificate", f"{tls.certificate!r} is too weak ({problem})")
    return _refused("key", f"{tls.key!r} contains no PEM private key without a password")


def _no_password() -> str:
    """Instead of asking at a terminal that nobody may be sitting at."""
    return ""


def _refused(name: str, message: str, suggestion: str = "") -> ConfigError:
    return ConfigError([Problem(f"tls.{name}", message, suggestion)])
