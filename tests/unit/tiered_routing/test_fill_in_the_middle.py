"""Requests to fill a gap are known by the marks of every family of code models."""

import pytest

from gearshift.tiered_routing.complexity_scorer import TaskComplexityScorer
from gearshift.tiered_routing.conversation import task_of
from gearshift.tiered_routing.fill_in_the_middle import is_gap_to_fill

BEFORE = "def quicksort(values):\n    if len(values) <= 1:\n        "
AFTER = "\n    return left + [pivot] + right\n\nprint(quicksort([3, 1]))\n"
GAPS = [
    "<|fim_prefix|>{0}<|fim_suffix|>{1}<|fim_middle|>",
    "<fim_prefix>{0}<fim_suffix>{1}<fim_middle>",
    "<FIM_PREFIX>{0}<FIM_SUFFIX>{1}<FIM_MIDDLE>",
    "<PREFIX>{0}<SUFFIX>{1}<MIDDLE>",
    "<|user|>\n###MODE:BLOCK\n<|code_suffix|>{1}<|code_prefix|>{0}<|code_middle|><|assistant|>\n",
    "<fim-prefix>{0}<fim-suffix>{1}<fim-middle>",
    "<|fim_suffix|>{1}<|fim_prefix|>{0}<|fim_middle|>",
    "<[fim-suffix]>{1}<[fim-prefix]>{0}<[fim-middle]>",
    "<｜fim▁begin｜>{0}<｜fim▁hole｜>{1}<｜fim▁end｜>",
    "<PRE> {0} <SUF>{1} <MID>",
    "<s>▁<PRE> {0}▁<SUF>{1}▁<MID>",
    "<|code_prefix|>{0}<|code_suffix|>{1}<|code_middle|>",
    "[SUFFIX]{1}[PREFIX]{0}",
    "[PREFIX]{0}[SUFFIX]{1}",
    "<filename>a.py\n<fim_suffix>{1}<fim_prefix>{0}<fim_middle>",
    "<|repo_name|>x\n<|file_sep|>b.py\npass\n<|fim_prefix|>{0}<|fim_suffix|>{1}<|fim_middle|>",
    "# Path: a.py\n<|fim_prefix|>{0}<|fim_suffix|>{1}<|fim_middle|>",
    "<|fim_prefix|><|fim_suffix|>{1}<|fim_middle|>",
    "### Instruction:\nPredict the edit\n```\n<|editable_region_start|>\n{0}<|cursor|>{1}\n"
    "<|editable_region_end|>\n```\n### Response:\n",
    "{0}\n    <FILL_ME>\n{1}",
]


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_simple_in_a_text_and_in_a_conversation(gap):
    text = gap.format(BEFORE, AFTER)
    for asked in (text, [{"role": "user", "content": text}]):
        result = TaskComplexityScorer().score(asked)
        assert (result.tier, result.score) == ("simple", 0.0)
        assert "gap" in result.reasoning


def test_newlines_may_stand_anywhere():
    assert is_gap_to_fill(f"[SUFFIX]{AFTER * 20}[PREFIX]{BEFORE * 20}")
    assert is_gap_to_fill(f"\n\n<PRE>\n{BEFORE}\n<SUF>\n{AFTER}\n<MID>\n")


@pytest.mark.parametrize(
    "text",
    [
        "What do <PRE>, <SUF> and <MID> mean to Code Llama, and how was it trained on them?",
        "Explain <PRE> and <SUF> and <MID>",
        "Explain `<|fim_prefix|>`, `<|fim_suffix|>` and `<|fim_middle|>`",
        "<|fim_prefix|>, <|fim_suffix|> and <|fim_middle|>: what are they?",
        "Why does <pre>code</pre> keep its line breaks?",
        "How does Zed use <|editable_region_start|> and <|editable_region_end|>?",
        "[PREFIX] stands before the name; why?",
    ],
)
def test_a_question_about_marks_is_a_question(text):
    assert task_of(text).text == text


@pytest.mark.parametrize(
    "text", ["<" * 300_000, "<|fim_prefix|>" * 30_000, "<PRE>" + "<" * 300_000, "\n" * 300_000]
)
def test_nothing_takes_long(text):
    is_gap_to_fill(f"{text}<")  # under the time limit of every test
