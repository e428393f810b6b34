"""Every command that lacks its extra says in one line which one to install, and exits with 2."""

import subprocess
import sys

import pytest
from tests.e2e.conftest import environment

# Runs the command as if modules were not installed.
WITHOUT = (
    "import sys\n"
    "for name in sys.argv.pop(1).split(): sys.modules[name] = None\n"
    "from gearshift.cli.main import main; main()"
)
SERVE = ("serve", "--port", "0", "--admin-port", "0")
POSTGRES = {"GEARSHIFT_DECISION_LOG__URL": "postgresql://127.0.0.1:9/none"}
REDIS = {
    "GEARSHIFT_CACHE__ENABLED": "true",
    "GEARSHIFT_CACHE__REDIS_URL": "redis://127.0.0.1:9",
}
ROW = '{"prompt": "a", "weak_score": 0, "strong_score": 1}\n'


@pytest.mark.parametrize(
    ("extra", "module", "arguments", "variables"),
    [
        ("embedded", "gguf", (*SERVE, "--demo"), {}),
        ("embedded", "xllamacpp", SERVE, {}),
        ("embedded", "xllamacpp", (*SERVE, "--model-path", "a.gguf"), {}),
        ("embedded", "gguf", ("ask", "hello"), {}),
        ("export", "pyarrow", ("export", "--out", "there"), {}),
        ("offline", "duckdb", ("score", "--from", "rows.jsonl", "--out", "there"), {}),
        ("offline", "duckdb", ("train", "--from", ".", "--out", "own.npz"), {}),
        ("ray", "ray", ("score", "--from", "rows.jsonl", "--out", "there", "--engine", "ray"), {}),
        ("otel", "opentelemetry", SERVE, {"GEARSHIFT_OPENTELEMETRY__ENDPOINT": "http://[::1]:9"}),
        ("plan", "simpy", ("plan", "--rate", "1"), {}),
        ("postgres", "psycopg", SERVE, POSTGRES),
        ("postgres", "psycopg", ("stats",), POSTGRES),
        ("redis", "hiredis", SERVE, REDIS),
        ("redis", "hiredis", ("ask", "hello"), REDIS),
        ("quality", "scipy", ("experiment", "status"), {}),
        ("quality", "scipy", ("tune", "rows.jsonl"), {}),
        ("quality", "vl_convert", ("evaluate", "rows.jsonl", "--curves", "there"), {}),
        ("quality", "py3langid", SERVE, {"GEARSHIFT_QUALITY__SHADOW_SHARE": "0.1"}),
        ("quality", "scipy", SERVE, {"GEARSHIFT_QUALITY__AUTO_TUNE__ENABLED": "true"}),
    ],
)
def test_a_missing_extra_is_named(extra, module, arguments, variables, tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    (tmp_path / "rows.jsonl").write_text(ROW * 30)
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, module, *arguments],
        cwd=tmp_path,
        env=environment(**home, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    last = done.stderr.splitlines()[-1]
    assert f'needs an extra: pip install "gearshift[{extra}]"' in last, done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
