"""ChecksJudge: compares two answers by what is plainly wrong with them."""

from __future__ import annotations

from typing import Final

from gearshift.quality.checks import Checked, checked
from gearshift.quality.pair import AskModel, Judgement, Pair, Verdict
from gearshift.threads import Purpose, in_thread

_VERDICTS: Final = {(1.0, 0.0): Verdict.WIN, (0.0, 1.0): Verdict.LOSS}
"""Of the scores of the weak and the strong answer."""


class ChecksJudge:
    """Needs no model, and sees no more than its checks do.

    An answer that fails one scores 0, else 1; what both fail is no difference, so a request to
    translate, or one that ought to be refused, is no loss. What a check cannot tell of one of them
    it says of neither; where that was the only difference there can be, there is no verdict.
    """

    name: str = "checks"

    def __init__(self, ask: AskModel, model: str | None = None) -> None:
        del ask, model  # made like every judge

    async def judge(self, pair: Pair) -> Judgement:
        """Run the checks on both answers, in a thread: long answers take a while."""
        return await in_thread(Purpose.JUDGING, compared, pair)


def compared(pair: Pair) -> Judgement:
    """The verdict of the checks alone."""
    weak, strong = (checked(pair.request, answer) for answer in (pair.weak, pair.strong))
    undecided = {*weak.undecided, *strong.undecided}
    weak_only = set(weak.failed) - set(strong.failed) - undecided
    strong_only = set(strong.failed) - set(weak.failed) - undecided
    reason = _in_words(weak, strong)
    if undecided and not weak_only and not strong_only:
        return Judgement(Verdict.MALFORMED, comment=reason)
    scores = (0.0 if weak_only else 1.0, 0.0 if strong_only else 1.0)
    return Judgement(_VERDICTS.get(scores, Verdict.TIE), *scores, comment=reason)


def _in_words(weak: Checked, strong: Checked) -> str:
    undecided = sorted({*weak.undecided, *strong.undecided})
    named = (("weak", weak.failed), ("strong", strong.failed), ("cannot tell", undecided))
    return "; ".join(f"{whose}: {', '.join(names)}" for whose, names in named if names)
