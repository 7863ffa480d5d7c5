import { formatMS } from "./format.js";
import { asMS, axis, line, logAxis, logRange } from "./plots.js";

// Latency by percentile: of a run, and of several over each other.

const known = [[2, "p50"], [10, "p90"], [100, "p99"], [1e3, "p99.9"], [1e4, "p99.99"], [1e5, "p99.999"]];

function percentileOf(x) {
  const p = 100 * (1 - 1 / x);
  return "p" + Number(p.toFixed(Math.max(0, Math.ceil(Math.log10(x)))));
}

const nameOf = (x) => known.find(([at]) => at === x)[1];

// roomy leaves out percentiles whose names would touch.
function roomy(u, splits) {
  let free = -Infinity;
  return splits.map((at) => {
    const half = nameOf(at).length * 3.5;
    const place = u.valToPos(at, "x");
    if (place - half < free) return null;
    free = place + half + 6;
    return at;
  });
}

// curveOf is the chart of latency by percentile.
export function curveOf(report, extra) {
  const { x, response, service } = extra.curve;
  return {
    id: "curve", title: "Latency by percentile", unit: "the gap between the lines is time spent waiting to be sent; log scales", apart: true, across: "share of replies that were faster",
    empty: x.length < 2 ? "Too few replies for a curve." : null,
    sentence: curveWords(report),
    data: [x, response, service],
    series: [line("response", "response", asMS, { width: 2, curve: true }), line("service", "service", asMS, { width: 1.5, dash: [8, 4], curve: true })],
    scales: { x: { time: false, distr: 3, range: (_, low, high) => [low, high] }, y: { distr: 3, range: logRange } },
    axes: [percentileAxis(), logAxis()],
    at: percentileOf,
  };
}

const inSight = (_, __, low, high) => known.map(([at]) => at).filter((at) => at >= low && at <= high * 1.01);

// percentileAxis names the percentiles of 1/(1−p).
const percentileAxis = () => axis({ size: 26, splits: inSight, filter: roomy, values: (_, splits) => splits.map((at) => (at === null ? "" : nameOf(at))) });

const curveColours = ["response", "failed", "succeeded", "lateness", "service", "asked", "flight", "kind-4"];

// overlayOf lays the response times of runs over each other.
export function overlayOf(runs) {
  const x = [...new Set(runs.flatMap(({ extra }) => extra.curve.x))].sort((one, two) => one - two);
  const along = ({ curve }) => {
    const at = new Map(curve.x.map((value, i) => [value, curve.response[i]]));
    return x.map((value) => at.get(value) ?? null);
  };
  const known = runs.map(({ name, report }) => (report.latency_ms.response.p99 === null ? null : `${formatMS(report.latency_ms.response.p99)} in ${name}`)).filter(Boolean);
  return {
    id: "overlaid", title: "Response time by percentile", unit: "from the planned instant; log scales", apart: true, across: "share of replies that were faster",
    empty: x.length < 2 ? "Too few replies for a curve." : null, sentence: known.length === 0 ? "" : `p99 is ${known.join(", ")}.`,
    data: [x, ...runs.map(({ extra }) => along(extra))],
    series: runs.map(({ name }, i) => line(name, curveColours[i % curveColours.length], asMS, { width: 2, curve: true, dash: i === 0 ? [] : [8, 2 + 2 * i] })),
    scales: { x: { time: false, distr: 3, range: (_, low, high) => [low, high] }, y: { distr: 3, range: logRange } },
    axes: [percentileAxis(), logAxis()], at: percentileOf,
  };
}

function curveWords(report) {
  const { response, service } = report.latency_ms;
  const key = response.p99 !== null && service.p99 !== null ? "p99" : "p50";
  if (response[key] === null || service[key] === null) return "";
  const gap = response[key] - service[key];
  const words = `At ${key} response takes ${formatMS(response[key])}, service ${formatMS(service[key])}`;
  return gap > response[key] * 0.05 ? `${words}: ${formatMS(gap)} of it is waiting to be sent.` : `${words}: next to no waiting.`;
}
