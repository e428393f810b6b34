// What the pages do beside being read: refresh, try a threshold, try a prompt. Text is set as text, never as HTML.
"use strict";

const byId = (name) => document.getElementById(name);
const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);

async function send(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error.message);
  return said;
}

function live() {
  const main = byId("main");
  const every = Number(main.dataset.live);
  if (!every) return;
  setInterval(async () => {
    if (document.hidden || main.contains(document.activeElement) && document.activeElement !== main) return;
    try {
      const answer = await fetch(location.href);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.replaceChildren(...page.getElementById("main").childNodes);
    } catch {
      // The next turn may do better.
    }
  }, 1000 * every);
}

function threshold() {
  const part = byId("what-if");
  if (!part) return;
  const steps = JSON.parse(part.dataset.steps);
  const now = Number(part.dataset.now);
  const slider = byId("slider");
  const show = () => {
    const at = Number(slider.value);
    const step = steps.reduce((best, one) =>
      Math.abs(one.threshold - at) < Math.abs(best.threshold - at) ? one : best);
    byId("at").textContent = String(at);
    byId("share").textContent = percent(step.share_simple);
    byId("saved").textContent = percent(step.compute_saved);
    const quality = step.quality;
    byId("quality").textContent = quality ? quality.estimate.toFixed(3) : "no support";
    byId("quality-note").textContent = quality
      ? `${quality.ci[0].toFixed(3)} to ${quality.ci[1].toFixed(3)} (95 %), ${quality.n} judged`
      : "too few answers are judged; see Quality";
    if (byId("apply")) byId("apply").disabled = at === now;
  };
  slider.addEventListener("input", show);
  show();
  if (!byId("apply")) return;
  byId("apply").addEventListener("click", () => {
    byId("sure-words").textContent = `Change the threshold from ${now} to ${slider.value} for all requests from now on?`;
    byId("sure").showModal();
  });
  byId("sure").addEventListener("close", () => {
    if (byId("sure").returnValue === "yes") {
      settle(send("/admin/api/tiered-routing/config", { complexity_threshold: Number(slider.value) }));
    }
  });
  byId("undo").addEventListener("click", () =>
    settle(send("/admin/api/changes/undo", { key: "complexity_threshold" })));
}

async function settle(change) {
  try {
    const said = await change;
    const lasts = said.changes.map((one) => `${one.key}: ${one.old} → ${one.new}, ${one.lasts}`);
    sessionStorage.setItem("said", lasts.join("; ") || "nothing changed");
    location.reload();
  } catch (error) {
    byId("said").textContent = error.message;
  }
}

function tryIt() {
  const form = byId("try");
  if (!form) return;
  const ask = async (answers) => {
    if (!form.reportValidity()) return;
    byId("said").textContent = answers ? "asking…" : "scoring…";
    try {
      showTrial(await send("/admin/api/try-it", { prompt: byId("prompt").value, answers }));
      byId("said").textContent = "";
    } catch (error) {
      byId("said").textContent = error.message;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(true);
  });
  byId("score-only").addEventListener("click", () => ask(false));
}

function showTrial(found) {
  const decision = found.decision;
  byId("result").hidden = false;
  byId("tier").textContent = `${decision.tier}, score ${decision.score.toFixed(2)} (threshold ${decision.threshold}).`;
  byId("reason").textContent = decision.reason;
  const bars = Object.entries(decision.contributions).flatMap(([name, value]) => {
    const title = document.createElement("dt");
    title.textContent = name.replace("_", " ");
    const bar = document.createElement("dd");
    const meter = document.createElement("meter");
    meter.max = 10;
    meter.value = Math.max(0, value);
    meter.setAttribute("aria-label", `${title.textContent} adds`);
    const number = document.createElement("span");
    number.textContent = value.toFixed(2);
    bar.append(meter, number);
    return [title, bar];
  });
  byId("contributions").replaceChildren(...bars);
  for (const place of document.querySelectorAll("[data-answer]")) {
    const tier = place.dataset.answer;
    const answer = (found.answers || []).find((one) => one.tier === tier);
    place.textContent = answer ? answer.text ?? answer.error : "";
    const note = document.querySelector(`[data-note="${CSS.escape(tier)}"]`);
    note.textContent = answer && answer.model
      ? `${answer.model}, ${answer.seconds.toFixed(2)} s, ${answer.tokens ?? "?"} tokens` : "";
  }
}

const said = sessionStorage.getItem("said");
if (said && byId("said")) {
  byId("said").textContent = said;
  sessionStorage.removeItem("said");
}
live();
threshold();
tryIt();
