"""OpenAI's chats, as its clients ask and read, and as its servers understand and answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk
from tests.fakes.conformance.features import (
    NOTHING,
    PIXEL,
    TEXT,
    Features,
    Losses,
    function,
    present,
)

_SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "frequency penalty": "frequency_penalty",
    "stop sequences": "stop",
    "limit of tokens": "max_tokens",
    "logprobs": "logprobs",
    "several answers": "n",
    "logit_bias": "logit_bias",
}
_SYSTEM = ("system", "developer")
_IMAGE = f"data:image/png;base64,{PIXEL}"


class Client:
    path = "/v1/chat/completions"
    always = NOTHING
    unasked: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    def ask(self, features: Features, *, stream: bool) -> Features:
        body = {name: features[f] for f, name in _SAMPLING.items() if f in features}
        if "tools" in features:
            body["tools"] = [function(tool) for tool in features["tools"]]
        if "a forced tool" in features:
            body["tool_choice"] = features["a forced tool"]
        if "one call at a time" in features:
            body["parallel_tool_calls"] = False
        if "JSON Schema" in features:
            described = {"name": "answer", "schema": features["JSON Schema"]}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        if "JSON" in features:
            body["response_format"] = {"type": "json_object"}
        if "thinking" in features:
            body["reasoning_effort"] = "medium"
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return {"messages": _messages(features), **body}

    def read_whole(self, body: bytes) -> Features:
        answer = ChatCompletion.model_validate_json(body)
        choice = answer.choices[0]
        calls = [
            (call.function.name, json.loads(call.function.arguments))
            for call in choice.message.tool_calls or ()
            if call.type == "function" and call.id
        ]
        return {
            "text": choice.message.content,
            "thinking": getattr(choice.message, "reasoning_content", None),
            "calls": calls,
            "finish": choice.finish_reason,
            "logprobs": _read_logprobs(choice.logprobs),
            **_read_usage(answer.usage),
        }

    def read_stream(self, body: bytes) -> Features:
        lines = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
        if b'"error"' in lines[-1]:
            return {"error": self.read_error(lines[-1])}
        assert lines[-1] == b"[DONE]"
        chunks = [ChatCompletionChunk.model_validate_json(line) for line in lines[:-1]]
        choices = [choice for chunk in chunks for choice in chunk.choices if not choice.index]
        calls: dict[int, list[str]] = {}
        for piece in (piece for c in choices for piece in c.delta.tool_calls or ()):
            assert piece.function is not None
            if piece.index not in calls:
                assert piece.id
                calls[piece.index] = [piece.function.name or "", ""]
            calls[piece.index][1] += piece.function.arguments or ""
        thoughts = [getattr(c.delta, "reasoning_content", None) or "" for c in choices]
        return {
            "text": "".join(choice.delta.content or "" for choice in choices),
            "thinking": "".join(thoughts),
            "calls": [(name, json.loads(text)) for name, text in calls.values()],
            "finish": next(c.finish_reason for c in choices if c.finish_reason),
            "logprobs": [one for c in choices for one in _read_logprobs(c.logprobs)],
            **_read_usage(next((chunk.usage for chunk in chunks if chunk.usage), None)),
        }

    def read_error(self, body: bytes) -> str:
        error = json.loads(body)["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        return str(error["message"])


class Upstream:
    losses = Losses()
    unsaid: frozenset[str] = frozenset()

    def documents(self, model: str) -> Mapping[str, Any]:
        return {"/models": {"data": [{"id": model}]}}

    def understood(self, body: Features) -> Features:
        given = {f: body[name] for f, name in _SAMPLING.items() if name in body}
        wanted = body.get("response_format", {})
        turns = body["messages"]
        user = next(turn["content"] for turn in turns if turn["role"] == "user")
        parts = user if isinstance(user, list) else [{"type": "text", "text": user}]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        assert "".join(part.get("text", "") for part in parts) == TEXT
        calls = {call["id"]: call["function"] for t in turns for call in t.get("tool_calls") or ()}
        results = [turn for turn in turns if turn["role"] == "tool"]
        assert [r["tool_call_id"] for r in results] == [*calls]
        return given | present(
            system=next(
                (t["content"] for t in turns if t["role"] in ("system", "developer")), None
            ),
            image=PIXEL if _IMAGE in urls else None,
            image_by_address=next((url for url in urls if url.startswith("http")), None),
            tools=[_understood_tool(tool["function"]) for tool in body.get("tools", ())],
            a_forced_tool="required" if body.get("tool_choice") == "required" else None,
            one_call_at_a_time=body.get("parallel_tool_calls") is False,
            calls_and_results=[
                (f["name"], json.loads(f["arguments"]), r["content"])
                for f, r in zip(calls.values(), results, strict=True)
            ],
            JSON_Schema=wanted.get("json_schema", {}).get("schema"),
            JSON=wanted.get("type") == "json_object",
            thinking=bool(body.get("reasoning_effort") or body.get("chat_template_kwargs")),
            stream=body.get("stream"),
        )

    def whole(self, model: str, answer: Features) -> bytes:
        calls = [_call(i, *call) for i, call in enumerate(answer.get("calls", ()))]
        message = {"role": "assistant", "content": answer.get("text")}
        message |= {"tool_calls": calls} if calls else {}
        message |= {"reasoning_content": t} if (t := answer.get("thinking")) else {}
        choice = {"index": 0, "message": message, "finish_reason": answer["finish"]}
        choice |= _logprobs(answer)
        head = {"id": "c", "object": "chat.completion", "created": 1, "model": model}
        return json.dumps({**head, "choices": [choice], **_usage(answer)}).encode()

    def stream(self, model: str, answer: Features) -> Sequence[bytes]:
        deltas: list[Features] = [{"role": "assistant", "content": None}]
        deltas += [{"reasoning_content": letter} for letter in answer.get("thinking", "")]
        deltas += [{"content": letter} for letter in answer.get("text", "")]
        calls = [_call(i, *call) for i, call in enumerate(answer.get("calls", ()))]
        for call in calls:  # all begin before one has arguments
            begun = {**call, "function": {**call["function"], "arguments": ""}}
            deltas.append({"tool_calls": [begun]})
        longest = max((len(call["function"]["arguments"]) for call in calls), default=0)
        for place in range(longest):
            pieces = [
                {"index": c["index"], "function": {"arguments": c["function"]["arguments"][place]}}
                for c in calls
                if place < len(c["function"]["arguments"])
            ]
            deltas.append({"tool_calls": pieces})
        choices: list[Features] = [
            {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
        ]
        choices[-1 if len(choices) > 1 else 0] |= _logprobs(answer)
        choices.append({"index": 0, "delta": {}, "finish_reason": answer["finish"]})
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
        events: list[Features] = [{**head, "choices": [choice]} for choice in choices]
        if usage := _usage(answer):
            events.append({**head, "choices": [], **usage})
        return [
            *(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events),
            b"data: [DONE]\n\n",
        ]


def _messages(features: Features) -> list[Any]:
    urls = [_IMAGE] if "image" in features else []
    urls += [features["image by address"]] if "image by address" in features else []
    content: Any = TEXT
    if urls:
        images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        content = [{"type": "text", "text": TEXT}, *images]
    system = features.get("system")
    turns: list[Any] = [{"role": "system", "content": system}] if system else []
    turns.append({"role": "user", "content": content})
    return turns + _history(features.get("calls and results", ()))


def _history(calls: Sequence[Any]) -> list[Features]:
    if not calls:
        return []
    turn = {"role": "assistant", "content": None}
    written = [
        {**_call(i, name, arguments), "id": f"call_{i}"}
        for i, (name, arguments, _) in enumerate(calls)
    ]
    results = [
        {"role": "tool", "tool_call_id": f"call_{i}", "content": result}
        for i, (_, _, result) in enumerate(calls)
    ]
    return [{**turn, "tool_calls": written}, *results]


def _call(index: int, name: str, arguments: Features) -> Features:
    function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"index": index, "id": f"call_{index}", "type": "function", "function": function}


def _understood_tool(function: Features) -> Features:
    return {"name": function["name"], "schema": function["parameters"]}


def _usage(answer: Features) -> Features:
    if "usage" not in answer:
        return {}
    prompt, completion = answer["usage"]
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": answer.get("cached", 0)},
        "completion_tokens_details": {"reasoning_tokens": answer.get("reasoned", 0)},
    }
    return {"usage": usage}


def _logprobs(answer: Features) -> Features:
    if "logprobs" not in answer:
        return {}
    entries = [
        {"token": token, "logprob": p, "bytes": None, "top_logprobs": []}
        for token, p in answer["logprobs"]
    ]
    return {"logprobs": {"content": entries, "refusal": None}}


def _read_usage(usage: Any) -> Features:
    if usage is None:
        return {}
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return {
        "usage": (usage.prompt_tokens, usage.completion_tokens),
        "cached": prompt.cached_tokens if prompt else 0,
        "reasoned": completion.reasoning_tokens if completion else 0,
    }


def _read_logprobs(logprobs: Any) -> list[tuple[str, float]]:
    return [(one.token, one.logprob) for one in (logprobs and logprobs.content) or ()]
