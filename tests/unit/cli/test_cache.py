"""The command: whom it asks, in which order, and what it says when nobody is there."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from click.testing import CliRunner
from tests.fakes.ports import reserved_port
from tests.fakes.redis import ScriptedRedis

from gearshift.cache.contents import Selection
from gearshift.cache.entry import CachedAnswer, encode
from gearshift.cli import cache
from gearshift.cli.cache import command
from gearshift.errors import GearshiftError

FACTS = {"level": "memory", "entries": 2, "bytes": 3000, "tiers": {"simple": 2}, "models": {"": 2}}


class Admin(BaseHTTPRequestHandler):
    """An admin plane that notes what it is asked."""

    asked: ClassVar[list[tuple[str, str, bytes]]] = []
    status = 200
    says = b""

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.asked.append((self.path, self.headers.get("authorization", ""), body))
        facts = FACTS if self.command == "GET" else {"level": "memory", "cleared": 2}
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.says or json.dumps({"memories": [facts]}).encode())

    do_GET = do_POST = _answer  # noqa: N815 - as it calls them

    def log_message(self, *_):
        pass


@pytest.fixture
def admin(monkeypatch):
    monkeypatch.setattr(Admin, "asked", [])
    monkeypatch.setattr(Admin, "status", 200)
    monkeypatch.setattr(Admin, "says", b"")
    with HTTPServer(("127.0.0.1", 0), Admin) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def config(tmp_path):
    def write(**more):
        file = tmp_path / "gearshift.yaml"
        token = {"token": "a-token-of-sixteen"}
        file.write_text(json.dumps({"cache": {"enabled": True} | more, "admin": token}))
        return str(file)

    return write


def run(*arguments):
    return CliRunner().invoke(command, arguments)


def test_what_a_gateway_keeps_is_counted(admin, config):
    done = run("stats", "--config", config(), "--admin-url", admin, "--tier", "simple")
    assert done.output.splitlines() == [
        "memory: 2 entries, 3,000 bytes",
        "  tiers: simple 2",
        "  models: unknown 2",
    ]
    assert Admin.asked == [("/admin/api/cache?tier=simple", "Bearer a-token-of-sixteen", b"")]
    done = run("stats", "--config", config(), "--admin-url", admin, "--json")
    assert json.loads(done.stdout) == {"levels": [FACTS]}


def test_clearing_is_asked_about(admin, config, monkeypatch):
    chosen = ("--config", config(), "--admin-url", admin, "--model", "m")
    done = run("clear", *chosen)
    assert (done.exit_code, Admin.asked) == (2, [])
    assert "add --yes" in done.output
    done = run("clear", *chosen, "--yes")
    assert done.output == "memory: 2 entries cleared\n"
    assert Admin.asked[0][::2] == ("/admin/api/cache/clear", b'{"model": "m"}')
    assert json.loads(run("clear", *chosen, "--yes", "--json").stdout)["levels"][0]["cleared"] == 2


def test_what_is_asked_says_what_would_be_cleared():
    assert cache._told(Selection()) == "all cached answers"
    told = cache._told(Selection(tier="simple", model="m"))
    assert told == "the cached answers of tier simple, model m"


def test_a_cache_that_is_off_is_said(config):
    done = run("stats", "--config", config(enabled=False))
    assert isinstance(done.exception, GearshiftError)
    assert "cache.enabled" in str(done.exception)


def test_nobody_there(config):
    with reserved_port() as port:
        done = run("stats", "--config", config(), "--admin-url", f"http://127.0.0.1:{port}")
    assert isinstance(done.exception, GearshiftError)
    assert "Connection refused; start it, or name another" in str(done.exception)


@pytest.mark.parametrize(
    ("status", "says", "message"),
    [
        (401, b'{"error": {"message": "missing or invalid admin token"}}', "admin token"),
        (404, b"nothing", "status 404"),
        (200, b"<html>", "is not the admin plane"),
        (200, b"{}", "is not the admin plane"),
    ],
)
def test_somebody_else_is_there(admin, config, monkeypatch, status, says, message):
    monkeypatch.setattr(Admin, "status", status)
    monkeypatch.setattr(Admin, "says", says)
    done = run("stats", "--config", config(), "--admin-url", admin)
    assert isinstance(done.exception, GearshiftError)
    assert message in str(done.exception)


def test_an_address_that_is_none(config):
    assert "must start with http" in run("stats", "--config", config(), "--admin-url", "x").output


async def test_redis_is_asked_itself_also_without_a_gateway(config):
    kept = CachedAnswer("openai", False, "", None, 0.0, (b"x",), ("simple", "m"))
    async with ScriptedRedis() as redis:
        redis.values[b"gearshift:1:answer:1"] = encode("answer:1", kept)
        redis.values[b"gearshift:1:answer:2"] = b"garbage"
        file = config(redis_url=redis.url)
        with reserved_port() as port:
            nobody = f"http://127.0.0.1:{port}"
            arguments = ("--config", file, "--admin-url", nobody)
            done = await asyncio.to_thread(run, "stats", *arguments)
            assert "redis: 2 entries" in done.stdout
            assert "only Redis is included" in done.stderr
            clear = ("clear", *arguments, "--tier", "simple", "--yes", "--json")
            done = await asyncio.to_thread(run, *clear)
        assert json.loads(done.stdout) == {"levels": [{"level": "redis", "cleared": 1}]}
        assert list(redis.values) == [b"gearshift:1:answer:2"]
        redis.error = "NOAUTH Authentication required."
        done = await asyncio.to_thread(run, "stats", *arguments)
        assert "NOAUTH, it wants a password" in str(done.exception)
