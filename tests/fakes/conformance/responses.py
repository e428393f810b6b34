"""OpenAI's Responses, as its clients ask and read; no upstream is asked in it."""

from __future__ import annotations

import json
from typing import Any

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from tests.fakes.conformance.features import NOTHING, PIXEL, TEXT, Features

_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "frequency penalty": "frequency_penalty",
    "stop sequences": "stop",
    "limit of tokens": "max_output_tokens",
    "a forced tool": "tool_choice",
    "system": "instructions",
}


class Client:
    path = "/v1/responses"
    always = NOTHING
    unasked = frozenset({"several answers", "logit_bias"})
    unread: frozenset[str] = frozenset()

    def ask(self, features: Features, *, stream: bool) -> Features:
        body = {name: features[f] for f, name in _SETTINGS.items() if f in features}
        if "tools" in features:
            body["tools"] = [
                {"type": "function", "name": t["name"], "parameters": t["schema"]}
                for t in features["tools"]
            ]
        if "one call at a time" in features:
            body["parallel_tool_calls"] = False
        if "JSON Schema" in features:
            wanted = {"type": "json_schema", "name": "answer", "schema": features["JSON Schema"]}
            body["text"] = {"format": wanted}
        if "JSON" in features:
            body["text"] = {"format": {"type": "json_object"}}
        if "thinking" in features:
            body["reasoning"] = {"effort": "medium"}
        if "logprobs" in features:
            body["include"] = ["message.output_text.logprobs"]
        return {**body, "input": _items(features), "stream": stream}

    def read_whole(self, body: bytes) -> Features:
        return _told(Response.model_validate_json(body))

    def read_stream(self, body: bytes) -> Features:
        raw = [event.split(b"\n") for event in body.removesuffix(b"\n\n").split(b"\n\n")]
        parsed = [json.loads(data.removeprefix(b"data: ")) for _, data in raw]
        if parsed[-1]["type"] == "response.failed":
            return {"error": parsed[-1]["response"]["error"]["message"]}
        events = [_EVENT.validate_python(event) for event in parsed]
        told = _told(events[-1].response)
        deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
        assert "".join(deltas) == told["text"]
        return told

    def read_error(self, body: bytes) -> str:
        error = json.loads(body)["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        return str(error["message"])


def _items(features: Features) -> list[Features]:
    urls = [f"data:image/png;base64,{PIXEL}"] if "image" in features else []
    urls += [features["image by address"]] if "image by address" in features else []
    content: list[Features] = [{"type": "input_text", "text": TEXT}]
    content += [{"type": "input_image", "image_url": url} for url in urls]
    items: list[Features] = [{"type": "message", "role": "user", "content": content}]
    calls = features.get("calls and results", ())
    for i, (name, arguments, _) in enumerate(calls):
        call = {"type": "function_call", "call_id": f"call_{i}", "name": name}
        items.append({**call, "arguments": json.dumps(arguments)})
    return items + [
        {"type": "function_call_output", "call_id": f"call_{i}", "output": result}
        for i, (_, _, result) in enumerate(calls)
    ]


def _told(response: Response) -> Features:
    messages = [item for item in response.output if item.type == "message"]
    parts: list[Any] = [part for message in messages for part in message.content]
    thoughts: list[Any] = [item for item in response.output if item.type == "reasoning"]
    texts = [part for item in thoughts for part in (item.content or item.summary or ())]
    calls = [
        (item.name, json.loads(item.arguments))
        for item in response.output
        if item.type == "function_call" and item.call_id
    ]
    reason = response.incomplete_details.reason if response.incomplete_details else None
    finish = {"max_output_tokens": "length", None: "tool_calls" if calls else "stop"}
    usage = response.usage
    told: Features = {
        "text": "".join(getattr(part, "text", "") or "" for part in parts),
        "thinking": "".join(part.text for part in texts),
        "calls": calls,
        "finish": finish.get(reason, reason),
        "logprobs": [
            (one.token, one.logprob)
            for part in parts
            for one in getattr(part, "logprobs", None) or ()
        ],
    }
    if usage is None:
        return told
    return told | {
        "usage": (usage.input_tokens, usage.output_tokens),
        "cached": usage.input_tokens_details.cached_tokens,
        "reasoned": usage.output_tokens_details.reasoning_tokens,
    }
