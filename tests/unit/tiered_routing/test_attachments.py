"""Data URLs and base64 in a text are attachments, not words."""

import base64
import random

import pytest

from gearshift.tiered_routing.attachments import without_attachments
from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer

BYTES = random.Random(5).randbytes(3_000)
BASE64 = base64.b64encode(BYTES).decode()
URL_SAFE = base64.urlsafe_b64encode(BYTES).decode()
LINES = base64.encodebytes(BYTES).decode()
QUESTION = "What is this?"


@pytest.mark.parametrize(
    "attachment",
    [
        f"data:image/png;base64,{BASE64}",
        f"![a picture](data:image/jpeg;charset=utf-8;base64,{BASE64})",
        f'<img src="data:image/webp;base64,{BASE64}">',
        "data:image/svg+xml,%3Csvg%20width=%2210%22%3E%3C/svg%3E",
        f"data:image/png;base64,{LINES}",
        BASE64,
        URL_SAFE,
        LINES,
        f"-----BEGIN CERTIFICATE-----\n{LINES}-----END CERTIFICATE-----",
    ],
    ids=lambda text: text[:30],
)
@pytest.mark.parametrize("form", ["{0} {1}", "{0}\n\n{1}", "{1}\n{0}"])
def test_a_question_with_an_attachment_is_scored_as_the_question(attachment, form):
    scorer = TaskComplexityScorer()
    result = scorer.score(form.format(QUESTION, attachment))
    assert result.tier == "simple"
    assert result.factors["length"] == 0.0


def test_a_turn_of_nothing_but_an_attachment_belongs_to_the_turn_before():
    hard = "Compare optimistic and pessimistic locking for a booking system"
    messages = [{"role": "user", "content": hard}, {"role": "user", "content": BASE64}]
    assert TaskComplexityScorer().score(messages).tier == "complex"
    assert TaskComplexityScorer().score(BASE64).tier == "simple"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300,
        "Explain data:text and data: a/b",
        "-" * 300,
        "abc " * 200,
        "https://example.org/" + "a/b-c." * 100,
        "为什么" * 200,
        "f(a,b);" * 100,
    ],
)
def test_other_text_stays(text):
    assert without_attachments(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("data:" * 60_000, "data:image/png;a=b;" * 15_000, "A1b" * 100_000),
        *(("A1b" * 66 + " ") * 1_500, ("A1bC" * 16 + "\n") * 5_000, "data:a/b," + "x" * 300_000),
    ],
    ids=lambda text: text[:20],
)
def test_nothing_takes_long(text):
    without_attachments(text)  # under the time limit of every test
