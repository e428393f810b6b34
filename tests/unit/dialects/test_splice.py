import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.splice import splice_model

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["model", '"model"', '"model":"x"', "\\", '\\"', "\\\\", "{", "}", "[", ",", ":"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
bodies = st.dictionaries(texts.filter(lambda key: key != "model"), values, max_size=4)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"model":"auto","x":1}', b'{"model":"M","x":1}'),
        (b'{ "x" : 1.50 , "model" :\n "auto" }', b'{ "x" : 1.50 , "model" :\n "M" }'),
        (b'{"model":null}', b'{"model":"M"}'),
        (b'{"model":""}', b'{"model":"M"}'),
        (b'{"model":"a\\"b\\\\"}', b'{"model":"M"}'),
        (b"{}", b'{"model":"M"}'),
        (b' { "x":1}', b' {"model":"M", "x":1}'),
        (b'{"model":"a","model":"b"}', b'{"model":"M","model":"M"}'),
        (b'{"mo\\u0064el":"a"}', b'{"mo\\u0064el":"M"}'),
        (b'{"x":{"model":"in"}}', b'{"model":"M","x":{"model":"in"}}'),
        (
            b'{"x":{"model":"in"},"model":"auto","y":[{"model":"in"}]}',
            b'{"x":{"model":"in"},"model":"M","y":[{"model":"in"}]}',
        ),
        (
            b'{"content":"\\"model\\":\\"no\\"","model":"auto"}',
            b'{"content":"\\"model\\":\\"no\\"","model":"M"}',
        ),
        (b'{"kind":"model","model":"auto"}', b'{"kind":"model","model":"M"}'),
        (
            b'{"a":"\\\\","model":"auto","b":{"model":1}}',
            b'{"a":"\\\\","model":"M","b":{"model":1}}',
        ),
        (b'{"u":"\\u00e4\\u006d","model":"a"}', b'{"u":"\\u00e4\\u006d","model":"M"}'),
    ],
)
def test_only_the_top_level_model_changes(raw, expected):
    assert splice_model(raw, "M") == expected


@given(bodies, st.text(st.characters(exclude_categories=["Cs"]), max_size=9), st.data())
def test_the_rest_is_the_same_byte_for_byte(body, model, data):
    items = list(body.items())
    items.insert(data.draw(st.integers(0, len(items))), ("model", "auto"))
    options = data.draw(
        st.fixed_dictionaries({"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 1])})
    )
    raw = json.dumps(dict(items), **options).encode()
    spliced = splice_model(raw, model)
    assert orjson.loads(spliced) == {**orjson.loads(raw), "model": model}
    assert splice_model(spliced, "auto") == raw


@given(bodies, st.booleans())
def test_a_missing_model_is_put_first(body, ensure_ascii):
    raw = json.dumps(body, ensure_ascii=ensure_ascii).encode()
    spliced = splice_model(raw, "M")
    assert orjson.loads(spliced) == {**body, "model": "M"}
    assert spliced.startswith(b'{"model":"M"')
    assert spliced.endswith(raw[1:])
