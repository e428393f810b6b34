"""The `quality:` block of the settings: what is sampled, who judges, what raises an alarm."""

from __future__ import annotations

import re
from typing import Annotated, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from gearshift import registry
from gearshift.config.fields import Count, NonNegativeInt, Risk, Share
from gearshift.config_file.messages import nearest, setting_error
from gearshift.config_file.model import Redacted, SettingsModel, empty_is_none, reject_bool
from gearshift.config_file.urls import is_http_url
from gearshift.tiered_routing.tier_config import ModelName

_PART_OF_LARGE: Final = 0.25
_JUDGE_ELSEWHERE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


_Webhook = Annotated[str, is_http_url("https://example.org/hook"), Redacted]


class AlarmSettings(SettingsModel):
    """From when on something is wrong.

    Attributes:
        loss_share: Share of the small model's answers that are worse, at most.
        drift: Population stability index of the scores against the week before, at most.
        disagreement: Share of verdicts that depend on the order of the answers, at most.
        fallback_share: Share of requests that the first choice did not answer, at most.
        simple_share: Lowest and highest share of scored requests for the smallest tier.
        webhook: Where a change is posted to, as JSON.
    """

    loss_share: Risk = 0.1
    drift: Annotated[float, BeforeValidator(reject_bool), Field(gt=0, le=100)] = 0.25
    disagreement: Share = 0.3
    fallback_share: Share = 0.1
    simple_share: tuple[Share, Share] = (0.0, 1.0)
    webhook: _Webhook | None = None

    _webhook_may_be_empty = field_validator("webhook", mode="before")(empty_is_none)

    @field_validator("simple_share")
    @classmethod
    def _band_is_ordered(cls, band: tuple[float, float]) -> tuple[float, float]:
        if band[0] > band[1]:
            raise setting_error("", "the lowest share comes first", "such as [0.2, 0.9]")
        return band


class AutoTuneSettings(SettingsModel):
    """Whether, how often and under which promise the threshold is moved."""

    enabled: bool = False
    every_hours: Annotated[float, BeforeValidator(reject_bool), Field(ge=0.001, le=8_760)] = 24
    alpha: Risk = 0.05
    delta: Risk = 0.05


class QualitySettings(SettingsModel):
    """How much traffic is spent on measuring quality, and how.

    Attributes:
        shadow_share: Share of the smallest tier's answers that the largest repeats.
        shadow_share_complex: The same the other way round; a quarter of it where left out.
        explore_share: Share of the requests near the threshold that go to its other side.
        explore_band: How near, in points of score.
        judge: `checks`, `model`, or `module:name` of something that makes a judge.
        judge_model: Which model judges; the largest tier's where left out.
        daily_tokens: What shadows and judges may spend in a day (UTC).
        max_waiting: Answers that wait for their shadow; further ones are not compared.
        pause_above: Requests in flight at an upstream above which its shadows wait.
        store_answers: Keep both answers with the verdict.
    """

    shadow_share: Share = 0.0
    shadow_share_complex: Share | None = None
    explore_share: Share = 0.0
    explore_band: Annotated[float, BeforeValidator(reject_bool), Field(gt=0, le=10)] = 1.0
    judge: Annotated[str, StringConstraints(min_length=1)] = "checks"
    judge_model: ModelName | None = None
    daily_tokens: Count = 1_000_000
    max_waiting: Count = 100
    pause_above: NonNegativeInt = 0
    store_answers: bool = False
    auto_tune: AutoTuneSettings = AutoTuneSettings()
    alarms: AlarmSettings = AlarmSettings()

    _judge_model_may_be_empty = field_validator("judge_model", mode="before")(empty_is_none)

    @field_validator("judge")
    @classmethod
    def _judge_exists(cls, judge: str) -> str:
        if not _JUDGE_ELSEWHERE.fullmatch(judge) and not registry.has("judges", judge):
            names = registry.named("judges")
            guess = nearest(judge, names)
            others = f"one of: {', '.join(names)}, or module:name"
            advice = f"did you mean {guess!r}?" if guess else others
            raise setting_error("", f"no judge {judge!r}", advice)
        return judge

    @model_validator(mode="after")
    def _no_more_of_the_large(self) -> Self:
        if self.shadow_share_complex is not None and self.shadow_share_complex > self.shadow_share:
            raise setting_error(
                "shadow_share_complex", "is above shadow_share", "lower it, or raise shadow_share"
            )
        return self

    @property
    def large_share(self) -> float:
        """Share of the largest tier's answers that the smallest repeats."""
        if self.shadow_share_complex is None:
            return self.shadow_share * _PART_OF_LARGE
        return self.shadow_share_complex
