"""Folding, language by function words and scripts, and the frames that shape a reading."""

import pytest

from gearshift.tiered_routing.features import FeatureReader
from gearshift.tiered_routing.text import fold

READER = FeatureReader()


def total(text: str) -> float:
    return sum(READER.read(text).factors)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Don’t  RE-run!", b" dont re run "),
        ("Größe, façade; C++/C#", b" grosse facade c++ c# "),
        ("ＡＰＩ", b" api "),
        ("", b"  "),
        ("\ud800", b"  "),
    ],
)
def test_fold(text: str, folded: bytes):
    assert fold(text) == folded


@pytest.mark.parametrize(
    "text",
    [
        "Why does bread rise, and what happens when the oven is too cold?",
        "Warum geht Brot auf, und was passiert, wenn der Ofen zu kalt ist?",
        "Pourquoi le pain lève-t-il, et que se passe-t-il si le four est trop froid ?",
        "¿Por qué sube el pan y qué pasa si el horno está demasiado frío?",
        "Por que o pão cresce, e o que acontece se o forno estiver frio demais?",
        "Perché il pane lievita, e cosa succede se il forno è troppo freddo?",
        "为什么面包会发起来？烤箱温度太低会怎么样？",
        "パンはなぜ膨らむのですか。オーブンの温度が低すぎるとどうなりますか。",
        "빵은 왜 부풀고, 오븐이 너무 차가우면 어떻게 되나요?",
        "Почему хлеб поднимается и что происходит, если духовка слишком холодная?",
        "لماذا يرتفع الخبز وماذا يحدث إذا كان الفرن باردا جدا؟",
        "रोटी क्यों फूलती है, और अगर तंदूर ठंडा हो तो क्या होता है?",
    ],
)
def test_why_is_understood_in_every_language(text: str):
    assert READER.read(text).factors[3] == 3.0


def test_a_foreign_word_does_not_change_the_language():
    assert READER.read("Explain why the word 你好 is used as a greeting").factors[3] == 3.0


def test_quoted_material_is_not_the_task():
    question = "What does this word mean?"
    quoted = f'{question} "{"prove, derive and compare the theorem of the algorithm " * 10}"'
    assert total(quoted) <= total(question) + 1.0


def test_what_is_edited_is_material():
    material = "Why did we compare the designs? Because proof was needed. " * 12
    assert READER.read(f"Fix the typos:\n\n{material}").factors[3] < 1.5
    assert READER.read(material).factors[3] == 3.0


def test_a_small_question_behind_a_story_stays_small():
    story = "Yesterday we went to the zoo with the kids and it rained all day long. "
    assert total(story + "What is a marmot?") < total(story + "Why do marmots whistle?")


def test_the_window_is_bounded():
    assert not READER.read("x" * 12_000).truncated
    assert READER.read("x" * 12_001).truncated


def test_more_of_the_same_ranks_higher():
    few = total("Prove the theorem")
    many = total("Prove the theorem about eigenvalues of a symmetric matrix, then compare proofs")
    assert many > few


def weighted(text: str) -> float:
    code, technical, multi_step, question = READER.read(text).factors
    return (0.25 * code + 0.2 * (technical + multi_step + question)) * 10 / 3


@pytest.mark.parametrize(
    "text",
    [
        "eigenvalues of a circulant matrix",
        "write-ahead logging against shadow paging",
        "can a machine ever be conscious",
        "why are wet roads darker",
    ],
)
def test_a_topic_or_one_demand_that_no_small_frame_opposes_is_work(text: str):
    assert weighted(text) >= 3.0


@pytest.mark.parametrize(
    "text", ["unit of capacitance?", "plural of matrix", "what does GDPR stand for"]
)
def test_a_topic_in_a_small_frame_is_small(text: str):
    assert weighted(text) < 3.0
