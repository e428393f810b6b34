"""The texts on which scoring is timed: one of each size, hundreds of each size, hostile ones."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path

import yaml

SIZES = {"60": 60, "500": 500, "4k": 4_000, "32k": 32_000, "200k": 200_000}
EACH = 300
_GOLDEN = Path(__file__).parent.parent / "tests" / "golden"

PARAGRAPH = (
    "I run a small bakery with two ovens; every Friday the second one trips the fuse after about "
    "forty minutes. Could you explain what may cause this, and compare replacing the fuse with "
    "calling an electrician? First list the checks that I can do safely, then write a short Python "
    "script that logs the temperature every minute. My budget is 400 euros. The oven was mended in "
    "spring; since then the bread has been fine, the neighbours are happy, and nothing else in the "
    "house has changed, except that we bought a new fridge, a lamp and three wooden shelves. "
)


def texts() -> dict[str, str]:
    """One ordinary text of each size."""
    return {name: (PARAGRAPH * (size // len(PARAGRAPH) + 1))[:size] for name, size in SIZES.items()}


def prompts(files: Sequence[Path] = ()) -> list[str]:
    """The prompts of files as `gearshift evaluate` reads them, or those of tests/golden."""
    if not files:
        names = sorted(_GOLDEN.glob("*.yaml"))
        cases = [c for name in names for c in yaml.safe_load(name.read_text("utf-8"))["cases"]]
        return [case["text"] for case in cases if isinstance(case.get("text"), str)]
    found: list[str] = []
    for file in files:
        with (
            gzip.open(file, "rt") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines
        ):
            found += (json.loads(line)["prompt"] for line in lines)
    return found


def varied(prompts: Sequence[str]) -> dict[str, list[str]]:
    """Different texts of each size: prompts in random order, one behind the other, cut at the size.

    Short ones begin with different prompts; where there are too few for the long ones, prompts
    come again in another order.
    """
    draw = random.Random(7)  # always the same texts
    return {
        name: [_joined(prompts, size, draw) for _ in range(EACH)] for name, size in SIZES.items()
    }


def _joined(prompts: Sequence[str], size: int, draw: random.Random) -> str:
    pieces: list[str] = []
    length = 0
    while length < size:
        pieces.append(draw.choice(prompts))
        length += len(pieces[-1]) + 1
    return "\n".join(pieces)[:size]


def adversarial(size: int = 200_000) -> dict[str, str]:
    """Texts that make careless patterns slow, and texts made of what scoring looks for."""
    units = {
        "when and": "when and ",
        "first then": "first then ",
        "newlines": "\n",
        "digits": "1",
        "quotes": '"',
        "one word": "a",
        "Chinese": "为什么要比较",
        "openings": "<context>",
        "brackets": "<",
        "opened tokens": "<|im_start|>",
        "turns, tokens": "<|im_start|>user\nhi<|im_end|>\n",
        "turns, [INST]": "[INST] hi [/INST] ho</s>",
        "turns, headings": "### User:\nhi\n",
        "turns, names": "USER: hi\nASSISTANT: ho\n",
        "closing tokens": "<s>[INST]</s>",
        "gaps": "<|fim_prefix|>a<|fim_suffix|>",
        "data URLs": "data:image/png;a=b;",
        "base64": "A1bC" * 16 + "\n",
        "half base64": "A1b" * 66 + " ",
        "titles": "write a title for this chat, ",
    }
    made = {name: unit * (size // len(unit)) for name, unit in units.items()}
    return made | {"names and a cue": "USER: \n" * (size // 7) + "ASSISTANT:"}
