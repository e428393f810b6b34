"""A real `gearshift serve`: llama.cpp with the demo models, and the scripted upstream."""

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
from gearshift.providers.demo_model import CONTEXT_TOKENS, demo_models, demo_reply

TIERS: Final = {"simple": "gemma2:2b", "complex": "mistral:7b-instruct"}
_END_SECONDS: Final = 40


@contextmanager
def running_gateway(folder: Path, scripted: ScriptedUpstream) -> Iterator[At]:
    """One on free ports, with its files in a folder."""
    paths = {TIERS[tier]: str(file) for tier, file in demo_models(TIERS, folder).items()}
    settings = {
        "upstreams": [
            {
                "name": "demo",
                "provider": "embedded",
                "model_paths": paths,
                "context_tokens": CONTEXT_TOKENS,
            },
            {
                "name": "scripted",
                "provider": "openai",
                "base_url": f"{scripted.url}/v1",
                "models": [*MODELS],
            },
        ],
        "decision_log": {"enabled": False},
    }
    (folder / "gearshift.yaml").write_text(json.dumps(settings))
    own = {k: v for k, v in os.environ.items() if not k.startswith("GEARSHIFT_")}
    command = [sys.executable, "-m", "gearshift", "serve", "--port", "0", "--admin-port", "0"]
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--config", "gearshift.yaml"],
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
        replies = {tier: demo_reply(tier, [*TIERS.values()]) for tier in TIERS}
        yield At(found[1], scripted.url, replies, TIERS)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_END_SECONDS)
