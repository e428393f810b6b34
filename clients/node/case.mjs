// What every row has in common.
export const PROMPTS = { simple: "What time is it?", complex: "Explain async vs threads" };
export const RESULT = "rain in Paris";
export const ANSWER = `The tool says: ${RESULT}`;
export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const turn = (text) => [{ role: "user", content: text }];

export function expect(found, wanted) {
  const [left, right] = [found, wanted].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${left} instead of ${right}`);
}

export async function expectError(ask) {
  let error;
  try {
    await ask();
  } catch (caught) {
    error = caught;
  }
  if (error === undefined) throw new Error("an unknown model was answered");
  const words = `${error.message} ${error.responseBody ?? ""}`;
  if (!words.includes("not found") || !words.includes("nobody"))
    throw new Error(`the error does not name the model: ${words}`);
}

const stopped = async (at) => (await (await fetch(`${at.upstream}/stopped`)).json()).stopped;

// The upstream stops when the client has left a stream.
export async function expectStopped(at, leave) {
  const before = await stopped(at);
  await leave();
  const end = Date.now() + 20_000;
  while ((await stopped(at)) === before) {
    if (Date.now() > end) throw new Error("the upstream went on after the client had left");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// An answer is the reply of the tier's model.
export const check = (at, tier, text) => expect(text.trim(), at.replies[tier]);
