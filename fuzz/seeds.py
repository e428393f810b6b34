"""What the fuzzers begin with: small valid inputs, and the words that they are made of."""

WORDS = (
    *("model", "messages", "stream", "options", "tools", "stop", "role", "content", "type"),
    *("text", "image_url", "url", "images", "tool_calls", "function", "name", "arguments"),
    *("prompt", "system", "format", "think", "response_format", "json_schema", "tool_call_id"),
    *("user", "assistant", "tool", "data:image/png;base64,", "num_predict", "max_tokens"),
    *("tool_use", "tool_result", "input_schema", "document", "source", "data", "stop_sequences"),
    *("input", "input_text", "input_image", "function_call", "call_id", "output", "reasoning"),
    *("custom", "namespace", "allowed_tools", "instructions", "text", "format", "definition"),
)
SAID = (
    *("choices", "delta", "message", "finish_reason", "usage", "prompt_tokens", "timings"),
    *("done", "done_reason", "response", "thinking", "eval_count", "error", "load_duration"),
    *("data: ", "event: error", "[DONE]", "reasoning_content", *WORDS),
)
TASKS = (
    *("why", "compare", "prove", "design", "write", "python", "if", "theorem", "contract"),
    *("translate", "warum", "为什么", "証明", "왜", "почему", "لماذا", "क्यों", "```", "1. ", "|"),
)
OF_TEXTS = (
    *("model", "input", "prompt", "dimensions", "encoding_format", "float", "base64", "user"),
    *("truncate", "options", "keep_alive", "1.0", "[[1]]", "null"),
)
OF_VECTORS = (
    *("object", "data", "embedding", "index", "usage", "prompt_tokens", "error", "embeddings"),
    *("prompt_eval_count", "load_duration", "model", "[0.5,-1e-3]", "AACAPw==", "\\u0000", "NaN"),
)
TEXTS = b'{"model":"auto","input":["a","b"],"dimensions":3,"encoding_format":"base64"}'
TOKENS = b'{"input":[[1,2],[3]],"prompt":"a","truncate":false,"keep_alive":"5m","options":{}}'
VECTORS = (
    b'{"data":[{"index":0,"embedding":[0.5,-1e-3]}],"model":"m","usage":{"prompt_tokens":1}}',
    b'{"data":[{"embedding":"AACAPw=="}]}',
    b'{"model":"m","embeddings":[[1,2]],"load_duration":1,"prompt_eval_count":3}',
    b'{"embedding":[1]}',
)
EVENTS = (
    b'event: message_start\ndata: {"type":"message_start","message":{"model":"m","usage":'
    b'{"input_tokens":1}}}\n\nevent: content_block_start\ndata: {"type":"content_block_start",'
    b'"index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
    b'{"type":"input_json_delta","partial_json":"{}"}}\n\nevent: message_delta\ndata: '
    b'{"type":"message_delta","delta":{"stop_reason":"tool_use"}}\n\nevent: message_stop\n'
    b'data: {"type":"message_stop"}\n\n'
)
CHAT = b'{"model":"auto","stream":true,"messages":[{"role":"user","content":"hi"}]}'
TOOLS = (
    b'{"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":'
    b'{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"3","tool_call_id":"a"}],'
    b'"tools":[{"type":"function","function":{"name":"f"}}],"options":{"num_predict":1}}'
)
BLOCKS = (
    b'{"max_tokens":9,"system":[{"type":"text","text":"a"}],"messages":[{"role":"assistant",'
    b'"content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":'
    b'[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{"data":""}}]},'
    b'{"type":"document","source":{"type":"text","data":"b"}}]}],'
    b'"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"any"}}'
)
ITEMS = (
    b'{"input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call"'
    b',"call_id":"b","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"b",'
    b'"output":"c"}],"tools":[{"type":"namespace","name":"n","tools":[{"name":"f"}]},{"type":'
    b'"custom","name":"g"}],"tool_choice":{"type":"function","name":"f"},"text":{"format":{"type":'
    b'"json_schema","schema":{}}},"include":["message.output_text.logprobs"]}'
)
SSE = (
    b'data: {"model":"m","choices":[{"delta":{"content":"a"}}]}\n\n'
    b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}\r\n\r\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\ndata: [DONE]\n\n'
)
NDJSON = (
    b'{"model":"m","message":{"content":"a","tool_calls":[{"function":{"arguments":{}}}]}}\n'
    b'{"done":true,"done_reason":"stop","eval_count":1}\n'
)
YAML = (b"a: [1, ${A:-b}]\nb: &x {c: null}\nd: *x\n", b"- !!float '1'\n- ${B}$${C}\n")
HTTP = (
    b"POST /v1/route?a=%20 HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET / ",
)
CALLS = (
    b'data: {"choices":[{"delta":{"reasoning_content":"a"}}]}\n\n'
    b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f",'
    b'"arguments":"{\\"x\\""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"b","tool_calls":[{"index":0,"function":{"arguments":'
    b'":1}"}}]},"logprobs":{"content":[{"token":"b","logprob":-1}]},"finish_reason":"length"}]}\n\n'
    b"data: [DONE]\n\n"
)
PAGES = (b"limit=2&after_id=m1", b"before_id=m%33&limit=1000")
CHANGES = (
    b'{"model":"a:1b","stream":false,"insecure":true}',
    b'{"source":"a","Destination":"b","name":"c","from":"a","files":{"a.gguf":"sha256:0"},'
    b'"parameters":{"stop":["x"]},"messages":[{"role":"user","content":"a"}],"license":["b"]}',
)
PROGRESS = (
    b'{"status":"pulling","digest":"sha256:0","total":9,"completed":1}\n{"status":"success"}\n',
    b'{"status":"pulling manifest"}\n{"error":"sk-secret"}\n',
)
OF_CHANGES = (
    *("model", "name", "source", "destination", "from", "stream", "insecure", "files", "adapters"),
    *("template", "license", "system", "parameters", "messages", "quantize", "status", "success"),
    *("error", "digest", "total", "completed", "sk-secret", "MODEL"),
)
