"""An error that finds something wanting: whose matter it is, by the words of real servers."""

import pytest

from gearshift.dialects.not_found import Subject, subject_of

MODEL = [
    ("model 'x' not found", ""),
    ('model "x:7b" not found, try pulling it first', ""),
    ("The model `x` does not exist.", "NotFoundError 404"),
    ("The model `x` does not exist or you do not have access to it.", ""),
    ("The model 'gpt-9' does not exist", "model_not_found"),
    ("The API deployment for this resource does not exist.", "DeploymentNotFound"),
    ("The API deployment for this resource does not exist. Wait 5 minutes.", ""),
    ("acme/x is not a valid model ID", "400"),
    ("No endpoints found for acme/x.", "404"),
    ("/chat/completions: Invalid model name passed in model=x. Call `/v1/models`", ""),
    ("Invalid model: x", "invalid_model 1500"),
    ("Model Not Exist", "invalid_request_error"),
    ("models/x is not found for API version v1main, or is not supported for generateContent.", ""),
    ("Model not found, inaccessible, and/or not deployed", ""),
    ("model: claude-x", "not_found_error"),
    ("model 'x' not found, make sure the correct model ID was used", ""),
    ("Invalid model 'x'. Permitted models can be found in the documentation", ""),
    ("Model does not exist. Please check it carefully.", "20012"),
    ("模型不存在，请检查模型代码。", "1211"),
    ("Not found the model x or Permission denied", "resource_not_found_error"),
    ("Unknown model: x", "unknown_model"),
    ("The requested model 'x' does not exist.", ""),
    ("The requested model 'x' is not supported by any provider you have enabled.", ""),
    ("Unable to access model x. Please visit the site.", "model_not_available"),
    ("Model x is not loaded", ""),
    ("could not find model x", ""),
    ("no such model: x", ""),
    ("The model x has been deprecated", ""),
    ("Project `p` does not have access to model `x`", "model_not_found"),
]
REQUEST = [
    ("Tool 'x' not found. The model may only call tools of the request.", ""),
    ("Parameter 'logprobs' does not exist for model x", ""),
    ("'reasoning_effort' does not exist for this model", ""),
    ("Previous response with id 'r' not found.", ""),
    ("LoRA adapter 'a' not found for model y", ""),
    ("Failed to download image: 404 not found (https://e.example/model.png)", ""),
    ("The file 'f' does not exist", ""),
    ("Unknown parameter: 'foo'", ""),
    ("model x: parameter 'top_k' not found", ""),
    ("chat template 'z' not found for model x", ""),
    ("Invalid model input: temperature does not exist", ""),
    ("tool_choice 'f' does not exist in tools", ""),
]
PATH = [
    ("404 page not found", ""),
    ("Not Found", ""),
    ("File Not Found", "not_found_error 404"),
    ("Invalid URL (POST /v1/v1/chat/completions)", "invalid_request_error"),
    ("Unexpected endpoint or method. (POST /chat)", ""),
    ("Cannot POST /chat/completions", ""),
    ("no Route matched with those values", ""),
    ("Resource not found", "404"),
    ("The requested URL was not found on this server. Check the field.", ""),
]


@pytest.mark.parametrize(("message", "labels"), MODEL)
def test_the_model_is_missing(message, labels):
    assert subject_of(message, labels) is Subject.MODEL


@pytest.mark.parametrize(("message", "labels"), REQUEST)
def test_something_of_the_request_is_not_taken(message, labels):
    assert subject_of(message, labels) is Subject.REQUEST


@pytest.mark.parametrize(("message", "labels"), PATH)
def test_often_the_path_is_wrong(message, labels):
    assert subject_of(message, labels) is Subject.UNKNOWN


@pytest.mark.parametrize(
    ("param", "subject"), [("model", Subject.MODEL), ("tools", Subject.REQUEST)]
)
def test_a_field_that_is_named_as_the_cause_decides(param, subject):
    assert subject_of("The model `x` does not exist", param=param) is subject
