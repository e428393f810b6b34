"""One value is changed, and nothing else, however the file is written; or nothing is."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gearshift.config_file.text import parse_text
from gearshift.config_file.values import with_value, without_value
from gearshift.errors import GearshiftError

SIMPLE = ("tiered_routing", "models", "simple")
THRESHOLD = ("tiered_routing", "complexity_threshold")
HEAD = "tiered_routing:\n  models:\n    simple: "
TAIL = "\n    complex: 'mistral:7b-instruct'\n"


def expected(text, path, value):
    """By plain values: what an alias shares is not shared any more."""
    values = copy.deepcopy(yaml.safe_load(yaml.dump(parse_text(text), Dumper=_Plain)))
    block = values
    for key in path[:-1]:
        if block.get(key) is None:
            block[key] = {}
        block = block[key]
    block[path[-1]] = value
    return values


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f"{HEAD}gemma2:2b # mine{TAIL}", f'{HEAD}"phi3:mini" # mine{TAIL}'),
        (f"{HEAD}>-\n      gemma2:2b{TAIL}", f'{HEAD}"phi3:mini"{TAIL}'),
        (f"{HEAD}|\n      gemma2:2b\n\n    # why{TAIL}", None),
        (f"{HEAD}&unused 'gemma2:2b'{TAIL}", f'{HEAD}"phi3:mini"{TAIL}'),
        (f"{HEAD}!!str gemma2:2b{TAIL}", f'{HEAD}"phi3:mini"{TAIL}'),
        (
            f"a: &m x\n{HEAD}*m # as above{TAIL}",
            f'a: &m x\n{HEAD}"phi3:mini" # as above{TAIL}',
        ),
        (f"{HEAD}\n      gemma2:2b{TAIL}", None),
        ("? tiered_routing\n: ? models\n  : {simple: a, complex: b}\n", None),
        ("tiered_routing: {models: {simple: gemma2:2b, complex: b}}\n", None),
        ('{"tiered_routing": {"models": {"simple": "a", "complex": "b"}}}', None),
        ("tiered_routing:\r\n  models:\r\n    complex: b\r\n", None),
        ("\ufefftiered_routing:\n  models:\n    simple: a\n", None),
        ("tiered_routing:\n", 'tiered_routing:\n  models:\n    simple: "phi3:mini"\n'),
        ("tiered_routing:   # later\nlimits: {}\n", None),
        ("limits: {}", None),
        ("", None),
    ],
)
def test_it_is_changed_where_it_stands(text, written):
    new = with_value(text, SIMPLE, "phi3:mini", "it")
    assert parse_text(new) == expected(text, SIMPLE, "phi3:mini")
    assert written is None or new == written


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}&small 'gemma2:2b'{TAIL}quality: {{judge_model: *small}}\n",
        f"{HEAD}${{MODEL:-gemma2:2b}}{TAIL}",
        "a: &r {models: {simple: a, complex: b}}\ntiered_routing: *r\nb: *r\n",
        "a: &m {simple: a, complex: b}\ntiered_routing: {models: *m}\n",
        "tiered_routing: {}\n",
        "tiered_routing: [1]\n",
        "tiered_routing: text\n",
        "limits: {}\n...\n",
        "tiered_routing: {models: {simple: a, simple: b}}\n",
        "tiered_routing: [",
        "- a list\n",
        '{"limits": {}}',
    ],
)
def test_or_it_is_refused(text):
    with pytest.raises(GearshiftError, match="it: "):
        with_value(text, SIMPLE, "phi3:mini", "it")


@pytest.mark.parametrize("value", [True, False, 3, 10_000_000, 0.1, 4.35, 1e-7, 1 / 3, 1e22])
def test_numbers_and_flags_are_read_as_they_were_meant(value):
    new = with_value("tiered_routing:\n  enabled: true\n", ("tiered_routing", "x"), value, "it")
    found = parse_text(new)["tiered_routing"]["x"]
    assert (found, isinstance(found, bool)) == (value, isinstance(value, bool))


def test_a_text_with_a_dollar_is_itself_when_it_is_read():
    assert 'simple: "$${HOME}"' in with_value("", SIMPLE, "${HOME}", "it")


def test_a_merged_value_is_written_where_it_counts():
    text = "base: &b {complexity_threshold: 2}\ntiered_routing:\n  <<: *b\n  enabled: true\n"
    new = with_value(text, THRESHOLD, 5, "it")
    assert parse_text(new) == expected(text, THRESHOLD, 5)


def test_a_line_is_taken_away_only_where_it_is_one():
    text = "tiered_routing:\n  enabled: true\n  complexity_threshold: 4  # why\nlimits: {}\n"
    assert without_value(text, THRESHOLD, "it") == (
        "tiered_routing:\n  enabled: true\nlimits: {}\n"
    )
    for odd in (
        "tiered_routing: {complexity_threshold: 4, enabled: true}\n",
        "tiered_routing:\n  complexity_threshold: &x 4\nlimits: {idle_seconds: *x}\n",
        "limits: {}\n",
    ):
        with pytest.raises(GearshiftError, match="by hand"):
            without_value(odd, THRESHOLD, "it")


# --- any document

WORDS = st.sampled_from(["a", "gemma2:2b", "", "on", "3", "null", "# no", "it's", "$x", "é", "- b"])
NUMBERS = st.integers(-5, 100_000) | st.floats(allow_nan=False) | st.booleans() | st.none()
STYLES = st.sampled_from([None, "'", '"', "|", ">"])


class _Styled(_Plain):
    """Writes texts in a style that was drawn, and what is shared as an anchor with aliases."""

    def ignore_aliases(self, data):
        return not isinstance(data, Shared)


class Text(str):
    style = None


class Shared(Text):
    """Written once, with an anchor."""


def _written(dumper, data):
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(data), style=data.style)


_Styled.add_representer(Text, _written)
_Styled.add_representer(Shared, _written)


@st.composite
def documents(draw):
    """YAML with the blocks that are edited, in styles, with anchors, merges, tags and comments."""
    shared = Shared(draw(WORDS.filter(bool)))
    shared.style = draw(STYLES)

    def scalar():
        kind = draw(st.sampled_from(["shared", "text", "other"]))
        if kind == "shared":
            return shared
        if kind == "other":
            return draw(NUMBERS)
        text = Text(draw(WORDS))
        text.style = draw(STYLES)
        return text

    def mapping(*keys):
        return {key: scalar() for key in draw(st.permutations(keys)) if draw(st.booleans())}

    routing = mapping("enabled", "complexity_threshold", "scorer")
    if draw(st.booleans()):
        routing["models"] = mapping("simple", "complex")
    document = {
        "limits": mapping("idle_seconds", "max_queue"),
        "tiered_routing": draw(st.sampled_from([routing, routing, None])),
        "quality": mapping("judge_model"),
    }
    text = yaml.dump(
        {key: document[key] for key in draw(st.permutations([*document]))},
        Dumper=_Styled,
        default_flow_style=draw(st.sampled_from([True, False, None])),
        allow_unicode=True,
        explicit_start=draw(st.booleans()),
        explicit_end=draw(st.booleans()),
        indent=draw(st.sampled_from([2, 4])),
        sort_keys=False,
    )
    lines = text.splitlines()
    if draw(st.booleans()):
        lines = [f"{line}  # why" if line.endswith((":", "3")) else line for line in lines]
    joined = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    return draw(st.sampled_from(["", "\ufeff", "# mine\n"])) + joined


@settings(max_examples=100)
@given(
    documents(),
    st.sampled_from([SIMPLE, THRESHOLD, ("tiered_routing", "enabled"), ("quality", "x")]),
    WORDS | st.integers(0, 10) | st.floats(0, 10) | st.booleans(),
)
def test_any_document_says_what_it_said_and_the_change_or_is_left_alone(text, path, value):
    try:
        parse_text(text)
    except ValueError:
        return
    try:
        new = with_value(text, path, value, "it")
    except GearshiftError:
        return
    found = parse_text(new)
    assert found == expected(text, path, value)
    for key in path:
        found = found[key]
    assert isinstance(found, bool) is isinstance(value, bool)
