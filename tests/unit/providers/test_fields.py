"""What an upstream is sent with every request can be sent, and is never shown."""

import pytest
from pydantic import ValidationError

from gearshift.config.loading import load_settings
from gearshift.config.model import Settings
from gearshift.errors import ConfigError

SECRET = "hunter2-and-more"


def loaded(tmp_path, more, **environ):
    file = tmp_path / "gearshift.yaml"
    file.write_text(f'upstreams: [{{name: v, provider: openai, base_url: "http://h/v1", {more}}}]')
    return load_settings(str(file), environ=environ).settings


def config(tmp_path, more, **environ):
    return loaded(tmp_path, more, **environ).upstream_configs()[0]


def test_headers_and_parameters_are_read(tmp_path):
    more = 'headers: {Api-Key: "${KEY}", x-a: "b c"}, query: {api-version: "2024-10-21"}'
    upstream = config(tmp_path, more, KEY=f" {SECRET}\n")
    assert upstream.headers == {"Api-Key": SECRET, "x-a": "b c"}
    assert upstream.query == {"api-version": "2024-10-21"}


def test_what_a_variable_leaves_empty_is_not_sent(tmp_path):
    upstream = config(tmp_path, 'headers: {x-a: "${NO:-}"}, query: {a: "", b: "1"}')
    assert (upstream.headers, upstream.query) == ({}, {"b": "1"})
    upstream = config(tmp_path, "headers: , query: null")
    assert (upstream.headers, upstream.query) == ({}, {})


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("headers: {Host: a}", r"headers\.Host: gearshift sets this header .*remove it"),
        ("headers: {content-LENGTH: '1'}", r"headers\.content-LENGTH: gearshift sets"),
        ("headers: {Transfer-Encoding: a}", r"headers\.Transfer-Encoding: gearshift sets"),
        ("headers: {'a b': x}", r"headers: 'a b' is not a valid header name"),
        ("headers: {'a:b': x}", r"headers: 'a:b' is not a valid header name"),
        ("headers: {'': x}", r"headers: '' is not a valid"),
        ("headers: {a: x, A: y}", r"headers\.A: is the same header as 'a'"),
        ('headers: {a: "x\\r\\nb: y"}', r"headers\.a: contains characters .*one line"),
        ('headers: {a: "x\\0"}', r"headers\.a: contains characters"),
        ("headers: {a: ä}", r"headers\.a: contains characters that a header cannot contain"),
        ("headers: {a: 5}", r"headers\.a: a string is expected .*\(put it in quotes\)"),
        ("headers: {a: null}", r"headers\.a: a string is expected"),
        ("headers: {a: '***'}", r"headers\.a: is \*\*\*, which only masks"),
        ("headers: [a]", r"headers: a mapping is expected"),
        ("headers: a", r"headers: a mapping is expected"),
        ("query: {'': x}", r"query: '' is not a valid parameter name"),
        ('query: {"a\\n": x}', r"query: .* is not a valid parameter name"),
        ('query: {a: "x\\ny"}', r"query\.a: contains characters"),
        ("query: {a: 20241021}", r"query\.a: a string is expected .*\(put it in quotes\)"),
        ("query: {a: {b: c}}", r"query\.a: a string is expected"),
    ],
)
def test_what_cannot_be_sent_is_named(tmp_path, more, problem):
    with pytest.raises(ConfigError, match=rf"upstreams\.0\.{problem}"):
        loaded(tmp_path, more)


@pytest.mark.parametrize(
    "more",
    [
        f'headers: {{a: "{SECRET}\\n{SECRET}"}}',
        f'headers: {{a: "{SECRET}", Host: "{SECRET}"}}',
        f"headers: {{a: [{SECRET}]}}",
        f"headers: {SECRET}",
        f"query: {{a: {{b: {SECRET}}}}}",
        f"query: {SECRET}",
        f'base_url: "http://h/v1?key={SECRET}"',
        f'base_url: "http://h:x/v1?key={SECRET}"',
        f'base_url: "http://u:{SECRET}@h/v1#{SECRET}"',
    ],
)
def test_a_mistake_does_not_show_what_may_be_secret(tmp_path, more):
    more = more if "base_url" in more else f'base_url: "http://h/v1", {more}'
    file = tmp_path / "gearshift.yaml"
    file.write_text(f"upstreams: [{{name: v, provider: openai, {more}}}]")
    with pytest.raises(ConfigError) as caught:
        load_settings(str(file), environ={})
    assert SECRET not in str(caught.value)


def test_a_query_in_an_address_is_told_where_it_goes(tmp_path):
    file = tmp_path / "gearshift.yaml"
    file.write_text('upstreams: [{name: v, provider: ollama, base_url: "http://h/v1?a=b"}]')
    with pytest.raises(ConfigError, match=r"must end with its path.*goes into `query:`"):
        load_settings(str(file), environ={})


def test_values_are_never_shown(tmp_path):
    settings = loaded(tmp_path, f"headers: {{a: {SECRET}}}, query: {{b: {SECRET}}}")
    shown = settings.model_dump(mode="json")["upstreams"][0]
    assert (shown["headers"], shown["query"]) == ({"a": "***"}, {"b": "***"})
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in text
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"upstreams": [{"name": "v", "headers": {"a": [SECRET]}}]})
    assert SECRET not in str(caught.value)
