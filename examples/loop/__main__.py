"""Runs the loop from beginning to end on the embedded engine: `make loop`.

Usage: python -m examples.loop [--requests N] [--json]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from examples.loop.gateway import Gateway
from examples.loop.truth import is_worse, traffic

_ALPHA = 0.05
_CONFIG = """tiered_routing:
  complexity_threshold: 3
  scorer: rule
quality:
  shadow_share: 1.0
  shadow_share_complex: 1.0
  judge: examples.loop.truth:TrueJudge
  max_waiting: 5000
  daily_tokens: 100000000
decision_log:
  store_prompts: true
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=600, help="in each of the three phases")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gearshift-loop-") as folder:
        found = _loop(Path(folder), arguments.requests, say=not arguments.json)
    if arguments.json:
        print(json.dumps(found))


def _loop(folder: Path, count: int, *, say: bool) -> dict[str, Any]:
    config, model = folder / "config.yaml", folder / "learned.npz"
    config.write_text(_CONFIG)
    told = print if say else lambda *_: None
    with Gateway(folder, config) as gateway:
        told(f"1. {count} requests; both models answer, the judge compares")
        _send(gateway, count, seed=1)
        told("2. what the rule may send to the small model: gearshift tune")
        rule = gateway.command("tune", "--alpha", str(_ALPHA), "--risk", "answers")
        told(f"   {_tuned(rule)}")
        told("3. a scorer from the same answers: gearshift train")
        trained = gateway.command("train", "--out", str(model))
        told(f"   {_trained(trained)}")
        told("4. both on live traffic: gearshift experiment start")
        scorers = f"rule,{model}"
        gateway.command("experiment", "start", "scorers", "--scorers", scorers)
        gateway.until_experiment()
        _send(gateway, count, seed=2)
        ask = ("experiment", "status", "scorers")
        told(f"   {_experiment(gateway.command(*ask))['result']}")
        status = _experiment(gateway.command_an_hour_later(*ask))
        told(f"   in an hour: {status['result']}")
        gateway.command("experiment", "stop", "scorers")
        told("5. switch, and tune it on answers that it was not trained on")
        config.write_text(_CONFIG.replace("scorer: rule", f"scorer: {model}"))
        gateway.until_scorer("learned")
        _send(gateway, count, seed=3)
        learned = gateway.command("tune", "--alpha", str(_ALPHA), "--risk", "answers", "--apply")
        told(f"   {_tuned(learned)}")
        gateway.until_threshold(learned["threshold"])
        told("6. the truth, on new traffic")
        after = _truth(gateway, count)
        told(
            f"   {100 * after['simple']:.0f} % go to the small model; "
            f"{100 * after['worse']:.1f} % of all answers are worse (promised: {100 * _ALPHA:g} %)"
        )
    return {"rule": rule, "trained": trained, "experiment": status, "learned": learned, **after}


def _send(gateway: Gateway, count: int, seed: int) -> None:
    before = gateway.judged()
    for number, (prompt, _) in enumerate(traffic(count, seed)):
        gateway.ask(prompt, session=f"{seed}-{number}")
    gateway.until_judged(before + count)


def _experiment(found: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = found["experiments"][0]
    return one


def _truth(gateway: Gateway, count: int) -> dict[str, float]:
    """What really happens to new requests."""
    prompts = [prompt for prompt, _ in traffic(count, seed=4)]
    small = [gateway.tier(prompt) == "simple" for prompt in prompts]
    worse = [went and is_worse(prompt) for prompt, went in zip(prompts, small, strict=True)]
    return {"simple": sum(small) / count, "worse": sum(worse) / count}


def _tuned(facts: dict[str, Any]) -> str:
    if "refused" in facts:
        return f"nothing can be promised: {facts['refused']}"
    return (
        f"threshold {facts['threshold']:g}: {100 * facts['share_simple']:.0f} % to the small model"
    )


def _trained(facts: dict[str, Any]) -> str:
    scorers = facts["scorers"]
    named = ", ".join(f"{name} {one['apgr']:.2f}" for name, one in scorers.items())
    return f"APGR on prompts it has not seen: {named}"


if __name__ == "__main__":
    main()
