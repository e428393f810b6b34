"""ShadowEvaluation: has sampled answers of this process repeated, judged and written down."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from gearshift.config.sections.quality import QualitySettings
from gearshift.errors import ConfigError
from gearshift.interface import LLMInterface
from gearshift.quality.budget import Budget, DailyBudget
from gearshift.quality.idle_client import IdleClient
from gearshift.quality.judges import load_judge
from gearshift.quality.pair import Judged, Sample
from gearshift.quality.sampler import Sampler
from gearshift.quality.shadows import Shadows
from gearshift.shared_state.budget import SharedBudget
from gearshift.shared_state.state import SharedState
from gearshift.telemetry.compute import Accounting
from gearshift.telemetry.metrics import Metrics
from gearshift.types import Usage

if TYPE_CHECKING:
    from gearshift.decision_log.judgements import JudgementRow
    from gearshift.decision_log.writer import LogWriter

logger = logging.getLogger(__name__)

_LONGEST_KEPT: Final = 100_000


class ShadowEvaluation:
    """Follows the live interface; samples where its settings say so.

    Args:
        metrics: Counts verdicts, and what was not compared.
        accounting: Knows what an answer costs.
        writer: Of the decision log; without one verdicts are only counted.
        workers: Processes that share the budget.

    Attributes:
        sampler: Listens to answers; `None` where nothing is sampled.
    """

    def __init__(
        self,
        metrics: Metrics,
        accounting: Accounting,
        writer: LogWriter | None,
        workers: int,
    ) -> None:
        self.sampler: Sampler | None = None
        self._metrics = metrics
        self._accounting = accounting
        self._writer = writer
        self._workers = workers
        self._shared: SharedState | None = None
        self._budget: Budget | None = None  # of the day, whatever settings come and go
        self._settings: QualitySettings | None = None
        self._shadows: Shadows | None = None
        self._task: asyncio.Task[None] | None = None

    def switch_to(self, llm: LLMInterface) -> None:
        """Sample from now on as these settings say."""
        self._llm = llm
        quality = llm.settings.quality
        if quality.shadow_share <= 0:
            self.sampler = None
            self._end()
            return
        if quality != self._settings or self._shadows is None:
            self._end()
            try:
                self._begin(quality)
            except ConfigError as error:
                logger.error("nothing is sampled: %s", error)
        self.sampler = None if self._shadows is None else Sampler(llm.settings, self._offer)

    async def aclose(self) -> None:
        """Stop comparing; what waits is let go."""
        task = self._task
        self._end()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _begin(self, quality: QualitySettings) -> None:
        budget = self._allowed(quality.daily_tokens)

        def spent(upstream: str, model: str, usage: Usage) -> None:
            budget.spend(usage.prompt_tokens + usage.completion_tokens)
            self._charge(upstream, model, usage)

        quiet = IdleClient(lambda: self._llm, quality.pause_above, spent)
        judge = load_judge(quality.judge, quiet.model, quality.judge_model)
        self._settings = quality
        self._shadows = Shadows(
            quiet,
            judge,
            budget,
            report=self._report,
            sent=self._metrics.shadow_sent,
            skipped=self._metrics.shadow_skipped,
            max_waiting=quality.max_waiting,
        )
        self._task = asyncio.create_task(self._shadows.run())

    def _allowed(self, daily_tokens: int) -> Budget:
        """The budget of the day: that of all processes that share their state, or this one's."""
        shared = self._llm.shared_state
        if shared is not None:
            if self._shared is not shared:
                self._budget = SharedBudget(shared, "shadows", daily_tokens)
                shared.attach(self._budget)
            tokens = daily_tokens
        else:
            tokens = max(1, daily_tokens // self._workers)
            if self._shared is not None:
                self._budget = None
        self._shared = shared
        budget = self._budget = self._budget or DailyBudget(tokens)
        budget.allow(tokens)
        return budget

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._shadows is not None:
            self._shadows.let_go()
        self._task = self._shadows = self._settings = None

    def _offer(self, sample: Sample) -> None:
        if self._shadows is not None:
            self._shadows.offer(sample)

    def _charge(self, upstream: str, model: str, usage: Usage) -> None:
        flops = self._accounting.flops(upstream, model, usage)
        if flops is not None:
            self._metrics.shadow_spent(flops)
        if self._writer is not None:
            from gearshift.decision_log.judgements import charge_shadow

            self._writer.submit(lambda connection: charge_shadow(connection, model, usage, flops))

    def _report(self, judged: Judged) -> None:
        self._metrics.judged(judged.judgement.verdict.value)
        if self._writer is not None:
            from gearshift.decision_log.judgements import insert_judgement

            row = self._row(judged)
            size = 2 * (len(row.weak_answer or "") + len(row.strong_answer or ""))
            self._writer.submit(lambda connection: insert_judgement(connection, row), size)

    def _row(self, judged: Judged) -> JudgementRow:
        from gearshift.decision_log.judgements import JudgementRow

        sample, pair, judge, judgement = judged
        keeps = self._settings is not None and self._settings.store_answers
        return JudgementRow(
            decision_id=sample.decision.id,
            time=time.time(),
            judge=judge,
            verdict=judgement.verdict.value,
            weak_score=judgement.weak_score,
            strong_score=judgement.strong_score,
            propensity=sample.propensity,
            comment=judgement.comment or None,
            position=judgement.position,
            weak_answer=pair.weak.content[:_LONGEST_KEPT] if keeps else None,
            strong_answer=pair.strong.content[:_LONGEST_KEPT] if keeps else None,
        )
