"""ChecksJudge: compares two answers by what is plainly wrong with them."""

from __future__ import annotations

import asyncio
from typing import Final

from gearshift.quality.checks import failed_checks
from gearshift.quality.pair import AskModel, Judgement, Pair, Verdict


class ChecksJudge:
    """Needs no model, and sees no more than its checks do.

    An answer that fails one scores 0, else 1; what both fail is no difference, so a request to
    translate, or one that ought to be refused, is no loss.
    """

    name: Final = "checks"

    def __init__(self, ask: AskModel, model: str | None = None) -> None:
        del ask, model  # made like every judge

    async def judge(self, pair: Pair) -> Judgement:
        """Run the checks on both answers, in a thread: long answers take a while."""
        return await asyncio.to_thread(compared, pair)


def compared(pair: Pair) -> Judgement:
    """The verdict of the checks alone."""
    weak, strong = (failed_checks(pair.request, answer) for answer in (pair.weak, pair.strong))
    scores = (0.0 if set(weak) - set(strong) else 1.0, 0.0 if set(strong) - set(weak) else 1.0)
    verdict = Verdict.TIE
    if scores[0] != scores[1]:
        verdict = Verdict.WIN if scores[0] > scores[1] else Verdict.LOSS
    named = (("weak", weak), ("strong", strong))
    said = "; ".join(f"{whose}: {', '.join(names)}" for whose, names in named if names)
    return Judgement(verdict, *scores, comment=said)
