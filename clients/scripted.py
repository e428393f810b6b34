"""An OpenAI-compatible upstream that does what models of a few megabytes cannot be made to do.

Its models: `scripted` calls the first tool that it is offered, and then says what the tool said;
`endless` goes on until its client has gone, and counts that; `streaming` answers by streams alone,
whatever tools it is offered; `embedder` counts letters.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

MODELS: Final = ("scripted", "endless", "streaming", "embedder")
CITY: Final = "Paris"
NOTE: Final = "It rains in Paris."
"""What the file says that coding agents are made to read."""
STREAMED: Final = "This answer was streamed."
SAID: Final = "The tool says: "
_OBSERVED: Final = "Observation:\n"
_PAUSE_SECONDS: Final = 0.02
_MOST_PIECES: Final = 3_000
"""A minute: nobody waits longer for a client to leave."""

Json = dict[str, Any]


class ScriptedUpstream(ThreadingHTTPServer):
    """Listens on a free port of this machine.

    Attributes:
        stopped: How many clients have left an endless answer.
        asked: How many answers each model was asked for.
        note: The path of the file that a tool for reading is called with.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stopped = 0
        self.asked = dict.fromkeys(MODELS, 0)
        self.note = "note.txt"

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def scripted_upstream() -> Iterator[ScriptedUpstream]:
    """One that serves in a thread of its own."""
    with ScriptedUpstream() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedUpstream

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the table is the log."""

    def do_GET(self) -> None:
        """The models, and for the tests how many clients have left."""
        if self.path == "/stopped":
            self._send({"stopped": self.server.stopped})
        elif self.path == "/asked":
            self._send(self.server.asked)
        elif self.path == "/v1/models":
            self._send({"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]})
        else:
            self._send({"error": {"message": "not found"}}, 404)

    def do_POST(self) -> None:
        """An answer."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/embeddings":
            self._send(_embeddings(body))
            return
        self.server.asked[body["model"]] += 1
        if body["model"] == "endless":
            self._go_on(body)
            return
        if body.get("model") == "streaming" and not body.get("stream"):
            self._send({"error": {"message": "a stream is expected"}}, 400)
            return
        message = answer(body, self.server.note)
        finish = "tool_calls" if "tool_calls" in message else "stop"
        if body.get("stream"):
            self._stream(_chunks(message, finish))
        else:
            choice = {"index": 0, "message": message, "finish_reason": finish}
            self._send(_envelope("chat.completion", choices=[choice], usage=_USAGE))

    def _go_on(self, body: Json) -> None:
        try:
            self._stream(_endless(body))
        except OSError:
            self.server.stopped += 1

    def _stream(self, chunks: Iterator[Json]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _send(self, value: Json, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


_USAGE: Final = {"prompt_tokens": 30, "completion_tokens": 9, "total_tokens": 39}


def answer(body: Json, note: str) -> Json:
    """What the scripted model says: a call of a tool, or what the tool said.

    Args:
        body: The request.
        note: The path for a tool that reads a file.
    """
    if body.get("model") == "streaming":
        return {"role": "assistant", "content": STREAMED}
    messages, tools = body["messages"], body.get("tools") or []
    offered = {tool["function"]["name"]: tool["function"] for tool in tools}
    results = [text_of(m) for m in messages if m["role"] == "tool"]
    # smolagents tells a result as a user would.
    observed = (text_of(message).partition(_OBSERVED)[2].strip() for message in messages)
    results += filter(None, observed)
    if not results and offered:
        return _calling(_chosen(offered), note)
    text = SAID + results[-1] if results else _without_tools(body)
    if "final_answer" in offered:  # agents that want a tool called for the end, too
        return _calling(offered["final_answer"], note, {"answer": text})
    return {"role": "assistant", "content": text}


def text_of(message: Json) -> str:
    """The text of a message, whose content may be parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


def _chosen(offered: Mapping[str, Json]) -> Json:
    """A tool that reads a file, as coding agents have one, or the first."""
    reading = ("Read", "read", "read_file", "shell", "exec_command", "run_shell_command")
    names = [name for name in reading if name in offered] or [*offered]
    return offered[names[0]]


def _without_tools(body: Json) -> str:
    """JSON that fits the schema, if one is wanted."""
    schema = _wanted_schema(body)
    return json.dumps(_fitting(schema, "")) if schema else "There is no tool here."


def _wanted_schema(body: Json) -> Json | None:
    schema: Json | None = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    return schema


def _calling(function: Json, note: str, arguments: Json | None = None) -> Json:
    given = _fitting(function.get("parameters") or {}, note) if arguments is None else arguments
    called = {"name": function["name"], "arguments": json.dumps(given)}
    call = {"index": 0, "id": "call_scripted1", "type": "function", "function": called}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _fitting(schema: Json, note: str) -> Json:
    """Arguments with what the schema requires and nothing else."""
    properties, required = schema.get("properties", {}), schema.get("required")
    names = [*properties] if required is None else required
    return {name: _value(name, properties.get(name, {}), note) for name in names}


def _value(name: str, schema: Json, note: str) -> Any:
    kind = schema.get("type", "string")
    if name.replace("_", "").lower() in ("path", "filepath", "absolutepath"):
        return note
    if name in ("command", "cmd"):
        return ["cat", note] if kind == "array" else f"cat {note}"
    if "enum" in schema:
        return schema["enum"][0]
    fitting = {"integer": 7, "number": 7.5, "boolean": True, "array": [], "object": {}}
    return fitting.get(kind, CITY) if isinstance(kind, str) else CITY


def _chunks(message: Json, finish: str) -> Iterator[Json]:
    yield _chunk({"role": "assistant", "content": ""})
    for piece in re.findall(r"\s*\S+", message["content"] or ""):
        yield _chunk({"content": piece})
    for call in message.get("tool_calls", ()):
        arguments = call["function"]["arguments"]
        yield _chunk({"tool_calls": [{**call, "function": {**call["function"], "arguments": ""}}]})
        for part in (arguments[:5], arguments[5:]):
            yield _chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
    yield _chunk({}, finish)
    yield _envelope("chat.completion.chunk", choices=[], usage=_USAGE)


def _endless(body: Json) -> Iterator[Json]:
    """Numbers; within JSON, where that is wanted: in a format, or by a tool that must be called."""
    must = body.get("tool_choice")
    if isinstance(must, dict):
        called = {"name": must["function"]["name"], "arguments": ""}
        call = {"index": 0, "id": "call_endless", "type": "function", "function": called}
        yield _chunk({"role": "assistant", "content": None, "tool_calls": [call]})
        schema = next(
            tool["function"]["parameters"]
            for tool in body["tools"]
            if tool["function"]["name"] == called["name"]
        )
    else:
        schema = _wanted_schema(body)
    if schema:
        yield _piece(f'{{"{next(iter(schema["properties"]))}": "', must)
    for number in range(_MOST_PIECES):
        yield _piece(f"{number} ", must)
        time.sleep(_PAUSE_SECONDS)
    yield _chunk({}, "stop")


def _piece(text: str, must: object) -> Json:
    """Of an answer, or of the arguments of a tool that must be called."""
    if not isinstance(must, dict):
        return _chunk({"role": "assistant", "content": text})
    return _chunk({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})


def _chunk(delta: Json, finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _envelope("chat.completion.chunk", choices=[choice])


def _envelope(kind: str, **more: Any) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "scripted", **more}


def _embeddings(body: Json) -> Json:
    """For each text how often each letter occurs, so that like texts have like vectors."""
    given = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [
        {"object": "embedding", "index": index, "embedding": _letters(text)}
        for index, text in enumerate(given)
    ]
    usage = {"prompt_tokens": len(given), "total_tokens": len(given)}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _letters(text: Any) -> list[float]:
    words = text.lower() if isinstance(text, str) else ""
    return [float(words.count(letter)) + 0.001 for letter in "abcdefghijklmnopqrstuvwxyz"]
