// The examples of the pages in docs/clients that are in JavaScript.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url);
const folder = new URL("./node_modules/.pages/", here);

function row(client, page) {
  const make = () => ({
    async whole(at) {
      const text = readFileSync(new URL(`../../docs/clients/${page}.md`, here), "utf8");
      const blocks = [...text.matchAll(/^```js\n([^]*?)^```$/gm)].map((match) => match[1]);
      if (blocks.length === 0) throw new Error("the page has no example");
      mkdirSync(folder, { recursive: true });
      for (const [number, block] of blocks.entries()) {
        const file = new URL(`./${page}-${number}.mjs`, folder);
        // The harness reads lines that begin with a brace.
        const quiet = block.replaceAll("console.log(", "console.error(");
        writeFileSync(file, quiet.replaceAll("http://127.0.0.1:11435", at.url));
        await import(file);
      }
    },
  });
  return { client, dialect: "as on its page", make };
}

export const rows = {
  "docs/clients/openai.md": row("openai", "openai"),
  "docs/clients/anthropic.md": row("@anthropic-ai/sdk", "anthropic"),
  "docs/clients/ollama.md": row("ollama", "ollama"),
  "docs/clients/vercel-ai-sdk.md": row("ai", "vercel-ai-sdk"),
};
