import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gearshift.config_file.text import MAX_BYTES, expand, parse_value, read_document
from gearshift.errors import ConfigError

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text().filter(lambda text: "${" not in text)


def expanded(text, **environ):
    value, problems = expand(text, environ, "key")
    assert not problems
    return value


def complaint(text, **environ):
    _, problems = expand(text, environ, "key")
    return [str(problem) for problem in problems]


def document(tmp_path, text):
    file = tmp_path / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(file)


def refusal(tmp_path, text):
    with pytest.raises(ConfigError) as caught:
        document(tmp_path, text)
    return str(caught.value)


@given(PLAIN)
def test_text_without_references_stays(text):
    assert expanded(text) == text


@given(st.text())
@example("$${x}")
@example("$$${")
def test_escaping_gives_any_text_back(text):
    assert expanded(text.replace("${", "$${")) == text


@given(PLAIN.filter(lambda t: not t.endswith("$")), NAMES, st.text(), PLAIN)
def test_a_variable_stands_for_its_value_and_is_not_expanded_again(before, name, value, after):
    assert expanded(f"{before}${{{name}}}{after}", **{name: value}) == before + value + after


@given(NAMES, PLAIN.filter(lambda t: "}" not in t), st.sampled_from([{}, {"": ""}]))
def test_a_default_stands_for_what_is_unset_or_empty(name, default, extra):
    reference = f"${{{name}:-{default}}}"
    assert expanded(reference) == default
    assert expanded(reference, **{name: ""}) == default
    assert expanded(reference, **{name: "set"}) == "set"


def test_an_unset_variable_is_named_with_its_key():
    assert complaint({"a": ["${NOPE}"]}) == [
        "key.a.0: environment variable NOPE is not set (set it, or give a default: ${NOPE:-…})"
    ]


def test_a_set_but_empty_variable_is_empty():
    assert expanded("<${X}>", X="") == "<>"


@pytest.mark.parametrize("text", ["${", "${A", "${A-b}", "${}", "${1}", "${A:-${B}}", "${a b}"])
def test_malformed_references_are_refused(text):
    assert "malformed" in complaint(text, A="a")[0]


def test_other_values_stay():
    value = {"a": 1, "b": [True, None, 2.5], "c": "$HOME $$ ${X}"}
    assert expanded(value, X="x") == {"a": 1, "b": [True, None, 2.5], "c": "$HOME $$ x"}


def test_lines_of_keys_are_known(tmp_path):
    lines = document(tmp_path, "a:\n  b: 1\n  c:\n  - x\n  - d: 2\n").lines
    assert lines == {"a": 1, "a.b": 2, "a.c": 3, "a.c.0": 4, "a.c.1": 5, "a.c.1.d": 5}


def test_dates_are_texts_and_a_mark_at_the_start_is_no_character(tmp_path):
    assert document(tmp_path, b"\xef\xbb\xbfa: 2024-01-01").values == {"a": "2024-01-01"}


def test_anchors_and_merges_work(tmp_path):
    values = document(tmp_path, "a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n").values
    assert values["b"] == {"k": 3, "l": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: key 'a' is already in line 1"),
        ("x: {a: 1, a: 2}", "line 1: key 'a' is already in line 1"),
        ("a: 1\n b: 2", "is not valid YAML: line 2"),
        ("a: 1\n---\nb: 2", "is not valid YAML: line 2"),
        ("a: !!python/object/apply:os.system [ls]", "is not valid YAML: line 1"),
        ("a: *x", "is not valid YAML: line 1"),
        ("a: &x [*x]", "an alias contains itself (line 1)"),
        ("a: \x00", "is not valid YAML"),
        ("just text", "a mapping of settings is expected"),
        (b"a: 1\nb: \xff", "is not UTF-8 (line 2)"),
        (b"\xff\xfea\x00", "is not UTF-8 (line 1)"),
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("a: " + "[" * 5000, "is nested too deeply"),
        ("a:\n  " + "[" * 60 + "]" * 60, "is nested too deeply (line 2)"),
        ("#" * (MAX_BYTES + 1), f"is larger than {MAX_BYTES} bytes"),
        ("a: !!int x", "is not valid YAML"),
        ("a: !!int ''", "what its tag (!!…) says"),
        ("a: !!bool maybe", "what its tag (!!…) says"),
        ("a: !!timestamp soon", "what its tag (!!…) says"),
        ("? [a, b]\n: 1\n", ""),
    ],
)
def test_texts_that_are_no_configuration_say_why(tmp_path, text, reason):
    assert reason in refusal(tmp_path, text)


def test_an_alias_bomb_is_refused_at_once(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "has more than 100000 values" in refusal(tmp_path, "\n".join(lines))


def test_a_syntax_error_does_not_quote_the_file(tmp_path):
    assert "hunter2" not in refusal(tmp_path, 'api_key: "hunter2\nx: [')


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: is a directory"):
        read_document(tmp_path)


def test_values_are_yaml_or_json():
    assert parse_value('{"a": [1, true]}') == {"a": [1, True]}
    with pytest.raises(ValueError, match="is not valid YAML"):
        parse_value("[1")
