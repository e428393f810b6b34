"""`gearshift plan`: how many deployments each tier needs, and what they cost."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from gearshift.cli.options import config_option, json_option, load, print_json
from gearshift.cli.plan_tiers import TierSpec, TierType
from gearshift.extras import require

if TYPE_CHECKING:  # numpy is imported only when something is planned
    from gearshift.capacity.fleet import FleetPlan
    from gearshift.capacity.plan import ImpossibleError, Targets
    from gearshift.cli.plan_sources import Load, Source


class _Number(click.FloatRange):
    """A range that NaN, which compares with nothing, is not in."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


_POSITIVE: Final = _Number(min=0, min_open=True, max=1e9)
_SEED: Final = 1


@click.command(name="plan")
@click.option("--rate", type=_POSITIVE, help="Requests per second. Default: the log's peak hour.")
@click.option(
    "--growth",
    type=_POSITIVE,
    default=1.0,
    help="Times as many requests as that.",
    show_default=True,
)
@click.option(
    "--tier",
    "tiers",
    type=TierType(),
    multiple=True,
    metavar="NAME:KEY=VALUE,…",
    help="What is stated of a tier: share (0-1); decode, prefill (tokens per second of one request "
    "alone); overhead (seconds); slots (requests at once); slowdown (0-1, how much longer each "
    "takes for one more at once); prompt, completion (mean tokens); cost (per hour and "
    "deployment); watts; p95, first-token (targets of this tier, seconds).",
)
@click.option("--prompt-tokens", type=_POSITIVE, help="Mean of a prompt, without --rate as logged.")
@click.option("--completion-tokens", type=_POSITIVE, help="Mean of an answer.")
@click.option(
    "--variation",
    type=_Number(0, 10),
    default=1.0,
    show_default=True,
    help="Coefficient of variation of stated tokens.",
)
@click.option(
    "--dispersion",
    type=_Number(0.01, 100),
    help="Of arrivals: 1 is Poisson, more are bursts. Default: 1, or as logged.",
)
@click.option("--p95-seconds", type=_POSITIVE, help="Target: 95 % of answers are complete by then.")
@click.option("--first-token-seconds", type=_POSITIVE, help="Target: 95 % have begun by then.")
@click.option(
    "--utilisation",
    type=_Number(0, 0.95, min_open=True),
    default=0.8,
    show_default=True,
    help="Target: the load takes at most this share of what the deployments can do.",
)
@click.option(
    "--threshold",
    "thresholds",
    type=_Number(0, 10),
    multiple=True,
    metavar="X",
    help="Threshold to plan for, from the log; may be repeated. Default: the current one, and the "
    "highest one with a guarantee (alpha 0.05), if there is one.",
)
@click.option(
    "--spare",
    type=click.IntRange(0, 1000),
    default=0,
    help="Deployments that may be down, per tier.",
)
@click.option(
    "--balancing",
    type=click.Choice(("least-busy", "random")),
    default="least-busy",
    show_default=True,
    help="How requests are divided among the deployments of a tier.",
)
@click.option(
    "--since", default="7d", show_default=True, metavar="SPAN", help="How much of the log is read."
)
@config_option
@json_option
def command(
    rate: float | None,
    growth: float,
    tiers: tuple[TierSpec, ...],
    prompt_tokens: float | None,
    completion_tokens: float | None,
    variation: float,
    dispersion: float | None,
    p95_seconds: float | None,
    first_token_seconds: float | None,
    utilisation: float,
    thresholds: tuple[float, ...],
    spare: int,
    balancing: str,
    since: str,
    config: str | None,
    as_json: bool,
) -> None:
    r"""Find the fewest deployments of each tier with which targets are met, and what they cost.

    The load comes from the decision log (arrivals of the busiest hour, tokens, times of each
    model, hits of the cache) or is stated: --rate, --prompt-tokens, --completion-tokens and, for
    each tier, --tier NAME:decode=…,prefill=…,slots=…,share=…. Requests are simulated one by one;
    a target is met if the upper end of the 95 % interval over five runs is within it. If no number
    of deployments meets the targets, the exit status is 1.

    \b
    Example:
      gearshift plan --rate 20 --prompt-tokens 400 --completion-tokens 200 --p95-seconds 15 \
        --tier simple:share=0.6,decode=80,prefill=4000,slots=16,slowdown=0.05,cost=0.8 \
        --tier complex:decode=45,prefill=2000,slots=16,slowdown=0.05,cost=2.5
    """
    settings = load(config)
    require("plan", "planning", "simpy")
    from gearshift.capacity.plan import Targets
    from gearshift.cli.plan_log import logged_source
    from gearshift.cli.plan_report import facts_of, print_plan
    from gearshift.cli.plan_sources import by_name, stated_source, with_tokens

    specs = by_name(tiers, settings)
    if rate is None:
        if prompt_tokens or completion_tokens:
            raise click.UsageError("--prompt-tokens and --completion-tokens need --rate")
        source = logged_source(settings, specs, since, growth, dispersion, thresholds)
    else:
        if thresholds:
            raise click.UsageError("--threshold needs the scores of the log; leave out --rate")
        specs = with_tokens(specs, prompt_tokens, completion_tokens)
        source = stated_source(settings, specs, rate * growth, variation, dispersion or 1.0)
    targets = {
        name: Targets(spec.p95 or p95_seconds, spec.first_token or first_token_seconds, utilisation)
        for name, spec in specs.items()
    }
    plans = _plans(source, targets, spare, balancing)
    facts = facts_of(source, plans, targets, balancing)
    print_json(facts) if as_json else print_plan(facts)


def _plans(
    source: Source, targets: Mapping[str, Targets], spare: int, balancing: str
) -> list[FleetPlan | ImpossibleError]:
    """A fleet for each load, or why there is none.

    Raises:
        ImpossibleError: There is none for any of those that may be recommended.
    """
    from gearshift.capacity.plan import ImpossibleError

    found: list[FleetPlan | ImpossibleError] = []
    for each in source.loads:
        try:
            found.append(_fleet(source, each, targets, spare, balancing))
        except ImpossibleError as error:
            found.append(error)
        finally:
            _report("")
    errors = [one for one in found if isinstance(one, ImpossibleError)]
    if all(isinstance(one, ImpossibleError) or not one.is_safe for one in found):
        raise errors[0]
    return found


def _fleet(
    source: Source, load: Load, targets: Mapping[str, Targets], spare: int, balancing: str
) -> FleetPlan:
    from gearshift.capacity.fleet import FleetPlan, PlannedTier
    from gearshift.capacity.plan import Demand, plan
    from gearshift.capacity.simulation import Balancing

    tiers = []
    for name, workload in load.workloads.items():
        demand = Demand(name, workload, source.servers[name], targets[name])
        planned = plan(demand, seed=_SEED, balancing=Balancing(balancing), report=_report)
        tiers.append(PlannedTier(planned, source.costs(name, workload), spare))
    return FleetPlan(load.threshold, load.is_safe, tuple(tiers))


def _report(text: str) -> None:
    """What is being simulated: one line of a terminal, that the next one overwrites."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)
