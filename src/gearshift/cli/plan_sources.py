"""What a plan is for: the load at one threshold or several; here, as it is stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import click

from gearshift.capacity.fleet import Costs
from gearshift.capacity.servers import BatchingServer
from gearshift.capacity.workload import Speed, Workload, stated
from gearshift.cli.plan_tiers import TierSpec
from gearshift.config.loading import Settings
from gearshift.constants.model_sizes import parameters_of
from gearshift.types import JsonObject


@dataclass(frozen=True, slots=True)
class Load:
    """What arrives at one threshold.

    Attributes:
        threshold: `None` where shares are stated.
        is_safe: Whether it may be recommended: it is the current one, or has a guarantee.
        workloads: By tier, the lowest first; without those that get nothing.
    """

    threshold: float | None
    is_safe: bool
    workloads: Mapping[str, Workload]


@dataclass(frozen=True, slots=True)
class Source:
    """All that is planned for.

    Attributes:
        settings: Sizes, prices and models of the tiers.
        specs: What is stated, by tier.
        servers: A deployment of each tier.
        loads: One or several.
        facts: What is known of the arrivals, as JSON.
        assumptions: What is taken for granted, in words.
    """

    settings: Settings
    specs: Mapping[str, TierSpec]
    servers: Mapping[str, BatchingServer]
    loads: Sequence[Load]
    facts: JsonObject
    assumptions: Sequence[str]

    def costs(self, tier: str, workload: Workload) -> Costs:
        """What a tier costs: as stated, else by the configured prices."""
        spec, model = self.specs[tier], self.settings.first_model(tier)
        price = self.settings.prices.per_million_tokens.get(model)
        parameters = parameters_of(model)
        tokens = workload.prompt + workload.completion
        billed = None
        if price is not None and spec.cost is None:
            paid = workload.prompt * price.input + workload.completion * price.output
            billed = paid / 1e6
        flops = None if parameters is None else 2.0 * parameters * tokens
        return Costs(spec.cost, billed, spec.watts, flops)


def by_name(tiers: Sequence[TierSpec], settings: Settings) -> dict[str, TierSpec]:
    """A spec for each configured tier, empty where nothing is stated of it."""
    names = [tier.name for tier in settings.tiered_routing.ordered_tiers]
    found: dict[str, TierSpec] = {}
    for spec in tiers:
        if spec.name not in names:
            raise click.UsageError(f"--tier {spec.name}: there are {', '.join(names)}")
        if spec.name in found:
            raise click.UsageError(f"--tier {spec.name}: is given twice; join its values by commas")
        found[spec.name] = spec
    return {name: found.get(name, TierSpec(name)) for name in names}


def with_tokens(
    specs: Mapping[str, TierSpec], prompt: float | None, completion: float | None
) -> dict[str, TierSpec]:
    """The specs, with the tokens that are stated of all tiers where a tier has none of its own."""
    return {
        name: replace(
            spec,
            prompt=prompt if spec.prompt is None else spec.prompt,
            completion=completion if spec.completion is None else spec.completion,
        )
        for name, spec in specs.items()
    }


def stated_source(
    settings: Settings,
    specs: Mapping[str, TierSpec],
    rate: float,
    variation: float,
    dispersion: float,
) -> Source:
    """A load of which only means are known.

    Raises:
        click.UsageError: Something is missing, or the shares are not those of one whole.
    """
    shares = _shares(specs)
    workloads: dict[str, Workload] = {}
    servers: dict[str, BatchingServer] = {}
    for name, spec in specs.items():
        if not shares[name]:
            continue
        missing = [key for key in ("decode", "prefill") if getattr(spec, key) is None]
        if missing:
            given = ",".join(f"{key}=TOKENS_PER_SECOND" for key in missing)
            raise click.UsageError(f"how fast is {name}? state it: --tier {name}:{given}")
        for key in ("prompt", "completion"):
            if getattr(spec, key) is None:
                raise click.UsageError(
                    f"how many tokens has a {key} of {name}? state --{key}-tokens for all tiers, "
                    f"or {key}= of this one"
                )
        share = shares[name]
        servers[name] = _server(spec)
        workloads[name] = stated(
            rate * share,
            stated_speed(spec),
            prompt=spec.prompt or 0.0,
            completion=spec.completion or 0.0,
            variation=variation,
            dispersion=1.0 + share * (dispersion - 1.0),
        )
    assumptions = [
        f"arrivals are independent of each other, with dispersion {dispersion:g}",
        f"tokens of prompts and answers are log-normal, coefficient of variation {variation:g}",
        *_unstated(specs, workloads),
    ]
    facts = {"source": "stated", "rate": rate, "dispersion": dispersion, "variation": variation}
    return Source(settings, specs, servers, [Load(None, True, workloads)], facts, assumptions)


def _shares(specs: Mapping[str, TierSpec]) -> dict[str, float]:
    given = {name: spec.share for name, spec in specs.items() if spec.share is not None}
    missing = [name for name in specs if name not in given]
    total = sum(given.values())
    if total > 1 + 1e-9 or (not missing and total < 1 - 1e-9):
        raise click.UsageError(f"the shares of the tiers add up to {total:g}, not to 1")
    if len(missing) > 1:
        raise click.UsageError(
            f"what share of the requests is for {', '.join(missing)}? state it of all tiers but "
            f"one: --tier {missing[0]}:share=0.6,…"
        )
    return {name: given.get(name, max(0.0, 1.0 - total)) for name in specs}


def _server(spec: TierSpec) -> BatchingServer:
    return BatchingServer(spec.slots or 1, 1.0 if spec.slowdown is None else spec.slowdown)


def stated_speed(spec: TierSpec) -> Speed:
    """How fast a tier's model is said to be."""
    return Speed(spec.prefill or float("inf"), spec.decode or float("inf"), spec.overhead or 0.0)


def _unstated(specs: Mapping[str, TierSpec], tiers: Mapping[str, Workload]) -> list[str]:
    said = []
    for name in tiers:
        if specs[name].slots is None:
            said.append(f"{name}: one request at a time (slots=1); state slots= if it is more")
        elif specs[name].slowdown is None:
            said.append(
                f"{name}: requests share what one would have (slowdown=1), which is cautious; "
                "state slowdown= if batching gains something"
            )
    return said
