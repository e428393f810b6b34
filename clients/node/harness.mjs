// Tries the rows of one file: `node harness.mjs FILE AT`; prints a line of JSON for each row and feature.
import { readFileSync } from "node:fs";

const FEATURES = ["whole", "stream", "tools", "error", "cancel", "embeddings"];

function versionOf(name) {
  const folder = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(folder)).version;
}

async function main() {
  const [, , file, given] = process.argv;
  const at = JSON.parse(given);
  const { rows } = await import(`./${file}.mjs`);
  for (const [row, { client, dialect, make }] of Object.entries(rows)) {
    const tried = await make(at);
    for (const feature of FEATURES) {
      let problem = tried[feature] ? "" : null;
      try {
        await tried[feature]?.(at);
      } catch (error) {
        console.error(error);
        problem = `${error.name}: ${error.message}`.slice(0, 400);
      }
      const named = { client: `${client} (npm)`, version: versionOf(client), row, dialect };
      console.log(JSON.stringify({ ...named, feature, problem }));
    }
  }
  process.exit(0); // whatever a client keeps open
}

await main();
