import { filed } from "./app.js";
import { el, foreign, visible } from "./dom.js";
import { counted, formatAsked, formatCount, formatMS, formatRate } from "./format.js";
import { scroll } from "./tables.js";

// A search for the highest load: its answer, the curve, and a row for each load.

const loadOf = (step) => step.rate_per_s ?? step.concurrency;

// levelsOf are the steps by load, in ascending order.
function levelsOf(steps) {
  const levels = new Map();
  for (const step of steps) levels.set(loadOf(step), [...(levels.get(loadOf(step)) ?? []), step]);
  return [...levels].toSorted(([a], [b]) => a - b).map(([, list]) => list);
}

filed.push(capacitySection);

function capacitySection(report) {
  const c = report.capacity;
  if (!c) return null;
  const levels = levelsOf(c.steps);
  return el("section", { id: "capacity", "aria-labelledby": "capacity-title" },
    el("h2", { id: "capacity-title" }, "Capacity"),
    el("p", { class: "answer" }, foreign(c.headline, 800)),
    el("ul", { class: "notes" }, c.notes.map((note) => el("li", {}, foreign(note, 800)))),
    levels.length > 1 ? capacityCurve(c, levels) : null,
    levels.length > 0 ? scroll("steps of the search", capacityTable(c, levels)) : null,
    el("p", { class: "hint" }, "Below: the last step that held, or the last one where none did."));
}

function heldWords(steps) {
  const known = steps.filter((step) => step.held !== null);
  if (known.length === 0) return steps[0].outcome === "unjudged" ? "too few requests" : "not known";
  return `${formatCount(known.filter((step) => step.held).length)} of ${counted(known.length, "step")} held`;
}

function capacityTable(c, levels) {
  const rates = c.sweep === "rate";
  const streams = c.steps.some((step) => step.ttft_p99 !== null);
  const optional = (value, words) => (value === null ? "–" : words(value));
  const columns = [
    [rates ? "rate" : "clients", (steps) => (rates ? formatAsked(loadOf(steps[0])) : formatCount(loadOf(steps[0])))],
    ["completed", (_, last) => optional(last.completed_per_s, formatRate)],
    ...(streams ? [
      ["tokens", (_, last) => optional(last.output_tokens_per_s, formatRate)],
      ["per user", (_, last) => optional(last.per_user_tokens_per_s, formatRate)],
      ["ttft p99", (_, last) => optional(last.ttft_p99, formatMS)],
      ["tpot p99", (_, last) => optional(last.tpot_p99, formatMS)],
    ] : []),
    ["p50", (_, last) => optional(last.p50, formatMS)],
    ["p99", (_, last) => optional(last.p99, formatMS)],
    ["requests", (steps) => formatCount(steps.reduce((sum, step) => sum + step.requests, 0))],
    ["failed", (steps) => formatCount(steps.reduce((sum, step) => sum + step.failed, 0))],
    ["outcome", heldWords],
  ];
  return el("table", {},
    el("caption", { class: "unseen" }, "the loads that were tried"),
    el("thead", {}, el("tr", {}, columns.map(([head]) => el("th", { scope: "col", class: head === "outcome" ? null : "number" }, head)))),
    el("tbody", {}, levels.map((steps) => el("tr", {}, columns.map(([head, cell]) => el("td", { class: head === "outcome" ? null : "number" }, cell(steps, steps.at(-1))))))));
}

// box is the drawing's size and its margins.
const box = { width: 640, height: 240, left: 70, right: 16, above: 12, below: 34 };

// svgOf is an element of a drawing.
function svgOf(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// logScale maps values to pixels, by their logarithm.
function logScale(values, from, to) {
  const low = Math.log(Math.min(...values)), high = Math.log(Math.max(...values));
  return (value) => from + (high > low ? ((Math.log(value) - low) / (high - low)) * (to - from) : (to - from) / 2);
}

// capacityCurve draws what the sweep is about over the load, both by their
// logarithms: response times of a rate, throughput of a number of clients, and of
// streams tokens per second over those of one user.
function capacityCurve(c, levels) {
  const { width, height, left, right, above, below } = box;
  const rates = c.sweep === "rate";
  const streams = !rates && c.steps.some((step) => step.per_user_tokens_per_s !== null);
  const last = levels.map((steps) => steps.at(-1));
  const x = (step) => (streams ? step.per_user_tokens_per_s : loadOf(step));
  const lines = rates
    ? [["p50", (step) => step.p50, "var(--response)", ""], ["p99", (step) => step.p99, "var(--response-tail)", "6 4"]]
    : [streams ? ["output tokens/s", (step) => step.output_tokens_per_s, "var(--succeeded)", ""] : ["completed/s", (step) => step.completed_per_s, "var(--succeeded)", ""]];
  const words = rates ? formatMS : formatRate;
  const shown = last.filter((step) => x(step) > 0 && lines.some(([, y]) => y(step) > 0));
  if (shown.length < 2) return null;
  const values = shown.flatMap((step) => lines.map(([, y]) => y(step)).filter((value) => value > 0));
  const across = logScale(shown.map(x), left, width - right);
  const up = logScale(values, height - below, above);
  const text = (at, y, anchor, content) => svgOf("text", { x: at, y, "text-anchor": anchor, fill: "currentColor", "font-size": 11 }, content);
  const drawing = svgOf("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "the curve of the search", width: "100%" });
  for (const value of [Math.min(...values), Math.max(...values)]) {
    drawing.append(svgOf("line", { x1: left, x2: width - right, y1: up(value), y2: up(value), stroke: "var(--rule)" }), text(left - 6, up(value) + 4, "end", words(value)));
  }
  const ends = [shown.reduce((a, b) => (x(a) < x(b) ? a : b)), shown.reduce((a, b) => (x(a) > x(b) ? a : b))];
  const label = (step) => (streams ? `${formatRate(x(step))} per user` : rates ? formatAsked(x(step)) : counted(x(step), "client"));
  drawing.append(text(left, height - below + 18, "start", label(ends[0])), text(width - right, height - below + 18, "end", label(ends[1])));
  lines.forEach(([name, y, colour, dash], i) => {
    const points = shown.filter((step) => y(step) > 0);
    drawing.append(svgOf("polyline", { points: points.map((step) => `${across(x(step))},${up(y(step))}`).join(" "), fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash }));
    for (const step of points) {
      const dot = svgOf("circle", { cx: across(x(step)), cy: up(y(step)), r: 4, fill: step.held ? colour : "var(--ground)", stroke: colour, "stroke-width": 2 });
      dot.append(svgOf("title", {}, `${label(step)}: ${name} ${words(y(step))}, ${visible(step.outcome)}`));
      drawing.append(dot);
    }
    drawing.append(text(left + 10 + 110 * i, height - 2, "start", (dash ? "- - " : "— ") + name));
  });
  drawing.append(text(width - right, height - 2, "end", "filled: held"));
  return el("figure", { class: "capacity-curve" }, drawing);
}
