import { Charts } from "./charts.js";
import { el, figure, foreign, none } from "./dom.js";
import { formatCount, formatElapsed, formatMS, formatRate, formatShare } from "./format.js";
import { clock } from "./log.js";
import { failedShare } from "./model.js";
import { overlayOf } from "./curve.js";
import { scroll } from "./tables.js";
import { askRun, askRuns } from "./wire.js";
import { loadWords, trustWords } from "./sections.js";

// Earlier runs of this process, any two of them side by side.

export class Runs {
  constructor() {
    this.picked = []; // run numbers, at most two
    this.runs = [];
    this.asked = 0;
    this.list = el("tbody");
    this.none = none("No run yet.");
    this.hint = el("p", { class: "left-out" }, "Pick two runs to lay them over each other.");
    this.problem = el("p", { class: "wrong", hidden: true });
    this.pair = el("tbody");
    this.heads = [el("th", { scope: "col", class: "number" }), el("th", { scope: "col", class: "number" })];
    this.charts = new Charts(([a, b]) => [overlayOf(a, b)], "overlay");
    this.compared = el("section", { class: "compared", hidden: true, "aria-labelledby": "compared" }, el("h2", { id: "compared" }, "Side by side"),
      el("div", { class: "two" }, el("div", {}, scroll("two runs side by side", el("table", {}, el("caption", { class: "unseen" }, "two runs side by side"), el("thead", {}, el("tr", {}, el("td"), this.heads, el("th", { scope: "col", class: "number" }, "difference"))), this.pair)),
        el("p", { class: "left-out" }, "A small difference may be noise: repeat both runs to see.")), this.charts.root));
    const heads = ["pick", "run", "state", "started", "load", "sent", "succeeded", "failed", "p50", "p99", "max", "figures"];
    const numbers = new Set(["sent", "succeeded", "failed", "p50", "p99", "max"]);
    this.table = scroll("runs", el("table", {}, el("caption", { class: "unseen" }, "runs"), el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col", class: numbers.has(head) ? "number" : null }, head)))), this.list));
    this.saved = el("ul");
    this.keep = el("section", { hidden: true, "aria-labelledby": "saved" }, el("h2", { id: "saved" }, "Saved runs"), this.saved);
    this.root = el("div", {}, this.none, this.table, this.hint, this.problem, this.compared, this.keep);
  }

  // refresh asks the server; of answers that cross only the newest counts.
  async refresh() {
    const turn = ++this.asked;
    try {
      const { runs, saved } = await askRuns();
      if (turn !== this.asked) return;
      this.runs = runs.toReversed();
      this.saved.replaceChildren(...(saved ?? []).slice(0, 100).map((run) => el("li", {}, foreign(`@-${run.number} ${run.name}: ${loadWords(run.plan)}, p50 ${optional(run.p50)}, p99 ${optional(run.p99)}`))));
      this.keep.hidden = !saved?.length;
      this.fill();
      await this.compare(turn);
      this.say("");
    } catch (refusal) {
      if (turn === this.asked) this.say(refusal.message);
    }
  }

  say(words) {
    this.problem.textContent = words;
    this.problem.hidden = words === "";
  }

  fill() {
    this.none.hidden = this.runs.length > 0;
    this.table.hidden = this.runs.length === 0;
    this.hint.hidden = this.runs.length < 2 || this.picked.length === 2;
    const held = document.activeElement?.dataset?.run;
    this.list.replaceChildren(...this.runs.map((run) => this.row(run)));
    if (held) this.list.querySelector(`[data-run="${CSS.escape(held)}"]`)?.focus();
  }

  row(run) {
    const box = el("input", { type: "checkbox", "data-run": run.run, checked: this.picked.includes(run.run), "aria-label": `lay run ${run.run} over another`, onchange: () => this.pick(run.run) });
    const cell = (content, look) => el("td", { class: look }, content);
    const number = (value, words) => cell(figure("", value, words), "number");
    const { requests } = run;
    return el("tr", {}, cell(box), cell(String(run.run), "short"), cell(foreign(run.state), "short"), cell(run.started ? clock(run.started) : "–", "short"), cell(loadWords(run.plan) + (run.changes > 0 ? ", changed" : ""), "short"),
      number(requests.sent, formatCount), number(run.succeeded_per_s, formatRate), cell(requests.failed > 0 ? `${formatCount(requests.failed)} (${formatShare(failedShare(requests))})` : "0", "number"),
      number(run.p50, formatMS), number(run.p99, formatMS), number(run.max, formatMS), cell(trustWords(run), "short"));
  }

  // pick keeps the two that were picked last.
  pick(n) {
    this.picked = this.picked.includes(n) ? this.picked.filter((one) => one !== n) : [...this.picked, n].slice(-2);
    this.fill();
    return this.compare(++this.asked).catch((refusal) => this.say(refusal.message));
  }

  async compare(turn) {
    if (this.picked.length < 2) {
      this.compared.hidden = true;
      return;
    }
    const numbers = this.picked.toSorted((a, b) => a - b);
    const two = await Promise.all(numbers.map(askRun));
    if (turn !== this.asked) return;
    const named = two.map(({ report, extra }, i) => ({ name: `run ${numbers[i]}`, report, extra }));
    this.heads.forEach((head, i) => (head.textContent = named[i].name));
    this.pair.replaceChildren(...compared.map(([label, get, words]) => pairRow(label, get, words, named)));
    this.compared.hidden = false;
    this.charts.show(named, null);
  }
}

const optional = (ms) => (ms === null ? "–" : formatMS(ms));

const latency = (label, of, key) => [`${label} ${key.replace("_", ".")}`, ({ latency_ms }) => latency_ms[of][key], formatMS];
const compared = [
  ["sent", ({ throughput }) => throughput.sent_per_s, formatRate], ["completed", ({ throughput }) => throughput.completed_per_s ?? null, formatRate], ["succeeded", ({ throughput }) => throughput.succeeded_per_s, formatRate],
  ["failed", ({ requests }) => failedShare(requests), formatShare],
  ...["p50", "p90", "p99", "p99_9", "max"].map((key) => latency("response", "response", key)),
  ...["p50", "p99"].map((key) => latency("service", "service", key)),
  ["lateness p99", ({ lateness_ms }) => lateness_ms.p99, formatMS], ["requests", ({ requests }) => requests.sent, formatCount],
  ["measured for", ({ elapsed_s }) => elapsed_s, formatElapsed],
];

function pairRow(label, get, words, named) {
  const values = named.map(({ report }) => get(report));
  return el("tr", {}, el("th", { scope: "row" }, label), values.map((value) => el("td", { class: "number" }, figure("", value, words))), el("td", { class: "number" }, differenceWords(...values)));
}

// differenceWords is how far the second is from the first, in per cent of it.
export function differenceWords(a, b) {
  if (a === null || b === null) return "–";
  if (a === b) return "same";
  if (a === 0) return "from none";
  const share = (100 * (b - a)) / a;
  const size = Math.abs(share);
  if (size < 0.1) return "within 0.1 %";
  return (share > 0 ? "+" : "−") + (size >= 10 ? formatCount(Math.round(size)) : size.toFixed(1)) + " %";
}
