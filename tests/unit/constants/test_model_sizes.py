import pytest

from gearshift.constants.model_sizes import parameters_of


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("gemma2:2b", 2.614),
        ("mistral:7b-instruct", 7.248),
        ("local/qwen2.5:14b", 14),
        ("qwen2.5-coder:1.5b-instruct-q4_K_M", 1.5),
        ("mixtral-8x7b", 56),
        ("smollm:135m", 0.135),
        ("meta-llama/Llama-3.1-70B-Instruct", 70),
        ("gpt-4o", None),
        ("phi4", None),
        ("", None),
    ],
)
def test_what_a_name_says(name, billions):
    found = parameters_of(name)
    assert found == (None if billions is None else pytest.approx(billions * 1e9))
