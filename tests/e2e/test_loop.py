"""The tutorial's loop, in small: what it promises is what happens."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(300)
def test_the_loop_ends_with_a_promise_that_is_kept():
    done = subprocess.run(
        [sys.executable, "-m", "examples.loop", "--requests", "250", "--json"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    scorers = found["trained"]["scorers"]
    assert scorers["learned, cross-validated"]["apgr"] > scorers["rule"]["apgr"]
    assert not found["experiment"]["result"].startswith("too early")
    assert all(arm["settled"] > 20 for arm in found["experiment"]["arms"])
    assert found["learned"]["applied"]
    assert found["simple"] > 0.1
    assert found["worse"] <= 0.08  # 5 % are promised, and 250 answers are a small sample
