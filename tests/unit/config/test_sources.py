"""Where settings come from: layers, variables and files, each apart from the others."""

from pathlib import Path

import pytest

from gearshift.config.model import Settings
from gearshift.config.sources import (
    DEFAULT,
    Layers,
    Located,
    from_environment,
    leaves,
    locate,
    nested,
    read,
)
from gearshift.errors import ConfigError, Problem


def labelled(name):
    return lambda key: f"{name} {key}"


# --- layers


def test_the_newest_layer_wins_and_is_remembered():
    layers = Layers()
    layers.add({"a": {"x": 1, "y": 2}}, labelled("file"))
    layers.add({"a": {"y": 3}, "b": 4}, labelled("env"))
    assert layers.values == {"a": {"x": 1, "y": 3}, "b": 4}
    origins = {key: layers.origin(key) for key in ("a", "a.x", "a.y", "b", "c", "c.d")}
    assert origins == {
        "a": "file a",
        "a.x": "file a.x",
        "a.y": "env a.y",
        "b": "env b",
        "c": DEFAULT,
        "c.d": DEFAULT,
    }


def test_a_list_replaces_a_list_with_all_that_was_known_of_it():
    layers = Layers()
    layers.add({"u": [{"name": "a", "key": "k"}, {"name": "b"}]}, labelled("file"))
    layers.add({"u": [{"name": "c"}]}, labelled("env"))
    assert layers.values == {"u": [{"name": "c"}]}
    assert layers.origin("u.0.name") == "env u.0.name"
    assert layers.origin("u.0.key") == "env u.0"
    assert layers.origin("u.1.name") == "env u"


def test_a_value_replaces_a_block_and_a_block_a_value():
    layers = Layers()
    layers.add({"a": {"x": 1}}, labelled("file"))
    layers.add({"a": 2}, labelled("env"))
    assert (layers.values, layers.origin("a.x")) == ({"a": 2}, "env a")
    layers.add({"a": {"x": 3}}, labelled("argument"))
    assert (layers.values, layers.origin("a.x")) == ({"a": {"x": 3}}, "argument a.x")


def test_what_is_laid_on_is_not_changed_by_what_follows():
    first = {"a": {"x": 1}}
    layers = Layers()
    layers.add(first, labelled("file"))
    layers.add({"a": {"x": 2}}, labelled("env"))
    assert first == {"a": {"x": 1}}


# --- the file


def test_a_named_file_is_taken_whether_it_exists_or_not(tmp_path):
    assert locate("x.yaml", {}, tmp_path) == Located(
        tmp_path / "x.yaml", "x.yaml", is_explicit=True
    )
    named = locate(None, {"GEARSHIFT_CONFIG": "/etc/x.yaml"}, tmp_path)
    assert named == Located(Path("/etc/x.yaml"), "/etc/x.yaml", is_explicit=True)


def test_one_that_nobody_named_must_be_a_file(tmp_path):
    environ = {"HOME": str(tmp_path / "home"), "GEARSHIFT_CONFIG": ""}
    assert locate(None, environ, tmp_path) is None
    assert locate(None, {}, tmp_path) is None
    (tmp_path / "config" / "ssot_config.yaml").mkdir(parents=True)
    assert locate(None, environ, tmp_path) is None
    user = tmp_path / "home/.config/gearshift/config.yaml"
    user.parent.mkdir(parents=True)
    user.touch()
    assert locate(None, environ, tmp_path) == Located(user, str(user), is_explicit=False)


@pytest.mark.parametrize(
    ("path", "found"), [("~", "/home/me"), ("~/x", "/home/me/x"), ("~you/x", "/w/~you/x")]
)
def test_only_the_users_own_home_is_written_as_a_wave(path, found):
    located = locate(path, {"HOME": "/home/me"}, Path("/w"))
    assert located is not None
    assert located.path == Path(found)


def test_no_file_says_nothing_and_one_that_was_named_must(tmp_path):
    assert read(None).values == {}
    empty = tmp_path / "x.yaml"
    empty.touch()
    assert read(Located(empty, "x", is_explicit=False)).values == {}
    with pytest.raises(ConfigError, match="x: is empty"):
        read(Located(empty, "x", is_explicit=True))


# --- the environment


def taken(**environ):
    return from_environment(Settings, {f"GEARSHIFT_{name}": text for name, text in environ.items()})


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("LIMITS__MAX_QUEUE", " 3 ", {"limits": {"max_queue": "3"}}),
        ("LIMITS", "{max_queue: 3}", {"limits": {"max_queue": 3}}),
        ("CACHE__REDIS_URL", "None", {"cache": {"redis_url": None}}),
        ("CACHE__ENABLED", "none", {"cache": {"enabled": "none"}}),
        ("AUTH__API_KEYS", "[a, b]", {"auth": {"api_keys": ["a", "b"]}}),
        (
            "ACCESS__ALLOWED_ORIGINS",
            "*.example.org",
            {"access": {"allowed_origins": "*.example.org"}},
        ),
    ],
)
def test_a_variable_is_read_as_its_setting_is(name, text, values):
    found, variables, problems = taken(**{name: text})
    assert (found, problems) == (values, [])
    assert set(variables.values()) == {f"GEARSHIFT_{name}"}


def test_each_part_knows_its_variable():
    values, variables, _ = taken(LIMITS="{max_queue: 3, idle_seconds: 1}", LIMITS__MAX_QUEUE="4")
    assert values == {"limits": {"max_queue": "4", "idle_seconds": 1}}
    assert variables == {
        "limits": "GEARSHIFT_LIMITS",
        "limits.max_queue": "GEARSHIFT_LIMITS__MAX_QUEUE",
        "limits.idle_seconds": "GEARSHIFT_LIMITS",
    }


def test_an_unknown_variable_with_parts_is_a_mistake_and_one_without_may_be_anybodys():
    _, _, problems = taken(ZZZ__QQQ="1", ZZZ="1")
    assert problems == [
        Problem(
            "GEARSHIFT_ZZZ__QQQ",
            "this environment variable does not name a setting",
            "`gearshift config show` lists them",
        )
    ]


def test_the_prefix_is_written_in_capitals():
    assert from_environment(Settings, {"gearshift_limits__max_queue": "1"}) == ({}, {}, [])


# --- trees and leaves


def test_dotted_keys_become_a_tree():
    assert nested({"a.b": 1, "a.c.d": 2, "e": 3}) == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
    assert nested({"a": 1, "a.b": 2}) == {"a": {"b": 2}}


def test_leaves_are_settings():
    tree = {"a": {"b": 1, "none": {}}, "plain": [1, 2], "many": [{"x": 1}, 5]}
    assert dict(leaves(tree)) == {
        "a.b": 1,
        "a.none": {},
        "plain": [1, 2],
        "many.0.x": 1,
        "many.1": 5,
    }
    assert list(leaves(7, "a")) == [("a", 7)]
