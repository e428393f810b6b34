"""Exported logs of requests that never were, divided into files in any way."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
from click.testing import CliRunner
from pyarrow import parquet
from tests.fakes.finished import finished
from tests.fakes.logs import log_in
from tests.fakes.traffic import outcomes

from gearshift.cli.export import command as export
from gearshift.decision_log.database import open_database
from gearshift.decision_log.feedback import JUDGE
from gearshift.decision_log.judgements import JudgementRow, insert_judgement
from gearshift.telemetry.events import RequestFinished
from gearshift.types import Cause, Usage

NOW = time.time()


def filled(folder: Path, count: int = 300) -> Path:
    """The configuration of a log: some requests judged several times, some rated by users."""
    random_ = random.Random(7)
    events = [_event(random_, row["prompt"]) for row in outcomes(count)]
    url = log_in(folder, events, with_prompts=True)
    engine = open_database(url)
    with engine.begin() as connection:
        for event in events[: count // 3]:
            for _ in range(random_.choice((1, 1, 2, 3, 5))):
                weak, strong, chance = random_.random(), random_.random(), random_.random() + 0.01
                insert_judgement(connection, _row(event, "model", "tie", weak, strong, chance))
        for event in events[count // 3 :]:
            verdict = random_.choice(("good", "bad"))
            insert_judgement(connection, _row(event, JUDGE, verdict, None, None, 1.0))
    engine.dispose()
    config = folder / "log.yaml"
    config.write_text(f"decision_log: {{url: '{url}'}}\n")
    return config


def exported(folder: Path, count: int = 300) -> tuple[Path, Path]:
    """Such a log's configuration, and the folder that it was exported to."""
    config, out = filled(folder, count), folder / "exported"
    done = CliRunner().invoke(export, ["--config", str(config), "--out", str(out)])
    assert done.exit_code == 0, done.output
    return config, out


def _event(random_: random.Random, prompt: str) -> RequestFinished:
    usage = Usage(random_.randrange(900), random_.randrange(300), random_.randrange(20))
    event = finished(prompt=prompt, time=NOW - 5 * 86_400 * random_.random(), usage=usage)
    score, propensity = 10 * random_.random(), random_.choice((0.9, 0.9, 0.9, 0.1))
    is_small = (score < 3) == (propensity > 0.5)
    decision = event.decision._replace(
        score=random_.choice((score, score, score, None)),
        tier="simple" if is_small else "complex",
        cause=random_.choice((Cause.SCORED, Cause.SCORED, Cause.FORCED)),
        propensity=propensity,
        movable=random_.random() < 0.9,
    )
    return event._replace(decision=decision)


def _row(event: RequestFinished, judge: str, verdict: str, *scores: Any) -> JudgementRow:
    return JudgementRow(event.decision.id, NOW, judge, verdict, *scores)


def written(file: Path, rows: Sequence[dict[str, Any]], **options: Any) -> Path:
    """A Parquet file of rows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), file, **options)
    return file


def divided(table: Path, folder: Path, order: Sequence[int], cuts: Sequence[int]) -> None:
    """A table's rows in another order, in as many files as there are cuts, and one more."""
    rows = parquet.read_table(table).take(list(order))
    ends = [*sorted(cuts), rows.num_rows]
    for number, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
        folder.mkdir(parents=True, exist_ok=True)
        parquet.write_table(rows.slice(first, last - first), folder / f"{number:03d}.parquet")
