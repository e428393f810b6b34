"""From the rule to a learned scorer under a guarantee, on recorded outcomes replayed as a stream.

Usage: python -m benchmarks.stream --data FOLDER [--orders N] [--plot FOLDER]

Requests come in a random order and both answers of each are judged. After 100, 300, 1,000 and
5,000 of them the threshold is chosen so that at most 5 % of all answers are worse, 95 % sure: for
the rule from all of them; for the learned scorer from one half, after it was trained on the other;
for the better of the two with half of the doubt for each. What that sends to the small model, and
how many answers really are worse, is counted on the rest.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing_quality.data import GSM8K, MIX, MMLU, ZEROEVAL, Recorded, load
from gearshift.evaluation.outcomes import Floats
from gearshift.guarantees.threshold import Chosen, JudgedScores, Risk, choose
from gearshift.learning.features import Prompts
from gearshift.learning.fit import fit, scores_of

AFTER = (100, 300, 1_000, 5_000)
ALPHA, DELTA = 0.05, 0.05
WAYS = ("rule", "learned", "better")
DOCUMENT = Path(__file__).parents[1] / "docs" / "guarantees.md"
_LEAST_REST = 300
Rows = NDArray[np.signedinteger]
FILES = (MMLU, GSM8K, MIX, ZEROEVAL)
_POOLED = "pooled"


@dataclass(frozen=True, slots=True)
class Reached:
    """One order of one stream.

    Attributes:
        sent: Share of the rest that goes to the small model.
        worse: Share of the rest whose answer is worse for it.
    """

    stream: str
    after: int
    way: str
    sent: float
    worse: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("GEARSHIFT_EVAL_DATA"))
    parser.add_argument("--orders", type=int, default=20)
    parser.add_argument("--plot", metavar="FOLDER", help="also draw it as PNG and HTML there")
    arguments = parser.parse_args()
    if not arguments.data or not Path(arguments.data).is_dir():
        sys.exit("--data or GEARSHIFT_EVAL_DATA must name the folder of the recorded outcomes")
    work = partial(_order, Path(arguments.data))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = [one for part in pool.map(work, range(arguments.orders)) for one in part]
    table = _table(found, arguments.orders)
    print(table)
    _write(f"{_stamp(arguments.orders)}\n\n{table}\n\n{_chart(found)}")
    if arguments.plot:
        _draw(found, Path(arguments.plot))


def _order(folder: Path, seed: int) -> list[Reached]:
    """Everything for one random order."""
    files = _loaded(folder)
    found = []
    for name in (*FILES, _POOLED):
        parts = [files[name]] if name in files else list(files.values())
        found += _followed(name, parts, seed)
    return found


_CACHE: dict[Path, dict[str, Recorded]] = {}


def _loaded(folder: Path) -> dict[str, Recorded]:
    if folder not in _CACHE:
        everything = load(folder)
        _CACHE[folder] = {name: everything[name] for name in FILES}
    return _CACHE[folder]


def _followed(name: str, parts: list[Recorded], seed: int) -> list[Reached]:
    readings = tuple(one for part in parts for one in part.prompts.readings)
    prompts = Prompts(readings, np.concatenate([part.prompts.graded for part in parts]))
    gap = np.concatenate([part.outcomes.gap for part in parts])
    losses = (gap > 0).astype(np.float64)
    order = np.random.default_rng(seed).permutation(len(gap))
    found = []
    for after in AFTER:
        seen, rest = order[:after], order[after:]
        if len(rest) < _LEAST_REST:
            continue
        training, tuning = seen[::2], seen[1::2]
        model = fit(prompts.select(training), gap[training], seed=seed)
        learned = np.zeros(len(gap))
        others = np.concatenate((tuning, rest))
        learned[others] = scores_of(model, prompts.select(others))
        rule = prompts.rule_scores
        plans = {
            "rule": [(rule, seen, DELTA)],
            "learned": [(learned, tuning, DELTA)],
            "better": [(rule, seen, DELTA / 2), (learned, tuning, DELTA / 2)],
        }
        for way, plan in plans.items():
            found.append(_reached(name, after, way, plan, losses, rest))
    return found


def _reached(
    stream: str,
    after: int,
    way: str,
    plan: list[tuple[Floats, Rows, float]],
    losses: Floats,
    rest: Rows,
) -> Reached:
    """Of the scorers of a plan, the one that may send most to the small model."""
    chosen = []
    for scores, judged, delta in plan:
        given = JudgedScores(scores[judged], losses[judged])
        found = choose(given, alpha=ALPHA, delta=delta, risk=Risk.ANSWERS)
        if isinstance(found, Chosen):
            chosen.append((found.share, scores[rest] < found.threshold))
    is_small = max(chosen, key=lambda one: one[0])[1] if chosen else np.zeros(len(rest), bool)
    worse = float((losses[rest] * is_small).mean())
    return Reached(stream, after, way, float(is_small.mean()), worse)


def _table(found: list[Reached], orders: int) -> str:
    lines = [
        "| stream | after | rule: to the small model | worse | learned: to the small model | worse "
        "| the better: to the small model | worse | orders above 5 % worse |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for stream in dict.fromkeys(one.stream for one in found):
        for after in AFTER:
            cells, broken = [], []
            for way in WAYS:
                group = _group(found, stream, after, way)
                if not group:
                    break
                cells += [_spread([one.sent for one in group]), _mean([one.worse for one in group])]
                broken.append(f"{sum(one.worse > ALPHA for one in group)}")
            if cells:
                shown = f"{' / '.join(broken)} of {orders}"
                lines.append(f"| {stream} | {after:,} | {' | '.join(cells)} | {shown} |")
    return "\n".join(lines)


def _group(found: list[Reached], stream: str, after: int, way: str) -> list[Reached]:
    return [one for one in found if (one.stream, one.after, one.way) == (stream, after, way)]


def _spread(values: list[float]) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{100 * np.mean(values):.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def _mean(values: list[float]) -> str:
    return f"{100 * np.mean(values):.1f} %"


def _chart(found: list[Reached]) -> str:
    """The pooled stream as a chart that Markdown readers draw from text."""
    points = [after for after in AFTER if _group(found, _POOLED, after, "rule")]
    axis = ", ".join(f'"{after:,}"' for after in points)
    lines = []
    for way in WAYS:
        means = [
            100 * np.mean([one.sent for one in _group(found, _POOLED, after, way)])
            for after in points
        ]
        lines.append(f"  line [{', '.join(f'{mean:.1f}' for mean in means)}]")
    return (
        "Pooled stream; the lines are the rule, the learned scorer, and the better of both:\n\n"
        "```mermaid\nxychart-beta\n"
        f'  x-axis "requests judged" [{axis}]\n'
        '  y-axis "% to the small model" 0 --> 100\n' + "\n".join(lines) + "\n```"
    )


def _draw(found: list[Reached], folder: Path) -> None:
    import vl_convert

    rows = [
        {"stream": one.stream, "after": one.after, "scorer": one.way, "sent": one.sent}
        for one in found
    ]
    x = {"field": "after", "type": "quantitative", "scale": {"type": "log"}}
    y = {"field": "sent", "type": "quantitative", "title": "to the small model"}
    colour = {"field": "scorer", "type": "nominal"}
    line = {"type": "line", "point": True}
    layers = [
        {"mark": line, "encoding": {"x": x, "y": {**y, "aggregate": "mean"}, "color": colour}},
        {
            "mark": {"type": "errorband", "extent": "stdev"},
            "encoding": {"x": x, "y": y, "color": colour},
        },
    ]
    chart = {
        "data": {"values": rows},
        "facet": {"field": "stream", "columns": 2},
        "spec": {"width": 300, "height": 180, "layer": layers},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stream.png").write_bytes(vl_convert.vegalite_to_png(chart, scale=2))
    (folder / "stream.html").write_text(vl_convert.vegalite_to_html(chart, bundle=True), "utf-8")


def _stamp(orders: int) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("gearshift", "numpy", "scipy"))
    return f"{datetime.now(UTC):%Y-%m-%d}, {packages}; {orders} random orders of each stream."


def _write(text: str) -> None:
    begin, end = "<!-- stream: written by benchmarks.stream -->", "<!-- end of stream -->"
    document = DOCUMENT.read_text("utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    DOCUMENT.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document), "utf-8")


if __name__ == "__main__":
    main()
