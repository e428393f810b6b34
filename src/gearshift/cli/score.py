"""`gearshift score`: the score of a text or of a file of them, with what it is made of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
import orjson

from gearshift.cli.offline import ROWS_TO_SCORE, Offline, offline_options, progress
from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.config.loading import Settings
from gearshift.errors import GearshiftError
from gearshift.evaluation.jsonl import Line, read_lines, standard_input
from gearshift.tiered_routing.complexity_scorer import ComplexityResult
from gearshift.tiered_routing.scorer import ExplainingScorer, Scorer
from gearshift.tiered_routing.scorer_loading import load_scorer
from gearshift.types import JsonObject


@click.command(name="score")
@click.argument("text", required=False)
@click.option(
    "--jsonl", "file", metavar="FILE", help="Score each line of FILE; `-` is standard input."
)
@click.option(
    "--out", metavar="FOLDER", help="With --from: folder for the files with the scores added."
)
@click.option("--scorer", metavar="NAME", help="Scorer to use instead of the configured one.")
@offline_options
@config_option
@json_option
def command(
    text: str | None,
    file: str | None,
    out: str | None,
    scorer: str | None,
    offline: Offline | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Score TEXT from 0 to 10 and show which tier and model it goes to; nothing is sent.

    `-` reads the text from standard input. With --jsonl, each line is an object with `prompt` or
    `messages`; it is printed with its score, tier, model and factors added. FILE may be gzipped.
    With --from, columns of these names are read, and Parquet files with the scores are written to
    --out, however many rows there are; what was already written is not scored again.
    """
    if sum(given is not None for given in (text, file, offline)) != 1:
        several = ", not several" if text or file else ""
        raise click.UsageError(f"give TEXT, `-`, --jsonl FILE or --from PATH{several}")
    if (out is None) != (offline is None):
        raise click.UsageError("--from and --out belong together")
    settings = load(config, tiered_routing__scorer=scorer)
    if offline is not None and out is not None:
        _score_files(offline, out, settings, as_json)
        return
    loaded = load_scorer(settings.tiered_routing)
    if file is not None:
        _score_lines(file, settings, loaded)
        return
    clean = _clean(text or "")
    result = loaded.score(clean)
    facts = _facts(result, settings, loaded)
    if isinstance(loaded, ExplainingScorer):
        facts["evidence"] = {word.ngram: word.adds for word in loaded.evidence(clean)}
    if as_json:
        print_json(facts)
    else:
        _print_table(facts)
        if not settings.tiered_routing.enabled:
            highest = settings.tiered_routing.ordered_tiers[-1].name
            click.echo(f"tiered routing is disabled: everything goes to {highest}", err=True)


def _score_files(offline: Offline, out: str, settings: Settings, as_json: bool) -> None:
    limits, engine = offline.limits, offline.engine()
    from gearshift.offline.files import DECISIONS, all_files, nothing_in, parts_of, table_files
    from gearshift.offline.scoring import ScorePart, score_files, targets

    load_scorer(settings.tiered_routing)  # its mistakes are told here, once
    files = table_files(offline.source, DECISIONS) or all_files(offline.source)
    if not files:
        raise nothing_in(offline.source, "files to score")
    parts = parts_of(files, ROWS_TO_SCORE, limits)
    models = {
        tier.name: settings.first_model(tier.name) for tier in settings.tiered_routing.ordered_tiers
    }
    names = targets(parts, offline.source, out)
    work = ScorePart(settings.tiered_routing, models, names, limits)
    with progress("scoring", parts) as advance:
        scored = score_files(engine, work, parts, advance)
    facts = {
        "folder": out,
        "files": len(parts),
        "rows": scored.rows,
        "scored": scored.count,
        "by_tier": {name: scored.tiers[name] for name in models},
        "mean_score": scored.mean,
    }
    print_json(facts) if as_json else _print_files(facts)


def _print_files(facts: JsonObject) -> None:
    click.echo(f"{facts['folder']}  {facts['rows']:,} rows in {facts['files']:,} files")
    if facts["scored"] < facts["rows"]:
        click.echo(f"without a text, so without a score: {facts['rows'] - facts['scored']:,}")
    if facts["scored"]:
        click.echo(f"{'mean score':<12}{facts['mean_score']:.2f}")
        for tier, count in facts["by_tier"].items():
            click.echo(f"{tier:<12}{count:,} ({100 * count / facts['scored']:.0f} %)")


def _clean(text: str) -> str:
    """The text, from standard input where it is `-`; broken UTF-8 is replaced, as it would be."""
    raw = standard_input().read() if text == "-" else text.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "replace")


def _facts(result: ComplexityResult, settings: Settings, scorer: Scorer) -> JsonObject:
    return {
        "score": result.score,
        "tier": result.tier,
        "model": settings.first_model(result.tier),
        "factors": dict(result.factors),
        "contributions": dict(result.contributions),
        "reasoning": result.reasoning,
        "threshold": result.threshold,
        "scorer": scorer.name,
        "truncated": result.truncated,
    }


def _print_table(facts: JsonObject) -> None:
    click.echo(f"score      {facts['score']:.2f} of 10")
    click.echo(f"tier       {facts['tier']}")
    click.echo(f"model      {facts['model']}")
    click.echo(f"threshold  {facts['threshold']:g}")
    contributions, factors = facts["contributions"], facts["factors"]
    click.echo(f"\n{'factor':<18}{'value':>7}{'adds':>9}")
    for name in (*factors, *(other for other in contributions if other not in factors)):
        value = f"{factors[name]:.2f}" if name in factors else ""
        adds = f"{contributions[name]:.2f}" if name in contributions else ""
        click.echo(f"{name:<18}{value:>7}{adds:>9}".rstrip())
    for ngram, adds in facts.get("evidence", {}).items():
        click.echo(f"  {ngram!r:<23}{adds:>9.2f}")
    click.echo(f"\n{facts['reasoning']}")


def _score_lines(file: str, settings: Settings, scorer: Scorer) -> None:
    output = sys.stdout.buffer
    with _progress(file) as advance:
        for line in read_lines(file):
            facts = _facts(scorer.score(_task(line)), settings, scorer)
            output.write(orjson.dumps({**line.value, **facts}) + b"\n")
            if file == "-":
                output.flush()  # whoever feeds us line by line may wait for the answer
            advance(line.position)
    output.flush()


def _task(line: Line) -> Any:
    """What of a line is scored: its `messages`, else its `prompt`."""
    value = line.value
    messages, prompt = value.get("messages"), value.get("prompt")
    if messages is not None:
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            raise GearshiftError(f"{line.where}: `messages` must be a list of objects")
        return messages
    if not isinstance(prompt, str):
        keys = ", ".join(map(repr, list(value)[:8])) or "nothing"
        raise GearshiftError(f"{line.where}: needs `prompt` (a string) or `messages`, has {keys}")
    return prompt


@contextmanager
def _progress(file: str) -> Iterator[Any]:
    """A progress bar on a terminal, unless the output itself goes there."""
    size = _size(file)
    if not size or not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda position: None
        return
    bar: Any
    with click.progressbar(length=size, label="scoring", file=sys.stderr) as bar:
        yield lambda position: bar.update(position - bar.pos)


def _size(file: str) -> int:
    try:
        with open(file, "rb") as opened:
            return _end(opened)
    except OSError:
        return 0


def _end(opened: IO[bytes]) -> int:
    return opened.seek(0, 2) if opened.seekable() else 0
