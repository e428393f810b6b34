"""A real `gearshift serve` before llama.cpp with the demo models and the scripted upstream."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clients.case import At
from clients.scripted import MODELS, ScriptedUpstream
from gearshift.providers.demo_model import demo_models, demo_reply

TIERS: Final = {"simple": "gemma2:2b", "complex": "mistral:7b-instruct"}
_END_SECONDS: Final = 40


@contextmanager
def running_gateway(folder: Path, scripted: ScriptedUpstream) -> Iterator[At]:
    """One before both, with its files in a folder."""
    paths = {TIERS[tier]: str(file) for tier, file in demo_models(TIERS, folder).items()}
    settings = {
        "upstreams": [
            {"name": "demo", "provider": "embedded", "model_paths": paths},
            {
                "name": "scripted",
                "provider": "openai",
                "base_url": f"{scripted.url}/v1",
                "models": [*MODELS],
            },
        ],
        "embeddings": {"model": "embedder"},
        "decision_log": {"enabled": False},
    }
    (folder / "gearshift.yaml").write_text(json.dumps(settings))
    with _serving(folder, "--config", "gearshift.yaml") as url:
        yield At(
            url, scripted.url, {tier: demo_reply(tier, [*TIERS.values()]) for tier in TIERS}, TIERS
        )


@contextmanager
def demo_gateway(folder: Path) -> Iterator[str]:
    """One with the demo models alone, which hold longer prompts there; its URL."""
    folder.mkdir()
    with _serving(folder, "--demo") as url:
        yield url


@contextmanager
def _serving(folder: Path, *arguments: str) -> Iterator[str]:
    """A gateway on free ports."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("GEARSHIFT_")}
    command = [sys.executable, "-m", "gearshift", "serve", "--port", "0", "--admin-port", "0"]
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env={**own, "HOME": str(folder)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.match(r"gearshift ready (\S+)", line)
        if found is None:
            sys.exit(f"the gateway did not start: {(folder / 'gateway.log').read_text()}")
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_END_SECONDS)
