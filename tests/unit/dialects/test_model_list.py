import pytest
from hypothesis import given
from hypothesis import strategies as st

from gearshift.dialects.model_list import listed_models


@pytest.mark.parametrize(
    "document",
    [
        {"data": [{"id": "a"}, {"id": "b"}]},
        {"models": [{"name": "a"}, {"model": "b"}]},
        {"models": ["a", "b"]},
        [{"id": "a"}, "b"],
        {"data": None, "models": [{"name": "a"}, {"name": "b"}]},
        {"data": {"models": [{"id": "a"}, {"id": "b"}]}},
        {"data": [None, 7, {"id": None}, {"id": ["x"]}, {}, {"id": ""}, {"id": "a"}, {"id": "b"}]},
        {"data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]},
        {"data": [{"id": "a"}, {"id": "b"}], "models": [{"name": "other"}]},
    ],
)
def test_lists_in_every_shape(document):
    assert list(listed_models(document)) == ["a", "b"]


@pytest.mark.parametrize("document", [None, 7, "a", {}, {"data": None}, {"data": {"x": 1}}, [[]]])
def test_what_is_no_list_has_no_models(document):
    assert listed_models(document) == {}


def test_ollamas_own_name_counts_first():
    assert list(listed_models({"models": [{"id": "x", "name": "a"}]}, ("name", "id"))) == ["a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "models", "id", "name"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_document_is_a_list_of_named_models(document):
    assert all(isinstance(name, str) and name for name in listed_models(document))
