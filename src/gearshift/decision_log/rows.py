"""Finished requests as rows of the log's tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, Final

from gearshift.decision_log.schema import DECISIONS
from gearshift.telemetry.compute import SHADOW, Accounting, Compute, worked_on
from gearshift.telemetry.events import RequestFinished
from gearshift.types import CacheResult, Cause, Message, Usage

COLUMNS: Final = tuple(DECISIONS.columns.keys())
BUCKETS_PER_DECADE: Final = 20
SCORE: Final = "score"
SCORE_TOKENS: Final = "score_tokens"
SCORE_BUCKETS: Final = 4  # in a point of score
_KINDS: Final = ("total", "first_token", SCORE, SCORE_TOKENS)
SUMS: Final = 16
"""Columns of `hours` that are no key."""
_NO_FACTORS: Final[Mapping[str, float]] = {}
_FACTORS: Final = ("length", "code", "technical", "multi_step", "question")
_SHORTEST: Final = 1e-4
_MOST_TOKENS: Final = 2**31 - 1

Hour = tuple[int, str, str, str]
"""Hour since 1970, tier, model, cause."""
Took = tuple[int, str, str, int]
"""Hour, tier, kind (`total`, `first_token`, `score`, `score_tokens`), bucket."""


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows.

    Args:
        salt: Of the hashes, so that nobody can look up a guessed prompt without the database.
        accounting: Counts compute.
        with_prompts: Keep the user's words.
    """

    salt: bytes
    accounting: Accounting
    with_prompts: bool

    def row(self, event: RequestFinished) -> tuple[tuple[Any, ...], Compute | None]:
        """The values of `COLUMNS`, and the compute among them."""
        decision, usage = event.decision, event.usage
        compute = self.accounting.of(event)
        prompt = prompt_of(event.messages)
        factors = decision.factors if decision.score is not None else _NO_FACTORS
        values = (
            decision.id,
            decision.time,
            event.dialect,
            decision.tier,
            clean(decision.model),
            decision.upstream,
            decision.cause._value_,  # its property takes as long as five columns
            decision.scorer,
            decision.scorer_version,
            decision.threshold,
            decision.score,
            *map(factors.get, _FACTORS),
            decision.config_hash,
            self._hash(decision.session),
            self._hash(prompt),
            len(prompt),
            event.client,
            decision.propensity,
            event.streamed,
            event.status,
            event.fault,
            decision.fallback,
            len(event.attempts),
            *((None, None, None) if usage is None else tokens_of(usage)),
            event.duration_seconds,
            event.first_token_seconds,
            event.overhead_seconds,
            event.scoring_seconds,
            event.load_seconds,
            compute.used if compute else None,
            compute.baseline if compute else None,
            clean(prompt) if self.with_prompts else None,
            decision.sample_rate,
            decision.arms,
            decision.movable,
            None if event.cache is None else event.cache.result._value_,
            *((None, None) if event.saved is None else tokens_of(event.saved)[:2]),
            compute.spared if compute and event.saved is not None else None,
        )
        return values, compute

    def _hash(self, text: str | None) -> str | None:
        if not text:
            return None
        words = text.encode("utf-8", "replace")
        return hashlib.blake2b(words, key=self.salt, digest_size=16).hexdigest()


def clean(text: str) -> str:
    """A text that every database takes: no NUL, no lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def tokens_of(usage: Usage) -> tuple[int, int, int]:
    """Those of prompt, answer and cache as an upstream tells them, up to what a column holds."""
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
    if min(counts) >= 0 and max(counts) <= _MOST_TOKENS:
        return counts
    prompt, completion, cached = (min(max(count, 0), _MOST_TOKENS) for count in counts)
    return prompt, completion, cached


def prompt_of(messages: Sequence[Message]) -> str:
    """The user's last words; of parts, the texts."""
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            if isinstance(content, list):
                texts = (part.get("text") for part in content if isinstance(part, dict))
                return "\n".join(text for text in texts if isinstance(text, str))
            return ""
    return ""


class Sums:
    """What a batch adds to the sums by hour."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, str, str, Cause], _Cell] = {}
        self._extra: dict[tuple[int, str], float] = {}

    def add(self, event: RequestFinished, compute: Compute | None) -> None:
        """Count one request."""
        decision = event.decision
        hour = int(decision.time // 3600)
        key = (hour, decision.tier, decision.model, decision.cause)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell()
        cell.add(event)
        if compute is None:
            cell.sums[10] += 1
        else:
            cell.sums[8] += compute.used
            cell.sums[9] += compute.baseline
            cell.sums[15] += compute.spared
            for name, flops in compute.extra.items():
                self._extra[hour, name] = self._extra.get((hour, name), 0.0) + flops

    @property
    def hours(self) -> dict[Hour, list[float]]:
        """Rows of `hours`."""
        sums: dict[Hour, list[float]] = {}
        for (hour, tier, model, cause), cell in self._cells.items():
            key = (hour, tier[:80], clean(model)[:200], cause.value)
            hour_sums = sums.setdefault(key, [0.0] * SUMS)
            sums[key] = [a + b for a, b in zip(hour_sums, cell.sums, strict=True)]
        for (hour, name), flops in self._extra.items():
            sums[hour, name, "", SHADOW] = [0.0] * 8 + [flops] + [0.0] * (SUMS - 9)
        return sums

    @property
    def times(self) -> dict[Took, int]:
        """Rows of `times`."""
        duration_counts: dict[Took, int] = {}
        for (hour, tier, _, _), cell in self._cells.items():
            for kind, counts in zip(_KINDS, cell.counts, strict=True):
                for bucket, count in counts.items():
                    key = (hour, tier[:80], kind, bucket)
                    duration_counts[key] = duration_counts.get(key, 0) + count
        return duration_counts


class _Cell:
    """Of one hour, tier, model and cause: the columns of `hours`, and how many in which bucket."""

    __slots__ = ("counts", "sums")

    def __init__(self) -> None:
        self.sums = [0.0] * SUMS
        self.counts: tuple[dict[int, int], ...] = ({}, {}, {}, {})

    def add(self, event: RequestFinished) -> None:
        sums, (_, _, scores, score_tokens) = self.sums, self.counts
        score, usage = event.decision.score, event.usage
        sums[0] += 1
        if event.status >= 400:
            sums[1] += 1
        elif not event.is_hit:  # whose times say nothing of the deployment
            self._add_times(event)
        if event.decision.fallback is not None:
            sums[2] += 1
        if usage is not None:
            prompt, completion, cached = tokens_of(usage)
            sums[5] += prompt
            sums[6] += completion
            sums[7] += cached
        if event.cache is not None:
            self._add_cache(event, event.cache.result)
        if score is not None:
            sums[3] += 1
            sums[4] += score
            bucket = int(score * SCORE_BUCKETS)
            scores[bucket] = scores.get(bucket, 0) + 1
            if usage is not None:
                score_tokens[bucket] = score_tokens.get(bucket, 0) + worked_on(usage)

    def _add_times(self, event: RequestFinished) -> None:
        totals, firsts = self.counts[:2]
        bucket = bucket_of(event.duration_seconds)
        totals[bucket] = totals.get(bucket, 0) + 1
        if event.first_token_seconds is not None:
            bucket = bucket_of(event.first_token_seconds)
            firsts[bucket] = firsts.get(bucket, 0) + 1

    def _add_cache(self, event: RequestFinished, result: CacheResult) -> None:
        sums = self.sums
        sums[11] += result is CacheResult.HIT
        sums[12] += result is CacheResult.MISS
        if event.saved is not None:
            prompt, completion, _ = tokens_of(event.saved)
            sums[13] += prompt
            sums[14] += completion


def bucket_of(seconds: float) -> int:
    """The bucket that a time falls into."""
    return floor(BUCKETS_PER_DECADE * log10(max(seconds, _SHORTEST)))


def seconds_of(bucket: float) -> float:
    """The middle of a bucket, in seconds; at most 6 % off."""
    return float(10.0 ** ((bucket + 0.5) / BUCKETS_PER_DECADE))
