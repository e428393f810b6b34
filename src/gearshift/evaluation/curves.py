"""Cost-quality curves: a Vega-Lite chart of what each scorer recovers at each cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from gearshift.errors import GearshiftError
from gearshift.evaluation.measures import Ranking
from gearshift.evaluation.outcomes import Floats, Outcomes
from gearshift.evaluation.scoring import Scored
from gearshift.extras import extra

_POINTS: Final = np.linspace(0.0, 1.0, 101)
_ROUNDS: Final = 200
_LEVEL: Final = (2.5, 97.5)
_PLAIN: Final = ("random", "length", "oracle")
_LEFT_OUT: Final = ("always-small", "always-large")
# Okabe and Ito's palette, which colour-blind readers can tell apart.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_GREYS: Final = ("#999999", "#666666", "#BBBBBB")


def write_curves(
    outcomes: Outcomes, scores: Mapping[str, Scored], folder: Path, *, seed: int
) -> tuple[Path, Path]:
    """Draw the curves as a picture and as a page; where both are.

    Args:
        outcomes: What the models achieved.
        scores: Every scorer's scores, baselines included.
        folder: Made if it is not there.
        seed: Of the resamples behind the bands.

    Raises:
        GearshiftError: The folder cannot be written to.
        MissingExtraError: vl-convert is not installed.
    """
    with extra("quality", "a picture of the curves"):
        import vl_convert
    chart = curve_chart(outcomes, scores, seed=seed)
    picture, page = (folder / f"{outcomes.name}.{kind}" for kind in ("png", "html"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(vl_convert.vegalite_to_png(chart, scale=2))
        page.write_text(vl_convert.vegalite_to_html(chart, bundle=True), "utf-8")
    except OSError as error:
        raise GearshiftError(f"{folder}: curves cannot be written: {error.strerror}") from error
    return picture, page


def curve_chart(outcomes: Outcomes, scores: Mapping[str, Scored], *, seed: int) -> dict[str, Any]:
    """The chart as Vega-Lite: mean quality over the share sent, 95 % bands for real scorers."""
    shown = [name for name in scores if name not in _LEFT_OUT]
    low, gain = float(outcomes.weak.mean()), float(outcomes.gap.mean())
    rows: list[dict[str, Any]] = []
    for name in shown:
        ranking = Ranking(scores[name].values, outcomes)
        middle = _at_points(ranking, np.ones(len(outcomes.prompts)))
        below, above = (middle, middle) if name in _PLAIN else _band(ranking, outcomes, seed)
        for point, *values in zip(_POINTS, middle, below, above, strict=True):
            quality, least, most = (round(low + gain * value, 4) for value in values)
            rows.append(
                {"scorer": name, "sent": point, "quality": quality, "low": least, "high": most}
            )
    return _chart(outcomes, shown, rows)


def _at_points(ranking: Ranking, weights: Floats) -> Floats:
    sent, recovered = ranking.curve(weights)
    return np.interp(_POINTS, sent, recovered)


def _band(ranking: Ranking, outcomes: Outcomes, seed: int) -> tuple[Floats, Floats]:
    """Of the recovered share, in units of the whole sample's gap; both models' means fixed."""
    random, size = np.random.default_rng(seed), len(outcomes.prompts)
    resampled = []
    for _ in range(_ROUNDS):
        weights = np.bincount(random.integers(0, size, size), minlength=size).astype(np.float64)
        resampled.append(_at_points(ranking, weights))
    low, high = np.nanpercentile(np.array(resampled), _LEVEL, axis=0)
    return low, high


def _chart(outcomes: Outcomes, shown: list[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    real = [name for name in shown if name not in _PLAIN]
    plain = [name for name in shown if name in _PLAIN]
    colours = [*(_COLOURS[number % len(_COLOURS)] for number in range(len(real))), *_GREYS]
    colour = {
        "field": "scorer",
        "type": "nominal",
        "title": None,
        "legend": {"symbolOpacity": 1, "symbolType": "stroke", "symbolSize": 300},
        "scale": {"domain": [*real, *plain], "range": colours[: len(shown)]},
    }
    sent = {
        "field": "sent",
        "type": "quantitative",
        "title": "share of prompts sent to the large model",
        "axis": {"format": "%"},
    }
    quality = {"type": "quantitative", "scale": {"zero": False}, "title": "mean quality"}
    is_plain = {"field": "scorer", "oneOf": plain}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {
            "text": f"{outcomes.name}: quality by cost",
            "subtitle": f"{len(outcomes.prompts):,} prompts; bands: 95 % bootstrap",
            "anchor": "start",
        },
        "width": 560,
        "height": 360,
        "background": "white",
        "config": {"legend": {"symbolStrokeWidth": 3}, "axis": {"labelFontSize": 12}},
        "data": {"values": rows},
        "layer": [
            {
                "transform": [{"filter": {"not": is_plain}}],
                "mark": {"type": "area", "opacity": 0.15},
                "encoding": {
                    "x": sent,
                    "y": {"field": "low", **quality},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {
                    "x": sent,
                    "y": {"field": "quality", **quality},
                    "color": colour,
                    "strokeDash": {
                        "condition": {"test": is_plain, "value": [4, 3]},
                        "value": [1, 0],
                    },
                    "tooltip": [
                        {"field": "scorer"},
                        {"field": "sent", "format": ".0%"},
                        {"field": "quality", "format": ".3f"},
                    ],
                },
            },
        ],
    }
