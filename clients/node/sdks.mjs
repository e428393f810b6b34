// The SDKs of OpenAI, Anthropic and Ollama for JavaScript.
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { ANSWER, check, expect, expectError, expectStopped, PROMPTS, RESULT, turn, WEATHER } from "./case.mjs";

const TOOL = { type: "function", function: { name: "weather", parameters: WEATHER } };

function openai(at) {
  const client = new OpenAI({ baseURL: `${at.url}/v1`, apiKey: "unused", maxRetries: 0 });
  const create = (asked) => client.chat.completions.create(asked);
  return {
    async whole() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        const answer = await create({ model: "auto", messages: turn(prompt) });
        check(at, tier, answer.choices[0].message.content);
        expect(answer.model, at.models[tier]);
      }
    },
    async stream() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        let text = "";
        for await (const chunk of await create({ model: "auto", messages: turn(prompt), stream: true }))
          text += chunk.choices[0]?.delta?.content ?? "";
        check(at, tier, text);
      }
    },
    async tools() {
      const asked = { model: "scripted", tools: [TOOL] };
      const stream = client.chat.completions.stream({ ...asked, messages: turn("weather?") });
      const { message } = (await stream.finalChatCompletion()).choices[0];
      const [call] = message.tool_calls;
      expect(JSON.parse(call.function.arguments), { city: "Paris" });
      const result = { role: "tool", tool_call_id: call.id, content: RESULT };
      const answer = await create({ ...asked, messages: [...turn("weather?"), message, result] });
      expect(answer.choices[0].message.content, ANSWER);
    },
    error: () => expectError(() => create({ model: "nobody", messages: turn("?") })),
    cancel: () =>
      expectStopped(at, async () => {
        for await (const _ of await create({ model: "endless", messages: turn("?"), stream: true })) break;
      }),
    async embeddings() {
      const { data } = await client.embeddings.create({ model: "embedder", input: ["aab", "c"] });
      expect(data.map((entry) => Math.round(entry.embedding[0])), [2, 0]);
    },
  };
}

function responses(at) {
  const client = new OpenAI({ baseURL: `${at.url}/v1`, apiKey: "unused", maxRetries: 0 });
  const create = (asked) => client.responses.create({ store: false, ...asked });
  return {
    async whole() {
      for (const [tier, prompt] of Object.entries(PROMPTS))
        check(at, tier, (await create({ model: "auto", input: prompt })).output_text);
    },
    async stream() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        let text = "";
        for await (const event of await create({ model: "auto", input: prompt, stream: true }))
          if (event.type === "response.output_text.delta") text += event.delta;
        check(at, tier, text);
      }
    },
    async tools() {
      const asked = { model: "scripted", tools: [{ type: "function", name: "weather", parameters: WEATHER }] };
      const answer = await create({ ...asked, input: "weather?" });
      const call = answer.output.find((item) => item.type === "function_call");
      expect(JSON.parse(call.arguments), { city: "Paris" });
      const result = { type: "function_call_output", call_id: call.call_id, output: RESULT };
      const again = await create({ ...asked, input: [...turn("weather?"), ...answer.output, result] });
      expect(again.output_text, ANSWER);
    },
    error: () => expectError(() => create({ model: "nobody", input: "?" })),
    cancel: () =>
      expectStopped(at, async () => {
        for await (const event of await create({ model: "endless", input: "?", stream: true }))
          if (event.type === "response.output_text.delta") break;
      }),
  };
}

function anthropic(at) {
  const { messages } = new Anthropic({ baseURL: at.url, apiKey: "unused", maxRetries: 0 });
  const asked = { max_tokens: 256 };
  return {
    async whole() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        const answer = await messages.create({ ...asked, model: "auto", messages: turn(prompt) });
        check(at, tier, answer.content[0].text);
        expect(answer.model, at.models[tier]);
      }
    },
    async stream() {
      for (const [tier, prompt] of Object.entries(PROMPTS))
        check(at, tier, await messages.stream({ ...asked, model: "auto", messages: turn(prompt) }).finalText());
    },
    async tools() {
      const tools = [{ name: "weather", input_schema: WEATHER }];
      const scripted = { ...asked, model: "scripted", tools };
      const answer = await messages.stream({ ...scripted, messages: turn("weather?") }).finalMessage();
      const call = answer.content.find((block) => block.type === "tool_use");
      expect(call.input, { city: "Paris" });
      const result = { type: "tool_result", tool_use_id: call.id, content: RESULT };
      const told = [...turn("weather?"), { role: "assistant", content: answer.content }];
      const again = await messages.create({ ...scripted, messages: [...told, { role: "user", content: [result] }] });
      expect(again.content[0].text, ANSWER);
    },
    error: () => expectError(() => messages.create({ ...asked, model: "nobody", messages: turn("?") })),
    cancel: () =>
      expectStopped(at, async () => {
        const stream = await messages.create({ ...asked, model: "endless", messages: turn("?"), stream: true });
        for await (const event of stream) if (event.type === "content_block_delta") break;
      }),
  };
}

function ollama(at) {
  const client = new Ollama({ host: at.url });
  return {
    async whole() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        const answer = await client.chat({ model: "auto", messages: turn(prompt) });
        check(at, tier, answer.message.content);
        expect(answer.model, at.models[tier]);
      }
    },
    async stream() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        let text = "";
        for await (const piece of await client.chat({ model: "auto", messages: turn(prompt), stream: true }))
          text += piece.message.content;
        check(at, tier, text);
      }
    },
    async tools() {
      const asked = { model: "scripted", tools: [TOOL] };
      const { message } = await client.chat({ ...asked, messages: turn("weather?") });
      expect(message.tool_calls[0].function.arguments, { city: "Paris" });
      const result = { role: "tool", tool_name: "weather", content: RESULT };
      const answer = await client.chat({ ...asked, messages: [...turn("weather?"), message, result] });
      expect(answer.message.content, ANSWER);
    },
    error: () => expectError(() => client.chat({ model: "nobody", messages: turn("?") })),
    cancel: () =>
      expectStopped(at, async () => {
        const stream = await client.chat({ model: "endless", messages: turn("?"), stream: true });
        try {
          for await (const _ of stream) stream.abort();
        } catch (error) {
          if (error.name !== "AbortError") throw error;
        }
      }),
    async embeddings() {
      const { embeddings } = await client.embed({ model: "embedder", input: ["aab", "c"] });
      expect(embeddings.length, 2);
    },
  };
}

export const rows = {
  chat: { client: "openai", dialect: "OpenAI", make: openai },
  responses: { client: "openai", dialect: "OpenAI", make: responses },
  messages: { client: "@anthropic-ai/sdk", dialect: "Anthropic", make: anthropic },
  "": { client: "ollama", dialect: "Ollama", make: ollama },
};
