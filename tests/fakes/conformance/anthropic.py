"""Anthropic's messages, as its clients ask and read, and as its API understands and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter
from tests.fakes.conformance.features import TEXT, Features, Losses, present

_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop sequences": "stop_sequences",
    "limit of tokens": "max_tokens",
}
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_FINISHES = {reason: finish for finish, reason in _REASONS.items()}
_UNKNOWN = frozenset({"seed", "frequency penalty", "logprobs", "logit_bias"})
_PLAIN_LIMIT = 8192  # of clients that name none


class Client:
    path = "/v1/messages"
    always: Mapping[str, Any] = MappingProxyType({"limit of tokens": 4096})
    unasked = _UNKNOWN | {"JSON", "several answers"}
    unread = frozenset({"logprobs", "reasoned"})

    def ask(self, features: Features, *, stream: bool) -> Features:
        body = {name: features[f] for f, name in _SETTINGS.items() if f in features}
        if "system" in features:
            body["system"] = [{"type": "text", "text": features["system"]}]
        if "JSON Schema" in features:
            wanted = {"type": "json_schema", "schema": features["JSON Schema"]}
            body["output_config"] = {"format": wanted}
        if "thinking" in features:
            body["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        messages = [{"role": "user", "content": _shown(features)}, *_history(features)]
        return {"max_tokens": 4096, **body, **_tools(features), "messages": messages} | (
            {"stream": True} if stream else {}
        )

    def read_whole(self, body: bytes) -> Features:
        message = Message.model_validate_json(body)
        blocks = [block.model_dump() for block in message.content]
        return _told(blocks, message.stop_reason, message.usage)

    def read_stream(self, body: bytes) -> Features:
        raw = [event.split(b"\n") for event in body.removesuffix(b"\n\n").split(b"\n\n")]
        if raw[-1][0] == b"event: error":
            return {"error": self.read_error(raw[-1][1].removeprefix(b"data: "))}
        parsed = [json.loads(data.removeprefix(b"data: ")) for _, data in raw]
        assert [name for name, _ in raw] == [b"event: " + e["type"].encode() for e in parsed]
        events = [_EVENT.validate_python(e) for e in parsed if e["type"] != "ping"]
        assert (events[0].type, events[-1].type) == ("message_start", "message_stop")
        blocks: list[Features] = []
        for event in events:
            if event.type == "content_block_start":
                assert event.index == len(blocks)
                blocks.append({**event.content_block.model_dump(), "json": ""})
            elif event.type == "content_block_delta":
                _grow(blocks[event.index], event.delta)
        for block in blocks:
            if block["type"] == "tool_use":
                block["input"] = json.loads(block["json"] or "{}")
        end = events[-2]
        start = events[0].message.usage.model_dump(exclude_none=True)
        usage = events[0].message.usage.model_copy(
            update=start | end.usage.model_dump(exclude_none=True)
        )
        return _told(blocks, end.delta.stop_reason, usage)

    def read_error(self, body: bytes) -> str:
        said = json.loads(body)
        assert said["type"] == "error"
        assert {"type", "message"} <= said["error"].keys()
        return str(said["error"]["message"])


class Upstream:
    losses = Losses(_UNKNOWN, frozenset({"JSON", "several answers"}))
    unsaid = frozenset({"logprobs", "reasoned"})

    def documents(self, model: str) -> Mapping[str, Any]:
        return {"/v1/models": {"data": [{"type": "model", "id": model}], "has_more": False}}

    def understood(self, body: Features) -> Features:
        turns = body["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2) + [
            "user"
        ]
        blocks = [block for turn in turns for block in _blocks(turn["content"])]
        assert "".join(b["text"] for b in blocks if b["type"] == "text") == TEXT
        images = [b["source"] for b in blocks if b["type"] == "image"]
        uses = [b for b in blocks if b["type"] == "tool_use"]
        results = [b for b in blocks if b["type"] == "tool_result"]
        assert [b["tool_use_id"] for b in results] == [b["id"] for b in uses]
        choice = body.get("tool_choice", {})
        settings = {f: body[name] for f, name in _SETTINGS.items() if name in body}
        if settings["limit of tokens"] >= _PLAIN_LIMIT:
            del settings["limit of tokens"]
        system = body.get("system")
        return settings | present(
            system=system[0]["text"] if isinstance(system, list) else system,
            image=next((one["data"] for one in images if one["type"] == "base64"), None),
            image_by_address=next((one["url"] for one in images if one["type"] == "url"), None),
            tools=[{"name": t["name"], "schema": t["input_schema"]} for t in body.get("tools", ())],
            a_forced_tool="required" if choice.get("type") == "any" else None,
            one_call_at_a_time=choice.get("disable_parallel_tool_use"),
            calls_and_results=[
                (use["name"], use["input"], _words(result["content"]))
                for use, result in zip(uses, results, strict=True)
            ],
            JSON_Schema=body.get("output_config", {}).get("format", {}).get("schema"),
            thinking=body.get("thinking", {}).get("type") == "enabled",
            stream=body.get("stream"),
        )

    def whole(self, model: str, answer: Features) -> bytes:
        end = {"stop_reason": _REASONS[answer["finish"]], "stop_sequence": None}
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
        blocks = {"content": _content(answer), "usage": _usage(answer)}
        return json.dumps({**head, **blocks, **end}).encode()

    def stream(self, model: str, answer: Features) -> Sequence[bytes]:
        end = {"stop_reason": _REASONS[answer["finish"]], "stop_sequence": None}
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
        usage = _usage(answer)
        begun = {**head, "content": [], "stop_reason": None, "stop_sequence": None}
        start = {"message": {**begun, "usage": {**usage, "output_tokens": 1}}}
        events = [_event("message_start", **start), _event("ping")]
        for index, block in enumerate(_content(answer)):
            events += _streamed(index, block)
        output = {"output_tokens": usage["output_tokens"]}
        return [*events, _event("message_delta", delta=end, usage=output), _event("message_stop")]


def _shown(features: Features) -> list[Features]:
    sources = []
    if "image" in features:
        sources.append({"type": "base64", "media_type": "image/png", "data": features["image"]})
    if "image by address" in features:
        sources.append({"type": "url", "url": features["image by address"]})
    images = [{"type": "image", "source": source} for source in sources]
    return [{"type": "text", "text": TEXT}, *images]


def _history(features: Features) -> list[Features]:
    calls = features.get("calls and results", ())
    uses = [_use(i, name, arguments) for i, (name, arguments, _) in enumerate(calls)]
    results = [
        {"type": "tool_result", "tool_use_id": f"toolu_{i}", "content": result}
        for i, (_, _, result) in enumerate(calls)
    ]
    turns = [{"role": "assistant", "content": uses}, {"role": "user", "content": results}]
    return turns if calls else []


def _tools(features: Features) -> Features:
    if "tools" not in features:
        return {}
    tools = [{"name": tool["name"], "input_schema": tool["schema"]} for tool in features["tools"]]
    if "a forced tool" in features:
        return {"tools": tools, "tool_choice": {"type": "any"}}
    if "one call at a time" in features:
        return {"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    return {"tools": tools}


def _told(blocks: list[Features], reason: str | None, usage: Any) -> Features:
    cached = usage.cache_read_input_tokens or 0
    return {
        "text": "".join(b["text"] for b in blocks if b["type"] == "text"),
        "thinking": "".join(b["thinking"] for b in blocks if b["type"] == "thinking"),
        "calls": [(b["name"], b["input"]) for b in blocks if b["type"] == "tool_use" and b["id"]],
        "finish": _FINISHES[reason or ""],
        "usage": (usage.input_tokens + cached, usage.output_tokens),
        "cached": cached,
    }


def _grow(block: Features, delta: Any) -> None:
    match delta.type:
        case "text_delta":
            block["text"] += delta.text
        case "thinking_delta":
            block["thinking"] += delta.thinking
        case "input_json_delta":
            block["json"] += delta.partial_json


def _use(index: int, name: str, arguments: Features) -> Features:
    return {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": arguments}


def _content(answer: Features) -> list[Features]:
    blocks: list[Features] = []
    if thinking := answer.get("thinking"):
        blocks.append({"type": "thinking", "thinking": thinking, "signature": "c2lnbmVk"})
    if text := answer.get("text"):
        blocks.append({"type": "text", "text": text})
    return blocks + [_use(i, *call) for i, call in enumerate(answer.get("calls", ()))]


def _usage(answer: Features) -> Features:
    prompt, completion = answer.get("usage", (1, 1))
    cached = answer.get("cached", 0)
    return {
        "input_tokens": prompt - cached,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": completion,
    }


def _streamed(index: int, block: Features) -> list[bytes]:
    kind = block["type"]
    if kind == "tool_use":
        opening: Features = {**block, "input": {}}
        text = json.dumps(block["input"]) if block["input"] else ""
        deltas = [{"type": "input_json_delta", "partial_json": letter} for letter in ["", *text]]
    else:
        opening = {**block, kind: ""} | ({"signature": ""} if kind == "thinking" else {})
        deltas = [{"type": f"{kind}_delta", kind: letter} for letter in block[kind]]
        if kind == "thinking":
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
    said = [_event("content_block_start", index=index, content_block=opening)]
    said += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
    return [*said, _event("content_block_stop", index=index)]


def _event(kind: str, **said: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **said}).encode())


def _blocks(content: Any) -> list[Features]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _words(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block["text"] for block in content)
