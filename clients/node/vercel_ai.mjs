// The AI SDK of Vercel with its providers.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, isStepCount, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { createOllama } from "ollama-ai-provider-v2";
import { ANSWER, check, expect, expectError, expectStopped, PROMPTS, WEATHER } from "./case.mjs";

const upTo = stepCountIs ?? isStepCount;
const weather = tool({
  description: "The weather of a city.",
  inputSchema: jsonSchema(WEATHER),
  execute: async ({ city }) => `rain in ${city}`,
});

function ai(at, model, embedder) {
  const common = { maxRetries: 0 };
  return {
    async whole() {
      for (const [tier, prompt] of Object.entries(PROMPTS))
        check(at, tier, (await generateText({ ...common, model: model("auto"), prompt })).text);
    },
    async stream() {
      for (const [tier, prompt] of Object.entries(PROMPTS)) {
        let text = "";
        for await (const piece of streamText({ ...common, model: model("auto"), prompt }).textStream) text += piece;
        check(at, tier, text);
      }
    },
    async tools() {
      const asked = { ...common, model: model("scripted"), prompt: "weather?", tools: { weather } };
      const { text, steps } = await generateText({ ...asked, stopWhen: upTo(3) });
      // Its text, or the result as JSON.
      expect([steps.length, text.trim().replaceAll('"', "")], [2, ANSWER]);
    },
    error: () => expectError(() => generateText({ ...common, model: model("nobody"), prompt: "?" })),
    cancel: () =>
      expectStopped(at, async () => {
        const leaving = new AbortController();
        const asked = { ...common, model: model("endless"), prompt: "?", abortSignal: leaving.signal };
        for await (const _ of streamText({ ...asked, onError() {} }).textStream) leaving.abort();
      }),
    embeddings:
      embedder &&
      (async () => {
        const { embeddings } = await embedMany({ ...common, model: embedder("embedder"), values: ["aab", "c"] });
        expect(embeddings.length, 2);
      }),
  };
}

const settings = (at) => ({ baseURL: `${at.url}/v1`, apiKey: "unused" });

export const rows = {
  "@ai-sdk/openai, chat": {
    client: "ai",
    dialect: "OpenAI",
    make(at) {
      const openai = createOpenAI(settings(at));
      return ai(at, openai.chat, openai.textEmbeddingModel ?? openai.embeddingModel);
    },
  },
  "@ai-sdk/openai, responses": {
    client: "ai",
    dialect: "OpenAI",
    make: (at) => ai(at, createOpenAI(settings(at)).responses),
  },
  "@ai-sdk/openai-compatible": {
    client: "ai",
    dialect: "OpenAI",
    make(at) {
      const compatible = createOpenAICompatible({ name: "gearshift", ...settings(at) });
      return ai(at, compatible.chatModel, compatible.textEmbeddingModel ?? compatible.embeddingModel);
    },
  },
  "@ai-sdk/anthropic": {
    client: "ai",
    dialect: "Anthropic",
    make: (at) => ai(at, createAnthropic(settings(at))),
  },
  "ollama-ai-provider-v2": {
    client: "ai",
    dialect: "Ollama",
    make(at) {
      const ollama = createOllama({ baseURL: `${at.url}/api` });
      return ai(at, ollama, ollama.textEmbeddingModel ?? ollama.embeddingModel);
    },
  },
};
