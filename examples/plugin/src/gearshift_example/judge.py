"""LongestJudge: the longer answer is the better one."""

from __future__ import annotations

from gearshift.quality.pair import AskModel, Judgement, Pair, Verdict


class LongestJudge:
    """Compares lengths, which says little, but needs no model.

    Args:
        ask: With which a judge may ask models.
        model: Which one it should ask (`quality.judge_model`).
    """

    name = "longest"

    def __init__(self, ask: AskModel, model: str | None = None) -> None:
        del ask, model  # this one asks nobody

    async def judge(self, pair: Pair) -> Judgement:
        """The verdict, from the small model's side."""
        weak, strong = len(pair.weak.content), len(pair.strong.content)
        if weak == strong:
            return Judgement(Verdict.TIE, 1.0, 1.0)
        return (
            Judgement(Verdict.WIN, 1.0, 0.0) if weak > strong else Judgement(Verdict.LOSS, 0.0, 1.0)
        )
