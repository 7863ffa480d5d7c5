import { Charts } from "./charts.js";
import { el, figure, foreign, visible } from "./dom.js";
import { formatCount, formatElapsed, formatMS, formatRate, formatShare } from "./format.js";
import { asMS, countAxis, line, logAxis, logRange, timeAxis } from "./plots.js";
import { overlayOf } from "./curve.js";
import { scroll } from "./tables.js";

// Two runs, or sets of runs, over each other. The charts show the first run of
// each side.

export function startComparison() {
  const { comparison } = JSON.parse(document.getElementById("comparison").textContent);
  const runs = JSON.parse(document.getElementById("runs").textContent);
  const named = runs.map((run, i) => ({ name: i === 0 ? "base" : "new", ...run }));
  const charts = new Charts(([a, b]) => [overTime(a, b, "p50"), overTime(a, b, "p99"), overlayOf([a, b]), failedOverTime(a, b)], "charts");
  charts.theme = () => charts.redraw();
  const main = el("main", {}, figuresTable(comparison), notesOf(comparison), charts.root, sidesTable(comparison));
  document.title = `${visible(comparison.headline)} – brunt`.slice(0, 200);
  document.getElementById("app").replaceChildren(el("header", {}, el("div", { class: "top" }, el("h1", {}, foreign(comparison.headline)))), main);
  document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  charts.show(named, null);
  globalThis.brunt = { comparison, runs, charts };
}

const units = { ms: formatMS, percent: formatShare, per_s: formatRate };

// percentWords is a share as a change: +34 %.
function percentWords(share) {
  if (share === null || share === undefined) return "–";
  const size = Math.abs(100 * share);
  return `${share < 0 ? "−" : "+"}${size.toFixed(size < 10 ? 1 : 0)} %`;
}

function pointWords(points) {
  return points === null ? "–" : `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)} pt`;
}

function figuresTable({ figures }) {
  if (figures.length === 0) return null;
  const heads = ["", "base", "new", "change", "95 % interval", "could show", "verdict"];
  const rows = figures.map((f) => {
    const words = units[f.unit];
    const of = (key) => (f.relative ? percentWords(f.relative[key]) : pointWords(f[key]));
    const number = (text) => el("td", { class: "number" }, text);
    const interval = f.low === null || f.high === null ? "–" : `${of("low")} to ${of("high")}`;
    return el("tr", {}, el("th", { scope: "row" }, f.name), el("td", { class: "number" }, figure("", f.base, words)), el("td", { class: "number" }, figure("", f.new, words)),
      number(of("difference")), number(interval), number(of("smallest_detectable").replace("+", "")), el("td", {}, f.verdict ?? f.reason));
  });
  return scroll("figures", el("table", {}, el("caption", { class: "unseen" }, "figures of both sides"), el("thead", {}, el("tr", {}, heads.map((head, i) => el("th", { scope: "col", class: i > 0 && i < 6 ? "number" : null }, head)))), el("tbody", {}, rows)));
}

function notesOf({ reasons, notes }) {
  const all = [...reasons, ...notes];
  return all.length === 0 ? null : el("ul", {}, all.map((text) => el("li", {}, foreign(text))));
}

function sidesTable({ base, new: next }) {
  const row = (name, side) => el("tr", {}, el("th", { scope: "row" }, name), ...[formatCount(side.runs), formatCount(side.succeeded), formatCount(side.failed), formatElapsed(side.duration_s)].map((text) => el("td", { class: "number" }, text)), el("td", {}, foreign(side.target)));
  return scroll("sides", el("table", {}, el("caption", { class: "unseen" }, "what was compared"), el("thead", {}, el("tr", {}, ["", "runs", "succeeded", "failed", "time", "target"].map((head, i) => el("th", { scope: "col", class: i > 0 && i < 5 ? "number" : null }, head)))), el("tbody", {}, row("base", base), row("new", next))));
}

// together are both runs' figures by the seconds at which intervals begin.
function together(a, b, of) {
  const values = [a, b].map(({ report }) => new Map(report.intervals.map((interval) => [Math.round(interval.t_s * 10) / 10, of(interval)])));
  const xs = [...new Set(values.flatMap((map) => [...map.keys()]))].sort((one, two) => one - two);
  return [xs, ...values.map((map) => xs.map((x) => map.get(x) ?? null))];
}

const wholeRun = { time: false, range: (_, low, high) => [low, high] };
const looks = [["base", "response", { width: 2 }], ["new", "failed", { width: 2, dash: [8, 4] }]];

function overTime(a, b, key) {
  const data = together(a, b, (interval) => interval[key]);
  const some = data.slice(1).some((values) => values.some((value) => value !== null));
  const overall = [a, b].map(({ name, report }) => (report.latency_ms.response[key] === null ? null : `${formatMS(report.latency_ms.response[key])} in ${name}`)).filter(Boolean);
  return {
    id: "over-time-" + key, title: `Response time ${key}`, unit: "from the planned instant, at the time of the reply; log scale", across: "time since the start",
    empty: some ? null : "Too few replies in each interval.", sentence: overall.length === 0 ? "" : `Over the run: ${overall.join(", ")}.`, apart: true, data,
    series: looks.map(([name, meaning, look]) => line(name, meaning, asMS, { ...look, spanGaps: true, curve: true })),
    scales: { x: wholeRun, y: { distr: 3, range: logRange } }, axes: [timeAxis(), logAxis()], at: (x) => `${x} s`,
  };
}

function failedOverTime(a, b) {
  const share = (interval) => (interval.failed + interval.succeeded === 0 ? null : (100 * interval.failed) / (interval.failed + interval.succeeded));
  const none = [a, b].every(({ report }) => report.requests.failed === 0);
  return {
    id: "failed-over-time", title: "Failed", unit: "share of replies, per cent", across: "time since the start", sentence: "", apart: true,
    empty: none ? "No request failed in either." : null, data: together(a, b, share),
    series: looks.map(([name, meaning, look]) => line(name, meaning, (value) => (value === null ? "–" : formatShare(value)), { ...look, spanGaps: true, curve: true })),
    scales: { x: wholeRun, y: { range: (_, __, high) => [0, Math.max(high * 1.08, 1)] } }, axes: [timeAxis(), countAxis()], at: (x) => `${x} s`,
  };
}
