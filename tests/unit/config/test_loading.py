import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from gearshift.config.loading import Settings, load_settings, unavailable
from gearshift.config.sources import leaves
from gearshift.errors import ConfigError
from gearshift.providers.base import UpstreamConfig

SECRET = "sk-hunter2"


@pytest.fixture
def home(tmp_path):
    """A working folder and a home of which nothing is known."""

    class Home:
        cwd = tmp_path / "work"
        environ: dict[str, str] = {"HOME": str(tmp_path / "home")}  # noqa: RUF012

        def write(self, text, name="config/ssot_config.yaml"):
            file = self.cwd / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
            return file

        def load(self, path=None, overrides=None, **environ):
            merged = {**self.environ, **environ}
            return load_settings(path, environ=merged, cwd=self.cwd, overrides=overrides)

        def problems(self, text=None, overrides=None, **environ):
            if text is not None:
                self.write(text)
            with pytest.raises(ConfigError) as caught:
                self.load(overrides=overrides, **environ)
            return [str(problem) for problem in caught.value.problems]

    Home.cwd.mkdir()
    return Home()


def upstream(**settings):
    return {"upstreams": [{"name": "one", "provider": "ollama", **settings}]}


# --- where settings come from


def test_without_anything_the_defaults_hold(home):
    loaded = home.load()
    assert loaded.settings == Settings()
    assert loaded.file is None
    assert set(loaded.sources.values()) == {"default"}


def test_the_file_is_looked_for_in_order(home):
    user = Path(home.environ["HOME"]) / ".config/gearshift"
    xdg = {"XDG_CONFIG_HOME": str(home.cwd / "xdg")}
    last = home.write("", str(user / "config.yaml"))
    assert home.load().file == last
    before = home.write("", str(user / "ssot_config.yaml"))
    assert home.load().file == before
    assert home.load(XDG_CONFIG_HOME="relative").file == before
    in_xdg = home.write("", "xdg/gearshift/config.yaml")
    assert home.load(**xdg).file == in_xdg
    local = home.write("")
    assert home.load(**xdg).file == local
    named = home.write("cache: {}", "named.yaml")
    assert home.load(GEARSHIFT_CONFIG="named.yaml", **xdg).file == named
    argued = home.write("cache: {}", "argued.yaml")
    assert home.load("argued.yaml", GEARSHIFT_CONFIG="named.yaml", **xdg).file == argued


def test_a_path_may_begin_at_home(home):
    file = home.write("cache: {}", str(Path(home.environ["HOME"]) / "x.yaml"))
    assert home.load("~/x.yaml").file == file


@pytest.mark.parametrize("text", [None, "", "# only a comment\n"])
def test_a_named_file_must_exist_and_say_something(home, text):
    if text is not None:
        home.write(text, "x.yaml")
    for arguments, environ in ((("x.yaml",), {}), ((), {"GEARSHIFT_CONFIG": "x.yaml"})):
        with pytest.raises(ConfigError, match=r"x\.yaml: (does not exist|is empty)"):
            home.load(*arguments, **environ)


def test_argument_beats_environment_beats_file_beats_default(home):
    key = "tiered_routing.complexity_threshold"
    home.write("tiered_routing:\n  complexity_threshold: 4\n  enabled: false\n")
    variable = {"GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD": "5"}
    steps = [
        (home.load(), 4, "config/ssot_config.yaml:2"),
        (home.load(**variable), 5, f"env {next(iter(variable))}"),
        (home.load(overrides={key: 6}, **variable), 6, "argument"),
    ]
    for loaded, value, source in steps:
        assert loaded.settings.tiered_routing.complexity_threshold == value
        assert loaded.sources[key] == source
        assert loaded.sources["tiered_routing.enabled"] == "config/ssot_config.yaml:3"
        assert loaded.sources["tiered_routing.scorer"] == "default"


def test_overrides_may_be_nested(home):
    loaded = home.load(overrides={"limits": {"max_queue": 3}, "limits.max_in_flight": 2})
    assert (loaded.settings.limits.max_queue, loaded.settings.limits.max_in_flight) == (3, 2)


def test_empty_blocks_are_defaults(home):
    home.write("cache:\nupstreams:\nlimits:\ntiered_routing:\n")
    assert home.load().settings == Settings()


def test_blocks_in_the_environment_merge_and_single_settings_win(home):
    home.write("limits: {max_queue: 1}")
    settings = home.load(
        GEARSHIFT_LIMITS='{"max_in_flight": 2, "idle_seconds": 3}',
        GEARSHIFT_LIMITS__IDLE_SECONDS="4",
    ).settings
    limits = settings.limits
    assert (limits.max_queue, limits.max_in_flight, limits.idle_seconds) == (1, 2, 4)


def test_lists_in_the_environment_are_yaml_and_replace(home):
    home.write(upstream())
    text = "[{name: two, provider: openai, base_url: 'http://h/v1', models: [gemma2:2b, m]}]"
    loaded = home.load(GEARSHIFT_UPSTREAMS=text, GEARSHIFT_TIERED_ROUTING__MODELS__COMPLEX="two/m")
    assert [u.name for u in loaded.settings.upstreams] == ["two"]
    assert loaded.sources["upstreams.0.models"] == "env GEARSHIFT_UPSTREAMS"
    assert loaded.sources["upstreams.0.api_key"] == "default"


def test_empty_variables_set_nothing_and_null_is_nothing(home):
    home.write("cache: {redis_url: 'redis://h'}")
    assert home.load(GEARSHIFT_CACHE__REDIS_URL="").settings.cache.redis_url == "redis://h"
    assert home.load(GEARSHIFT_CACHE__REDIS_URL="null").settings.cache.redis_url is None


@pytest.mark.parametrize(
    ("variable", "guess"),
    [
        ("GEARSHIFT_LIMITS__IDLE_SECOND", "GEARSHIFT_LIMITS__IDLE_SECONDS"),
        ("GEARSHIFT_LIMITS_IDLE_SECONDS", "GEARSHIFT_LIMITS__IDLE_SECONDS"),
        ("GEARSHIFT_COMPLEXITY_THRESHOLD", "GEARSHIFT_TIERED_ROUTING__COMPLEXITY_THRESHOLD"),
        ("GEARSHIFT_UPSTREAM", "GEARSHIFT_UPSTREAMS"),
        ("GEARSHIFT_UPSTREAMS__0__API_KEY", "GEARSHIFT_UPSTREAMS"),
    ],
)
def test_mistyped_variables_are_reported(home, variable, guess):
    (line,) = home.problems(**{variable: "1"})
    assert line.startswith(f"{variable}: ")
    assert guess in line


def test_variables_of_others_are_left_alone(home):
    others = (
        "GEARSHIFT_TEST_REDIS_URL",
        "GEARSHIFT_PORT",
        "GEARSHIFT_PORT_11435_TCP",
        "GEARSHIFT_SERVICE_HOST",
        "GEARSHIFT_INTERNAL_X",
        "GEARSHIFT_IMAGE",
    )
    assert home.load(**dict.fromkeys(others, "tcp://1.2.3.4:1")).settings == Settings()


def test_a_variable_that_is_no_yaml_is_named(home):
    (line,) = home.problems(GEARSHIFT_AUTH__API_KEYS="[")
    assert "GEARSHIFT_AUTH__API_KEYS is not valid YAML" in line


# --- what is wrong with them


def test_every_problem_is_reported_with_its_place(home):
    text = "cahce: {}\nlimits:\n  max_queue: -1\ntiered_routing:\n  scorer: ${NOPE}\n"
    lines = home.problems(text, {"limits.connect_seconds": 0}, GEARSHIFT_LIMITS__IDLE_SECONDS="x")
    variable = "GEARSHIFT_LIMITS__IDLE_SECONDS"
    assert sorted(lines) == [
        "cahce: unknown key [line 1] (did you mean 'cache'?)",
        "limits.connect_seconds: must be above 0, got 0 [from argument]",
        f"limits.idle_seconds: a number is expected, got 'x' [from env {variable}]",
        "limits.max_queue: must be at least 0, got -1 [line 3]",
        "tiered_routing.scorer: environment variable NOPE is not set [line 5]"
        " (set it, or give a default: ${NOPE:-…})",
    ]


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (upstream(provider="olama"), "no provider 'olama' [line 1] (did you mean 'ollama'?)"),
        (upstream(provider="anthropic", max_tokens=0), "upstreams.0.max_tokens: "),
        (upstream(provider="openai"), "upstreams.0.base_url: is required for 'openai'"),
        (upstream(provider="openai", base_url=""), "upstreams.0.base_url: is required"),
        (upstream(base_url="ftp://h"), "upstreams.0.base_url: 'ftp://h' is not a URL"),
        (upstream(base_url="localhost:11434"), "'localhost:11434' is not a URL"),
        (upstream(base_url="http://"), "'http://' is not a URL"),
        (upstream(base_url="http://h:99999"), "is not a URL"),
        (upstream(base_url="http://[::1"), "is not a URL"),
        (upstream(base_url="http://h/v1?a=b"), "must end with its path"),
        (upstream(base_url=11434), "a string is expected, got 11434 [line 1] (put it in quotes)"),
        (upstream(provider="embedded"), "upstreams.0.model_paths: is required for 'embedded'"),
        (upstream(model_paths={"m": "f"}), "upstreams.0.model_paths: has no meaning for 'ollama'"),
        (
            upstream(provider="embedded", model_paths={"m": "f"}, models=["n"]),
            "upstreams.0.models.0: 'n' has no file in model_paths",
        ),
        (
            upstream(provider="embedded", model_paths={"m": "f"}, base_url="http://h"),
            "upstreams.0.base_url: has no meaning for 'embedded'",
        ),
        (upstream(name="a/b"), "upstreams.0.name: does not match"),
        (upstream(models="gemma2:2b"), "upstreams.0.models: a list is expected, got 'gemma2:2b'"),
        (upstream(modles=[]), "upstreams.0.modles: unknown key [line 1] (did you mean 'models'?)"),
        ({"upstreams": [{"provider": "ollama"}]}, "upstreams.0.name: is required"),
        (
            {"upstreams": [*upstream()["upstreams"] * 2]},
            "upstreams.1.name: duplicate upstream name 'one'",
        ),
        ({"upstreams": ["x"]}, "upstreams.0: a mapping of settings is expected"),
        ({"upstreams": {"a": 1}}, "upstreams: a list is expected"),
        ({"limits": {"max_in_flight": 1.5}}, "a whole number is expected, got 1.5"),
        ({"limits": {"max_in_flight": True}}, "a number is expected, got true"),
        ({"limits": {"total_seconds": None}}, "a number is expected, got nothing"),
        ({"limits": []}, "limits: a mapping of settings is expected"),
        ({"quality": {"shadow_share": 2}}, "must be at most 1, got 2"),
        ({"cache": {"redis_url": "http://h"}}, "must start with redis:// or rediss://"),
        ({"decision_log": {"url": "x.db"}}, "must start with sqlite:// or"),
        ({"auth": {"api_keys": [" "]}}, "auth.api_keys.0: is empty"),
        ({"auth": {"api_keys": "x"}}, "auth.api_keys: a list is expected"),
        ("1: 2", "1: a key must be a string, got 1 [line 1]"),
    ],
)
def test_mistakes_are_named(home, document, line):
    found = home.problems(document)
    assert any(line in problem for problem in found), found


def test_problems_do_not_show_secrets(home):
    document = {
        "auth": {"api_keys": [12345678, {"k": SECRET}]},
        "upstreams": [
            {"name": "a", "provider": "ollama", "api_key": [SECRET]},
            {"name": "b", "provider": "openai", "base_url": f"http://u:{SECRET}@h/?x"},
        ],
    }
    text = "\n".join(home.problems(document))
    assert SECRET not in text
    assert "12345678" not in text
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(document)
    assert SECRET not in str(caught.value)


IN_LISTS = ("name", "provider", "base_url", "api_key", "model_paths", "below", "deployments")
KEYS = {part for key, _ in leaves(Settings().model_dump()) for part in key.split(".")}
NAMES = st.sampled_from(sorted(KEYS | {*IN_LISTS, "nope"}))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["ollama", "embedded", "http://h", "${X}", "${", "$${", "a/b", "simple", ""]),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@example({"opentelemetry": {"endpoint": False}}, None)
@example({"access": {"allowed_hosts": [{}], "allowed_origins": 1}}, None)
@given(st.dictionaries(NAMES, DOCUMENTS, max_size=3), DOCUMENTS)
def test_any_document_is_loaded_or_refused(tmp_path_factory, document, value):
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    environ = {"GEARSHIFT_UPSTREAMS": json.dumps(value), "GEARSHIFT_LIMITS": json.dumps(value)}
    for variables in ({}, environ):
        try:
            loaded = load_settings(str(file), environ=variables)
        except ConfigError:
            continue
        shown = leaves(loaded.settings.model_dump(mode="json"))
        assert set(loaded.sources) == {key for key, _ in shown}


# --- tiers and upstreams


def listing(**models):
    return [
        {"name": name, "provider": "openai", "base_url": "http://h/v1", "models": listed}
        for name, listed in models.items()
    ]


def routed(simple, complex_):
    return {"models": {"simple": simple, "complex": complex_}}


@pytest.mark.parametrize(
    ("simple", "line"),
    [
        ("gema2:2b", "no upstream lists 'gema2:2b' [line 1] (did you mean 'gemma2:2b'?)"),
        ("zzz", "no upstream lists 'zzz' [line 1] (they list: gemma2:2b, big:latest)"),
        ("one/gemma2:9b", "upstream 'one' does not list 'gemma2:9b'"),
        ("three/gemma2:2b", "no upstream lists 'three/gemma2:2b'"),
    ],
)
def test_a_model_that_nobody_can_have_is_an_error(home, simple, line):
    upstreams = listing(one=["gemma2:2b"], two=["big:latest"])
    (found,) = home.problems({"upstreams": upstreams, "tiered_routing": routed(simple, "big")})
    assert found.startswith("tiered_routing.models.simple: ")
    assert line in found


def test_an_ollama_may_pull_what_it_does_not_list_but_a_typo_is_a_typo(home):
    upstreams = upstream(provider="ollama", models=["gemma2:2b"])["upstreams"]
    home.write({"upstreams": upstreams})
    assert home.load().settings.upstreams[0].models == ("gemma2:2b",)
    (line,) = home.problems({"upstreams": upstreams, "tiered_routing": routed("gema2:2b", "big")})
    assert "did you mean 'gemma2:2b'?" in line


def test_models_in_tiers_are_checked_too(home):
    tiers = [
        {"name": "simple", "below": 3, "deployments": ["m", "n"]},
        {"name": "complex", "deployments": ["one/m"]},
    ]
    lines = home.problems({"upstreams": listing(one=["m"]), "tiered_routing": {"tiers": tiers}})
    assert [line.partition(":")[0] for line in lines] == ["tiered_routing.tiers.0.deployments.1"]


@pytest.mark.parametrize("simple", ["gemma2:2b", "one/gemma2:2b", "two/big", "hf.co/x/y"])
def test_a_model_that_somebody_may_have_is_none(home, simple):
    upstreams = [
        *listing(one=["gemma2:2b"], two=["big:latest"]),
        *upstream(name="asked")["upstreams"],
    ]
    home.write({"upstreams": upstreams, "tiered_routing": routed(simple, "big")})
    assert home.load().settings.tiered_routing.models.simple == simple


# --- what this version cannot do yet


def test_what_is_not_available_is_named():
    assert unavailable(Settings()) == []
    settings = Settings.model_validate(
        {
            "cache": {"redis_url": "redis://h"},
            "tiered_routing": {"escalate": True},
        }
    )
    assert [problem.key for problem in unavailable(settings)] == [
        "cache.redis_url",
        "tiered_routing.escalate",
    ]


def test_an_unset_variable_with_empty_default_is_as_good_as_nothing(home):
    home.write(
        "cache: {redis_url: '${R:-}'}\nupstreams: [{name: a, provider: ollama,"
        " base_url: '${B:-}', api_key: '${K:-}'}]\n"
    )
    settings = home.load().settings
    assert settings.cache.redis_url is None
    assert settings.upstream_configs() == (UpstreamConfig("a", "ollama", "http://127.0.0.1:11434"),)


def test_a_file_may_be_a_path(tmp_path):
    file = tmp_path / "g.yaml"
    file.write_text("limits: {max_queue: 7}\n")
    assert load_settings(file, environ={}).settings.limits.max_queue == 7
