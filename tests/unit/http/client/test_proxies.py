"""Which proxy the environment means, and for whom."""

import pytest

from gearshift.errors import GearshiftError
from gearshift.http.client.proxies import proxy_for

HTTPS = "https://llm.example/v1"
HTTP = "http://llm.example:8000/v1"


@pytest.fixture
def environ(monkeypatch):
    import os

    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)

    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


def shown(url: str) -> str | None:
    proxy = proxy_for(url)
    return None if proxy is None else proxy.shown


def test_each_scheme_has_its_variable(environ):
    assert shown(HTTPS) is None
    environ(HTTPS_PROXY="http://secure:3128", HTTP_PROXY="plain:3128")
    assert (shown(HTTPS), shown(HTTP)) == ("http://secure:3128", "http://plain:3128")


def test_lower_case_comes_first_and_all_comes_last(environ):
    environ(ALL_PROXY="http://all:1", HTTP_PROXY="http://upper:1", http_proxy="http://lower:1")
    assert (shown(HTTPS), shown(HTTP)) == ("http://all:1", "http://lower:1")


def test_a_header_called_proxy_is_not_believed_in_a_cgi_script(environ):
    environ(HTTP_PROXY="http://evil:1", REQUEST_METHOD="GET")
    assert shown(HTTP) is None


def test_a_proxys_password_is_sent_but_never_shown(environ):
    environ(HTTPS_PROXY="http://me:p%40ss@proxy.example")
    proxy = proxy_for(HTTPS)
    assert proxy is not None
    assert (proxy.host, proxy.port) == ("proxy.example", 80)
    assert proxy.authorization == "Basic bWU6cEBzcw=="
    assert "p%40ss" not in repr(proxy)
    assert "p%40ss" not in proxy.shown


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost:11434", "http://127.0.0.1/v1", "http://127.9.9.9", "http://[::1]:80"),
        *("http://ollama.localhost", "http://0.0.0.0:1", "https://LOCALHOST/v1"),
    ],
)
def test_this_machine_is_always_reached_directly(environ, url):
    environ(ALL_PROXY="http://proxy:1")
    assert shown(url) is None


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_direct"),
    [
        ("*", HTTPS, True),
        ("llm.example", HTTPS, True),
        ("LLM.Example", HTTPS, True),
        ("example", HTTPS, True),
        (".example", HTTPS, True),
        ("*.example", HTTPS, True),
        ("other, llm.example", HTTPS, True),
        ("lm.example", HTTPS, False),
        ("example.llm", HTTPS, False),
        ("llm.example:443", HTTPS, True),
        ("llm.example:8000", HTTP, True),
        ("llm.example:8000", HTTPS, False),
        ("10.0.0.0/8", "http://10.1.2.3/v1", True),
        ("10.0.0.0/8", "http://11.1.2.3/v1", False),
        ("10.1.2.3", "http://10.1.2.3:8000", True),
        ("10.1.2.3:8000", "http://10.1.2.3:8000", True),
        ("10.1.2.3:8001", "http://10.1.2.3:8000", False),
        ("10.0.0.0/8", HTTP, False),
        ("fd00::/8", "http://[fd00::1]:8000", True),
        ("[fd00::1]:8000", "http://[fd00::1]:8000", True),
        ("fd00::2", "http://[fd00::1]:8000", False),
        ("", HTTPS, False),
        (",, ,", HTTPS, False),
        (":443", HTTPS, False),
        ("llm.example.", HTTPS, True),
    ],
)
def test_no_proxy_names_hosts_domains_ports_and_networks(environ, no_proxy, url, is_direct):
    environ(ALL_PROXY="http://proxy:1", NO_PROXY=no_proxy)
    assert (shown(url) is None) is is_direct


@pytest.mark.parametrize("proxy", ["socks5://p:1080", "socks5h://u:secret@p:1080", "SOCKS4://p:1"])
def test_socks_is_refused_in_words(environ, proxy):
    environ(HTTPS_PROXY=proxy)
    with pytest.raises(GearshiftError, match=r"HTTPS_PROXY .*SOCKS.*NO_PROXY") as caught:
        proxy_for(HTTPS)
    assert "secret" not in str(caught.value)
    assert shown("http://127.0.0.1") is None  # where it is not needed it does no harm


@pytest.mark.parametrize("proxy", ["ftp://p", "http://", "http://p:notaport", "://"])
def test_what_is_no_proxy_is_refused_in_words(environ, proxy):
    environ(HTTPS_PROXY=proxy)
    with pytest.raises(GearshiftError, match="HTTPS_PROXY"):
        proxy_for(HTTPS)
