"""Hosts and origins in the settings: taken as people write them, or refused with what was meant."""

import pytest

from gearshift.config.loading import load_settings
from gearshift.config.sections.browsers import AccessSettings
from gearshift.errors import ConfigError

HOSTS, ORIGINS = "access.allowed_hosts", "access.allowed_origins"


def access(tmp_path, **values):
    return load_settings(
        environ=values, cwd=tmp_path, overrides={"decision_log.enabled": False}
    ).settings.access


def refused(tmp_path, key, value):
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={}, cwd=tmp_path, overrides={key: value})
    (problem,) = caught.value.problems
    assert problem.key.startswith(key)
    return problem.message, problem.suggestion


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Gateway.Example.COM ", "gateway.example.com"),
        ("gateway.example.com.", "gateway.example.com"),
        ("*.example.com", "*.example.com"),
        ("[fd00::1]", "fd00::1"),
        ("gearshift_app", "gearshift_app"),
        ("*", "*"),
    ],
)
def test_hosts(tmp_path, given, kept):
    loaded = load_settings(environ={}, cwd=tmp_path, overrides={HOSTS: [given]}).settings
    assert loaded.access.allowed_hosts == (kept,)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("http://gateway.example.com:8080/v1", "'gateway.example.com'"),
        ("gateway.example.com:8080", "'gateway.example.com'"),
        ("gateway.example.com/", "'gateway.example.com'"),
        ("[fd00::1]:80", "'fd00::1'"),
        (".example.com", "'*.example.com'"),
        ("münchen.example", "'xn--mnchen-3ya.example'"),
        ("two names", "such as"),
        ("", "such as"),
    ],
)
def test_what_is_no_host_is_refused_with_what_was_meant(tmp_path, given, advice):
    message, suggestion = refused(tmp_path, HOSTS, [given])
    assert "is not a host name" in message
    assert advice in suggestion


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Chat.Example.com/", "https://chat.example.com"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        ("http://lan:80", "http://lan"),
        ("http://lan:*", "http://lan:*"),
        ("https://*.example.com:8443", "https://*.example.com:8443"),
        ("file://", "file://"),
        ("chrome-extension://*", "chrome-extension://*"),
        ("null", "null"),
        ("*", "*"),
        ("http://[fd00::1]:3000", "http://[fd00::1]:3000"),
    ],
)
def test_origins(tmp_path, given, kept):
    loaded = load_settings(environ={}, cwd=tmp_path, overrides={ORIGINS: [given]}).settings
    assert loaded.access.allowed_origins == (kept,)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("chat.example.com", "'https://chat.example.com'"),
        ("chat.example.com:3000/x", "'https://chat.example.com:3000'"),
        ("*.example.com", "'https://*.example.com'"),
        ("https://chat.example.com/app", "'https://chat.example.com'"),
        ("https://user:pass@chat.example.com", "'https://chat.example.com'"),
        ("https://münchen.example", "'https://xn--mnchen-3ya.example'"),
        ("https://", "such as"),
        ("two words", "such as"),
    ],
)
def test_what_is_no_origin_is_refused_with_what_was_meant(tmp_path, given, advice):
    message, suggestion = refused(tmp_path, ORIGINS, [given])
    assert "is not an origin" in message
    assert advice in suggestion


@pytest.mark.parametrize(
    "text",
    [
        '["https://a.example", "http://b:*"]',
        "https://a.example,http://b:*",
        " https://a.example , http://b:* ",
    ],
)
def test_variables_hold_lists_or_names_with_commas(tmp_path, text):
    found = access(tmp_path, GEARSHIFT_ACCESS__ALLOWED_ORIGINS=text)
    assert found.allowed_origins == ("https://a.example", "http://b:*")


@pytest.mark.parametrize(("text", "kept"), [("*", ("*",)), ("*.a.example", ("*.a.example",))])
def test_a_variable_may_begin_with_a_star(tmp_path, text, kept):
    assert access(tmp_path, GEARSHIFT_ACCESS__ALLOWED_HOSTS=text).allowed_hosts == kept


def test_a_variable_of_the_file_that_is_empty_allows_nothing_more(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text('access: {allowed_origins: "${PAGES:-}", allowed_hosts: }\n')
    found = load_settings(str(file), environ={}, cwd=tmp_path).settings.access
    assert (found.allowed_hosts, found.allowed_origins) == ((), ())


@pytest.mark.parametrize(
    ("given", "kept"), [("", None), (None, None), (True, True), (False, False)]
)
def test_whether_models_may_be_changed(given, kept):
    assert AccessSettings.model_validate({"change_models": given}).change_models is kept
