"""Parts of a content: texts, images and files as chats have them; the rest by name."""

import pytest

from gearshift.dialects.responses.parts import plain_content, result_parts, user_content
from gearshift.errors import RequestError

IMAGE = "data:image/png;base64,AAAA"


def text(words, kind="input_text"):
    return {"type": kind, "text": words}


def test_one_text_is_a_string_and_several_parts_keep_their_order():
    assert user_content("hi", "x") == "hi"
    assert user_content([text("hi")], "x") == "hi"
    assert user_content(
        [text("what is"), {"type": "input_image", "image_url": IMAGE, "detail": "low"}], "x"
    ) == [
        {"type": "text", "text": "what is"},
        {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
    ]


@pytest.mark.parametrize("detail", ["auto", "original", None, 7])
def test_a_detail_that_chats_do_not_know_is_left_out(detail):
    parts = user_content([{"type": "input_image", "image_url": IMAGE, "detail": detail}], "x")
    assert parts == [{"type": "image_url", "image_url": {"url": IMAGE}}]


def test_files_and_sounds_are_those_of_chats():
    data = "data:application/pdf;base64,AAAA"
    sound = {"data": "AAAA", "format": "wav"}
    parts = [
        {"type": "input_file", "file_data": data, "filename": "a.pdf"},
        {"type": "input_audio", "input_audio": sound},
    ]
    assert user_content(parts, "x") == [
        {"type": "file", "file": {"file_data": data, "filename": "a.pdf"}},
        {"type": "input_audio", "input_audio": sound},
    ]


def test_what_a_model_has_said_is_its_text_or_its_refusal():
    said = [text("One ", "output_text"), {"type": "refusal", "refusal": "No."}]
    assert plain_content(said, "x", "") == "One No."
    assert plain_content([text("a"), text("b")], "x", "\n\n") == "a\n\nb"


def test_a_result_is_a_text_and_what_cannot_stand_in_one():
    assert result_parts("rain", "x") == ("rain", [])
    assert result_parts({"celsius": 5}, "x") == ({"celsius": 5}, [])
    shown = {"type": "input_image", "image_url": IMAGE}
    assert result_parts([text("a"), shown, text("b")], "x") == (
        "a\nb",
        [{"type": "image_url", "image_url": {"url": IMAGE}}],
    )


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (7, "x"),
        ({}, "x"),
        ([7], "x.0"),
        ([{}], "x.0"),
        ([text(7)], "x.0.text"),
        ([{"type": "input_image"}], "x.0.image_url"),
        ([{"type": "input_image", "file_id": "file-1"}], "x.0.file_id"),
        ([{"type": "input_file"}], "x.0.file_data"),
        ([{"type": "input_file", "file_id": "file-1"}], "x.0.file_id"),
        ([{"type": "input_file", "file_url": "https://host/a.pdf"}], "x.0.file_url"),
        ([{"type": "input_video"}], "x.0.type"),
    ],
)
def test_what_cannot_be_read_is_named(content, field):
    with pytest.raises(RequestError) as caught:
        user_content(content, "x")
    assert caught.value.field == field
    assert f"'{field}'" in caught.value.message


@pytest.mark.parametrize("part", [{"type": "input_image", "image_url": IMAGE}, text(None)])
def test_a_system_prompt_has_nothing_but_texts(part):
    with pytest.raises(RequestError, match=r"'x\.0' must be a part"):
        plain_content([part], "x", "")
