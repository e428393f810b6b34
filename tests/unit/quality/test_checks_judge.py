"""The checks as a judge: only a difference counts, and what nobody can tell counts for nobody."""

import asyncio

import pytest

from gearshift.client.requests import chat_request
from gearshift.quality import checks_judge
from gearshift.quality.checks import Checked
from gearshift.quality.checks_judge import ChecksJudge, compared
from gearshift.quality.pair import Judgement, Pair, Verdict
from gearshift.threads import Purpose
from gearshift.types import Chunk

REQUEST = chat_request("Tell me about it.")


@pytest.mark.parametrize(
    ("weak", "strong", "verdict", "comment"),
    [
        ("The harbour is old.", "It is a port.", Verdict.TIE, ""),
        ("", "It is a port.", Verdict.LOSS, "weak: empty"),
        ("It is a port.", "I'm sorry, but I can't help with that.", Verdict.WIN, "strong: refusal"),
        (
            "I can't help with that.",
            "I'm sorry, I cannot assist.",
            Verdict.TIE,
            "weak: refusal; strong: refusal",
        ),
    ],
)
def test_only_a_difference_counts(weak, strong, verdict, comment):
    found = compared(Pair(REQUEST, Chunk(weak), Chunk(strong)))
    assert (found.verdict, found.comment) == (verdict, comment)


@pytest.mark.parametrize(
    ("weak", "strong", "verdict", "scores"),
    [
        (Checked(), Checked(), Verdict.TIE, (1.0, 1.0)),
        (Checked(("loop",)), Checked(), Verdict.LOSS, (0.0, 1.0)),
        (Checked(), Checked(("loop",)), Verdict.WIN, (1.0, 0.0)),
        (Checked(("loop",)), Checked(("loop",)), Verdict.TIE, (1.0, 1.0)),
        (Checked(("loop",)), Checked(("json",)), Verdict.TIE, (0.0, 0.0)),
        (Checked(("loop", "json")), Checked(("json",)), Verdict.LOSS, (0.0, 1.0)),
        (Checked(("json",)), Checked(("loop", "json")), Verdict.WIN, (1.0, 0.0)),
        (Checked((), ("json",)), Checked(), Verdict.MALFORMED, (None, None)),
        (Checked(), Checked((), ("json",)), Verdict.MALFORMED, (None, None)),
        (Checked(("json",)), Checked((), ("json",)), Verdict.MALFORMED, (None, None)),
        (Checked((), ("json",)), Checked(("json",)), Verdict.MALFORMED, (None, None)),
        (Checked(("loop",), ("json",)), Checked(), Verdict.LOSS, (0.0, 1.0)),
        (Checked((), ("json",)), Checked(("loop",)), Verdict.WIN, (1.0, 0.0)),
        (Checked(("loop",), ("json",)), Checked(("loop",)), Verdict.MALFORMED, (None, None)),
    ],
)
def test_what_is_undecided_of_one_is_said_of_neither(monkeypatch, weak, strong, verdict, scores):
    of = {"weak": weak, "strong": strong}
    seen = []

    def checked(request, answer):
        seen.append(request)
        return of[answer.content]

    monkeypatch.setattr(checks_judge, "checked", checked)
    found = compared(Pair(REQUEST, Chunk("weak"), Chunk("strong")))
    assert (found.verdict, found.weak_score, found.strong_score) == (verdict, *scores)
    assert seen == [REQUEST, REQUEST]


def test_the_comment_names_checks_and_repeats_nothing_of_the_answers(monkeypatch):
    of = {
        "w": Checked(("loop", "language"), ("json", "a")),
        "s": Checked(("empty",), ("b", "json")),
    }
    monkeypatch.setattr(checks_judge, "checked", lambda request, answer: of[answer.content])
    found = compared(Pair(REQUEST, Chunk("w"), Chunk("s")))
    assert found.comment == "weak: loop, language; strong: empty; cannot tell: a, b, json"
    of["s"] = of["w"] = Checked((), ("json",))
    found = compared(Pair(REQUEST, Chunk("w"), Chunk("s")))
    assert found == Judgement(Verdict.MALFORMED, comment="cannot tell: json")


async def test_it_is_a_judge_and_leaves_the_loop_alone(monkeypatch):
    asked = []

    async def in_thread(purpose, function, *arguments):
        asked.append((purpose, arguments))
        return function(*arguments)

    async def ask(request, model):
        raise AssertionError("nobody needs a model here")

    monkeypatch.setattr(checks_judge, "in_thread", in_thread)
    judge = ChecksJudge(ask, "big")
    pair = Pair(REQUEST, Chunk(""), Chunk("It is a port."))
    said = await asyncio.wait_for(judge.judge(pair), 30)
    assert (judge.name, said.verdict) == ("checks", Verdict.LOSS)
    assert asked == [(Purpose.JUDGING, (pair,))]
