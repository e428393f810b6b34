"""How answers begin that decline to answer, and where one looks."""

import pytest

from gearshift.quality.refusals import declines


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m so sorry, I cannot do this.",
        "Sure? No: I am very afraid that I am unable to.",
        "Unfortunately, I am not able to do it.",
        "I apologise, I can not.",
        "I must decline to answer.",
        "I won't generate it.",
        "I'm unable to really help.",
        "I’m unable to help.",
        "I can’t help you.",
        "As an artificial mind I don't feel.",
        "Das ist so: Ich kann dir dabei leider nicht helfen.",
        "Je suis désolé, mais je ne le sais pas.",
        "Je ne peux pas vous aider.",
        "Desculpe, mas eu não posso.",
        "Mi dispiace, ma non posso.",
        "Well. 对不起，我不能",
        "申し訳ありませんが、それは",
        "죄송하지만 어렵습니다.",
        "Я не могу помочь.",
        "لا أستطيع",
    ],
)
def test_who_declines(text):
    assert declines(text)
    assert declines(text.upper()) or not text.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sorry for the delay: 42.",
        "I can help with that.",
        "Unfortunately it rains. I cannot swim.",
        "Hi cannot help",
    ],
)
def test_who_does_not(text):
    assert not declines(text)


@pytest.mark.parametrize("words", ["I can't help.", "对不起，我不能"])
def test_only_the_first_three_hundred_characters_are_looked_at(words):
    needed = len("I can't help") if words.startswith("I") else len(words)
    assert declines(" " * (300 - needed) + words)
    assert not declines(" " * (301 - needed) + words)
