"""API keys and TLS files in the settings: what is kept, what is refused, what is never shown."""

import hashlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gearshift.config.loading import Settings, load_settings, weak_keys
from gearshift.config.sections.access import ApiKeySettings
from gearshift.errors import ConfigError

KEY = "gs-a-key-of-quite-some-length"
HEX = hashlib.sha256(KEY.encode()).hexdigest()
HASH = f"sha256:{HEX}"
OTHER = "sha256:" + "0" * 64


def settings(*keys, **more):
    return Settings.model_validate({"auth": {"api_keys": list(keys)}, **more})


def problems(tmp_path, document):
    file = tmp_path / "x.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(str(file), environ={})
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "entry",
    [
        KEY,
        f" {KEY} ",
        HASH,
        HASH.upper().replace("SHA", "sha"),
        SecretStr(KEY),
        {"key": KEY},
        {"key": HASH},
        {"hash": HASH},
        {"hash": HEX},
        {"hash": HASH, "key": ""},
        {"name": "", "key": KEY, "hash": ""},
    ],
)
def test_every_way_to_write_a_key_is_the_same_key(entry):
    (key,) = settings(entry).auth.api_keys
    assert key.digest == hashlib.sha256(KEY.encode()).digest()
    assert key.kept == HASH
    assert (key.name, key.tiers, key.requests_per_minute) == (None, (), None)


def test_nothing_holds_a_key_in_clear():
    named = {"name": "app", "key": KEY + "2", "tiers": ["simple"], "requests_per_minute": 3}
    loaded = settings(KEY, named, {"hash": OTHER})
    for shown in (repr(loaded), str(loaded), loaded.model_dump_json(), str(loaded.model_dump())):
        assert KEY not in shown
        assert "00000000" not in shown
    assert KEY.encode() not in pickle.dumps(loaded)
    assert pickle.loads(pickle.dumps(loaded)) == loaded
    assert loaded.model_dump(mode="json")["auth"]["api_keys"] == [
        "***",
        {"name": "app", "key": "***", "hash": "", "tiers": ["simple"], "requests_per_minute": 3},
        "***",
    ]


def test_the_hash_of_the_settings_follows_rights_but_not_keys():
    assert settings(KEY).config_hash == settings(OTHER).config_hash
    one, two, three = (
        settings({"name": "a", "hash": hashed, "tiers": tiers}).config_hash
        for hashed, tiers in ((HASH, []), (OTHER, []), (HASH, ["simple"]))
    )
    assert one == two != three


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ([KEY, HASH], "auth.api_keys.1: is the same key as auth.api_keys.0"),
        (
            [{"name": "a", "key": KEY}, {"name": "a", "hash": OTHER}],
            "auth.api_keys.1.name: duplicate key name 'a'",
        ),
        (["sha256:12"], "auth.api_keys.0: is not the hash of a key"),
        ([{"hash": "12"}], "auth.api_keys.0.hash: is not the hash of a key"),
        ([{"hash": "12"}], "(`gearshift key --hash -` makes it)"),
        ([{"key": KEY, "hash": HASH}], "auth.api_keys.0.hash: is set together with a key"),
        ([{"name": "a"}], "auth.api_keys.0.key: is required"),
        ([{"name": "a", "key": ""}], "auth.api_keys.0.key: is empty"),
        ([""], "auth.api_keys.0: is empty"),
        (["***"], "auth.api_keys.0: is ***, which only masks a key"),
        (["gs-ключ"], "auth.api_keys.0: contains characters that a header cannot contain"),
        (["two\nlines"], "auth.api_keys.0: contains characters that a header cannot contain"),
        ([123], "auth.api_keys.0: a string is expected"),
        ([[KEY]], "auth.api_keys.0: a key or a mapping"),
        ([{"kye": KEY}], "auth.api_keys.0.kye: unknown key [line 1] (did you mean 'key'?)"),
        ([{"hash": HASH, "name": "a b"}], "auth.api_keys.0.name: does not match"),
        ([{"hash": HASH, "requests_per_minute": 0}], "requests_per_minute: must be at least 1"),
        (
            [{"hash": HASH, "requests_per_minute": True}],
            "requests_per_minute: a number is expected",
        ),
        ([{"hash": HASH, "tiers": "simple"}], "auth.api_keys.0.tiers: a list is expected"),
        (
            [{"hash": HASH, "tiers": ["complex", "simpel"]}],
            "auth.api_keys.0.tiers.1: no tier 'simpel' [line 1] (did you mean 'simple'?)",
        ),
        ([{"hash": HASH, "tiers": ["x"]}], "(the tiers are: simple, complex, embeddings)"),
    ],
)
def test_mistakes_are_named(tmp_path, keys, line):
    found = problems(tmp_path, {"auth": {"api_keys": keys}})
    assert any(line in problem for problem in found), found
    assert KEY not in str(found)


@pytest.mark.parametrize(
    "auth", [KEY, [KEY], {"api_keys": KEY}, {"api_keys": {KEY: "app"}}, {"api_keys": [{KEY: 1}]}]
)
def test_a_key_in_the_wrong_place_is_not_repeated(tmp_path, auth):
    assert KEY not in str(problems(tmp_path, {"auth": auth}))


def test_tiers_of_a_key_are_those_of_the_configuration(tmp_path):
    tiers = [
        {"name": "tiny", "below": 2, "deployments": ["a"]},
        {"name": "big", "deployments": ["b"]},
    ]
    document = {"tiered_routing": {"tiers": tiers}}
    keys = [{"hash": HASH, "tiers": ["tiny", "simple"]}]
    (line,) = problems(tmp_path, {**document, "auth": {"api_keys": keys}})
    assert line.startswith("auth.api_keys.0.tiers.1: no tier 'simple'")


def test_short_keys_are_worth_a_word_and_hashes_are_not():
    loaded = settings("a" * 15, "a" * 16, {"name": "n", "key": "short"}, HASH)
    found = [problem.key for problem in weak_keys(loaded)]
    assert found == ["auth.api_keys.0", "auth.api_keys.2"]
    again = pickle.loads(pickle.dumps(loaded))
    assert len(weak_keys(again)) == 2


@pytest.mark.parametrize(("token", "is_weak"), [("", False), ("a" * 15, True), ("a" * 16, False)])
def test_a_short_admin_token_is_worth_a_word_too(token, is_weak):
    loaded = Settings.model_validate({"admin": {"token": f" {token}\n"}})
    assert loaded.admin.token.get_secret_value() == token
    assert [problem.key for problem in weak_keys(loaded)] == ["admin.token"] * is_weak


@pytest.mark.parametrize("token", ["***", "a\nb", "a\x00b"])
def test_an_admin_token_that_cannot_be_meant_is_refused(tmp_path, token):
    (line,) = problems(tmp_path, {"admin": {"token": token}})
    assert line.startswith("admin.token: ")
    assert "a\nb" not in line


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_any_printable_key_is_kept_as_its_hash(key):
    if key.startswith("sha256:") or key == "***":
        return
    loaded = ApiKeySettings.model_validate(key)
    assert loaded.digest == hashlib.sha256(key.encode()).digest()


@pytest.mark.parametrize(("given_", "missing"), [("certificate", "key"), ("key", "certificate")])
def test_tls_needs_both_files(tmp_path, given_, missing):
    (line,) = problems(tmp_path, {"tls": {given_: "x.pem"}})
    assert line.startswith(f"tls.{missing}: is required together with tls.{given_}")
    assert Settings.model_validate({"tls": {given_: "", missing: ""}}) == Settings()


def test_a_key_may_change_models_of_all_tiers_or_of_none(tmp_path):
    (key,) = settings({"key": KEY, "change_models": True}).auth.api_keys
    assert key.change_models
    assert settings(key).model_dump(mode="json")["auth"]["api_keys"][0]["change_models"] is True
    entry = {"key": KEY, "change_models": True, "tiers": ["simple"]}
    (problem,) = problems(tmp_path, {"auth": {"api_keys": [entry]}})
    assert "auth.api_keys.0.change_models: is true for a key with tiers" in problem
