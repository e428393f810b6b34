"""TLS from PEM files: a handshake with good ones, plain words about bad ones."""

import json
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from click.testing import CliRunner

from gearshift.cli.config import command
from gearshift.config.sections.access import TlsSettings
from gearshift.errors import ConfigError
from gearshift.serving.tls import server_context

OPENSSL = shutil.which("openssl") or ""
needs_openssl = pytest.mark.skipif(not OPENSSL, reason="no `openssl` on the path")


def certified(folder, name, *options):
    """A self-signed certificate and its key."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate), *(options or ("-nodes",))),
        ],
        check=True,
        capture_output=True,
    )
    return str(certificate), str(key)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return certified(tmp_path_factory.mktemp("tls"), "one")


def refusal(certificate, key):
    with pytest.raises(ConfigError) as caught:
        server_context(TlsSettings(certificate=str(certificate), key=str(key)))
    (problem,) = caught.value.problems
    return str(problem)


def shake(context, client):
    """One handshake; what both sides agreed on."""
    one, two = socket.socketpair()

    def answer():
        try:
            with context.wrap_socket(one, server_side=True) as end:
                end.recv(1)
        except OSError:
            one.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(two, server_hostname="localhost") as end:
            return end.version(), end.selected_alpn_protocol()
    finally:
        two.close()
        thread.join()


def test_without_files_there_is_no_tls():
    assert server_context(TlsSettings()) is None


@needs_openssl
def test_a_client_that_trusts_the_certificate_is_served(pair):
    context = server_context(TlsSettings(certificate=pair[0], key=pair[1]))
    assert context is not None
    client = ssl.create_default_context(cafile=pair[0])
    client.set_alpn_protocols(["h2", "http/1.1"])
    assert shake(context, client) == ("TLSv1.3", "http/1.1")
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shake(context, client)[0] == "TLSv1.2"
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(context, ssl.create_default_context())


@needs_openssl
def test_a_path_may_begin_at_home(pair, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, path in zip(("c", "k"), pair, strict=True):
        shutil.copy(path, tmp_path / name)
    assert server_context(TlsSettings(certificate="~/c", key="~/k")) is not None


@needs_openssl
def test_bad_files_are_named(pair, tmp_path):
    certificate, key = pair
    other = certified(tmp_path, "other")
    locked = certified(tmp_path, "locked", "-passout", "pass:secret")
    text = tmp_path / "text"
    text.write_text("no PEM", encoding="utf-8")
    missing = tmp_path / "missing"
    for files, said in (
        ((missing, key), "tls.certificate: cannot read"),
        ((certificate, missing), "tls.key: cannot read"),
        ((tmp_path, key), "tls.certificate: cannot read"),
        ((text, key), "contains no PEM certificate"),
        ((key, key), "contains no PEM certificate"),
        ((certificate, text), "contains no PEM private key without a password"),
        ((certificate, certificate), "contains no PEM private key"),
        ((certificate, other[1]), "does not belong to the certificate"),
        (locked, "without a password"),
    ):
        line = refusal(*files)
        assert said in line, line
    assert "no such file or directory" in refusal(missing, key)


@needs_openssl
def test_config_check_loads_the_files(pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "x.json"
    for key, code in ((pair[1], 0), ("missing", 2)):
        file.write_text(json.dumps({"tls": {"certificate": pair[0], "key": key}}), encoding="utf-8")
        result = CliRunner().invoke(command, ("check", "--config", str(file), "--json"))
        assert result.exit_code == code
        assert [e["key"] for e in json.loads(result.stdout)["errors"]] == ["tls.key"] * (code > 0)
