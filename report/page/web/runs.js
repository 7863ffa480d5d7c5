import { Charts } from "./charts.js";
import { el, figure, foreign, none } from "./dom.js";
import { formatCount, formatElapsed, formatMS, formatRate, formatShare } from "./format.js";
import { clock } from "./log.js";
import { failedShare } from "./model.js";
import { colours, overlaidLanes } from "./overlay.js";
import { scroll } from "./tables.js";
import { askCompared, askRun, askRuns, runPath } from "./wire.js";
import { loadWords, trustWords } from "./sections.js";

// Earlier runs, of this process and saved ones, any number of them over each other.

const mostPicked = colours.length;

export class Runs {
  constructor() {
    this.picked = []; // ids of runs
    this.runs = [];
    this.asked = 0;
    this.list = el("tbody");
    this.none = none("No run yet.");
    this.hint = el("p", { class: "left-out" }, "Pick runs to lay them over each other; a run's number opens it whole.");
    this.problem = el("p", { class: "wrong", hidden: true });
    this.head = el("tr");
    this.rows = el("tbody");
    this.verdict = el("p", { class: "answer" });
    this.charts = new Charts(overlaidLanes, "overlay", false);
    this.compared = el("section", { class: "compared", hidden: true, "aria-labelledby": "compared" }, el("h2", { id: "compared" }, "Side by side"), this.verdict,
      scroll("runs side by side", el("table", {}, el("caption", { class: "unseen" }, "runs side by side"), el("thead", {}, this.head), this.rows)), this.charts.root);
    const heads = ["pick", "run", "name", "state", "started", "load", "sent", "succeeded", "failed", "p50", "p99", "max", "figures"];
    const numbers = new Set(["sent", "succeeded", "failed", "p50", "p99", "max"]);
    this.table = scroll("runs", el("table", {}, el("caption", { class: "unseen" }, "runs"), el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col", class: numbers.has(head) ? "number" : null }, head)))), this.list));
    this.root = el("div", {}, this.none, this.table, this.hint, this.problem, this.compared);
  }

  // refresh asks the server; of answers that cross only the newest counts.
  async refresh() {
    const turn = ++this.asked;
    try {
      const { runs, saved } = await askRuns();
      if (turn !== this.asked) return;
      this.runs = listed(runs, saved ?? []);
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
    this.hint.hidden = this.runs.length < 1;
    const held = document.activeElement?.dataset?.run;
    this.list.replaceChildren(...this.runs.map((run) => this.row(run)));
    if (held) this.list.querySelector(`[data-run="${CSS.escape(held)}"]`)?.focus();
  }

  row(run) {
    const { id, title, requests } = run;
    const box = el("input", { type: "checkbox", "data-run": id, checked: this.picked.includes(id), disabled: !requests, "aria-label": `lay ${title} over others`, onchange: () => this.pick(id) });
    const cell = (content, look) => el("td", { class: look }, content);
    const number = (value, words) => cell(figure("", value, words), "number");
    const failed = requests ? (requests.failed > 0 ? `${formatCount(requests.failed)} (${formatShare(failedShare(requests))})` : "0") : "–";
    return el("tr", {}, cell(box), cell(el("a", { href: runPath(id) }, title), "short"), cell(run.name ? foreign(run.name, 40) : "", "short"), cell(foreign(run.state ?? ""), "short"), cell(run.started ? clock(run.started) : "–", "short"), cell(run.plan ? loadWords(run.plan) + (run.changes > 0 ? ", changed" : "") : "–", "short"),
      number(requests?.sent ?? null, formatCount), number(run.succeeded_per_s ?? null, formatRate), cell(failed, "number"),
      number(run.p50 ?? null, formatMS), number(run.p99 ?? null, formatMS), number(run.max ?? null, formatMS), cell(run.valid === false ? el("b", { class: "invalid" }, "not valid") : run.trust === undefined ? "" : trustWords({ trust: null, error_ms: null, ...run }), "short"));
  }

  // pick keeps those that were picked last, as many as there are colours.
  pick(id) {
    this.picked = this.picked.includes(id) ? this.picked.filter((one) => one !== id) : [...this.picked, id].slice(-mostPicked);
    this.fill();
    return this.compare(++this.asked).catch((refusal) => this.say(refusal.message));
  }

  async compare(turn) {
    if (this.picked.length < 2) {
      this.compared.hidden = true;
      return;
    }
    const order = this.runs.map(({ id }) => id).toReversed();
    const ids = this.picked.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
    const [all, said] = await Promise.all([Promise.all(ids.map(askRun)), ids.length === 2 ? askCompared(...ids).catch(() => null) : null]);
    if (turn !== this.asked) return;
    const named = all.map(({ report, extra }, i) => ({ name: this.runs.find(({ id }) => id === ids[i])?.title ?? String(ids[i]), report, extra }));
    const head = (words) => el("th", { scope: "col", class: "number" }, words);
    this.head.replaceChildren(el("td"), ...named.map(({ name }) => head(name)), ...(named.length === 2 ? [head("difference")] : []));
    this.rows.replaceChildren(...compared.map(([label, get, words]) => pairRow(label, get, words, named)));
    this.verdict.textContent = said?.comparison?.headline ?? "";
    this.compared.hidden = false;
    this.charts.show(named, null);
  }
}

// listed are the runs of this process and the saved ones, the newest first, each once
// and with an id.
function listed(runs, saved) {
  const own = runs.map((run) => ({ ...run, id: run.id ?? String(run.run), title: `run ${run.run}` })).toReversed();
  const ids = new Set(own.map(({ id }) => id));
  const kept = saved.slice(0, 100).map((run) => ({ ...run, id: run.id ?? run.name, title: `@-${run.number}`, state: run.state ?? "saved" })).filter(({ id }) => !ids.has(id));
  return [...own, ...kept];
}

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
  return el("tr", {}, el("th", { scope: "row" }, label), values.map((value) => el("td", { class: "number" }, figure("", value, words))), values.length === 2 ? el("td", { class: "number" }, differenceWords(...values)) : null);
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
