"""Ollama's chats, as its clients ask and read, and as its server understands and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ollama import ChatResponse
from tests.fakes.conformance.features import NOTHING, TEXT, Features, Losses, function, present

_OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "frequency penalty": "frequency_penalty",
    "stop sequences": "stop",
    "limit of tokens": "num_predict",
}
_UNKNOWN = frozenset({"a forced tool", "one call at a time", "logit_bias"})


class Client:
    path = "/api/chat"
    always = NOTHING
    unasked = _UNKNOWN | {"several answers", "image by address"}
    unread = frozenset({"cached", "reasoned"})

    def ask(self, features: Features, *, stream: bool) -> Features:
        system = features.get("system")
        messages: list[Any] = [{"role": "system", "content": system}] if system else []
        user: Features = {"role": "user", "content": TEXT}
        messages.append(user | ({"images": [features["image"]]} if "image" in features else {}))
        calls = features.get("calls and results", ())
        if calls:
            written = [{"function": {"name": n, "arguments": a}} for n, a, _ in calls]
            messages.append({"role": "assistant", "content": "", "tool_calls": written})
        messages += [{"role": "tool", "tool_name": n, "content": r} for n, _, r in calls]
        body: Features = {"messages": messages, "stream": stream}
        body["options"] = {name: features[f] for f, name in _OPTIONS.items() if f in features}
        if "tools" in features:
            body["tools"] = [function(tool) for tool in features["tools"]]
        if wanted := features.get("JSON Schema") or ("json" if "JSON" in features else None):
            body["format"] = wanted
        for name, field in (("thinking", "think"), ("logprobs", "logprobs")):
            if name in features:
                body[field] = True
        return body

    def read_whole(self, body: bytes) -> Features:
        answer = ChatResponse.model_validate_json(body)
        assert answer.done
        assert answer.total_duration
        assert answer.eval_duration
        calls = answer.message.tool_calls or ()
        finish = "tool_calls" if calls and answer.done_reason == "stop" else answer.done_reason
        return {
            "text": answer.message.content,
            "thinking": answer.message.thinking,
            "calls": [(c.function.name, dict(c.function.arguments)) for c in calls],
            "finish": finish,
            "usage": (answer.prompt_eval_count, answer.eval_count),
            "logprobs": [(one.token, one.logprob) for one in answer.logprobs or ()],
        }

    def read_stream(self, body: bytes) -> Features:
        lines = body.splitlines()
        if b'"error"' in lines[-1]:
            return {"error": self.read_error(lines[-1])}
        pieces = [ChatResponse.model_validate_json(line) for line in lines]
        assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
        told = self.read_whole(lines[-1])
        told["text"] = "".join(piece.message.content or "" for piece in pieces)
        told["thinking"] = "".join(piece.message.thinking or "" for piece in pieces)
        calls = [call for piece in pieces for call in piece.message.tool_calls or ()]
        told["calls"] = [(c.function.name, dict(c.function.arguments)) for c in calls]
        if calls and told["finish"] == "stop":
            told["finish"] = "tool_calls"
        logprobs = [one for piece in pieces for one in piece.logprobs or ()]
        return told | {"logprobs": [(one.token, one.logprob) for one in logprobs]}

    def read_error(self, body: bytes) -> str:
        said = json.loads(body)
        assert said.keys() == {"error"}
        assert isinstance(said["error"], str)
        return said["error"]


class Upstream:
    losses = Losses(_UNKNOWN, frozenset({"several answers", "image by address"}))
    unsaid = frozenset({"cached", "reasoned"})

    def documents(self, model: str) -> Mapping[str, Any]:
        listed = {"models": [{"name": model, "model": model, "digest": "d"}]}
        can = ["completion", "tools", "vision", "thinking"]
        return {
            "/api/version": {"version": "0.0.0"},
            "/api/tags": listed,
            "/api/ps": listed,
            "/api/show": {"capabilities": can},
        }

    def understood(self, body: Features) -> Features:
        options, wanted, turns = body.get("options", {}), body.get("format"), body["messages"]
        user = next(turn for turn in turns if turn["role"] == "user")
        assert user["content"] == TEXT
        calls = [call["function"] for turn in turns for call in turn.get("tool_calls") or ()]
        results = [turn for turn in turns if turn["role"] == "tool"]
        assert [turn["tool_name"] for turn in results] == [call["name"] for call in calls]
        return {f: options[name] for f, name in _OPTIONS.items() if name in options} | present(
            system=next((turn["content"] for turn in turns if turn["role"] == "system"), None),
            image=next(iter(user.get("images") or ()), None),
            tools=[
                {"name": t["function"]["name"], "schema": t["function"]["parameters"]}
                for t in body.get("tools", ())
            ],
            calls_and_results=[
                (call["name"], call["arguments"], result["content"])
                for call, result in zip(calls, results, strict=True)
            ],
            JSON_Schema=wanted if isinstance(wanted, dict) else None,
            JSON=wanted == "json",
            thinking=bool(body.get("think")),
            logprobs=body.get("logprobs"),
            stream=body["stream"],
        )

    def whole(self, model: str, answer: Features) -> bytes:
        said = {"content": answer.get("text", ""), "thinking": answer.get("thinking", "")}
        return _line(model, said, answer, answer)

    def stream(self, model: str, answer: Features) -> Sequence[bytes]:
        pieces = [{"content": "", "thinking": letter} for letter in answer.get("thinking", "")]
        pieces += [{"content": letter} for letter in answer.get("text", "")]
        first: Features = {name: answer[name] for name in ("calls", "logprobs") if name in answer}
        if not pieces:
            pieces = [{"content": ""}]
        lines = [_line(model, said) for said in pieces[:-1]] + [_line(model, pieces[-1], first)]
        rest = {n: v for n, v in answer.items() if n not in ("calls", "logprobs")}
        return [line + b"\n" for line in (*lines, _line(model, {"content": ""}, rest, rest))]


_DONE = {"total_duration": 9, "load_duration": 1, "prompt_eval_duration": 3, "eval_duration": 5}


def _line(
    model: str, said: Features, with_: Features | None = None, end: Features | None = None
) -> bytes:
    given = with_ or {}
    message: Features = {"role": "assistant", **said}
    if calls := given.get("calls"):
        message["tool_calls"] = [{"function": {"name": n, "arguments": a}} for n, a in calls]
    line: Features = {"model": model, "created_at": "2026-01-01T00:00:00Z", "message": message}
    if logprobs := given.get("logprobs"):
        line["logprobs"] = [{"token": token, "logprob": p} for token, p in logprobs]
    if end is None:
        return json.dumps({**line, "done": False}).encode()
    prompt, completion = end.get("usage", (1, 1))
    reason = "stop" if end["finish"] == "tool_calls" else end["finish"]
    line |= {"done": True, "done_reason": reason, **_DONE}
    return json.dumps({**line, "prompt_eval_count": prompt, "eval_count": completion}).encode()
