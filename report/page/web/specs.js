import { endpointItself } from "./endpoint.js";
import { counted, formatAsked, formatCount, formatMS, formatRate, formatShare } from "./format.js";
import { drawHeat, heatOf, heatWords } from "./heat.js";
import { askedIn, columnOf, failedShare, highest, lowest, momentOf, perSecond, perSecondOf, reachedWords, silenceOf, succeededIn, timelineOf } from "./model.js";
import { asCount, asMS, axis, countAxis, faded, fromZero, line, logAxis, logRange, msAxis, paint, timeAxis, wholeAxis } from "./plots.js";
import { firstOutput } from "./streams.js";

// One spec per chart: its title, its sentence, its data and how to plot them.
// empty is the reason why there is nothing to plot; null stands for a chart that
// the report has no use for.

export function specsOf(report, extra, measure) {
  const timeline = timelineOf(report.intervals);
  const all = [throughput, latency, heatMap, load, curve, failures, firstOutput, endpointItself].map((make) => make(report, extra, timeline, measure)).filter(Boolean);
  for (const spec of all) {
    if (report.intervals.length === 0) spec.empty = waiting[report.state] || "Nothing was measured.";
    if (report.blank || (spec.empty && report.state in waiting)) spec.sentence = "";
    spec.timeline = spec.apart ? null : timeline;
    spec.across = spec.across || `time since the start${report.elapsed_s < 120 ? "" : ", min:s"}`;
  }
  return all;
}

// waiting is why there is nothing to see, by the state of a run.
const waiting = {
  idle: "Drawn here once load is started.", starting: "Nothing was measured yet: waiting for the first second.",
  "warming up": "Warming up: drawn from its end on.", running: "Waiting for the first second.", draining: "Nothing was measured yet.",
};

const rate = (value) => (value === null || value === undefined ? "–" : formatRate(value));

function throughput(report, _, timeline) {
  const v = report.intervals;
  // A closed loop plans what it sends: nothing is asked of it.
  const asked = report.plan.rate_per_s === null && (report.plan.concurrency !== null || !v.some((interval) => interval.asked_per_s > 0)) ? null : v.map(askedIn);
  const good = v.map(succeededIn);
  const bad = v.map((interval) => perSecondOf(interval, interval.failed));
  const total = v.map((_, i) => good[i] + bad[i]);
  return {
    id: "throughput", title: "Throughput", unit: "requests per second",
    sentence: throughputWords(report, good),
    data: [timeline.xs, ...[total, good, asked].filter(Boolean).map((values) => columnOf(timeline, values))],
    series: [
      line("failed", "failed", (_, i) => rate(bad[i]), { width: 1, fill: faded("failed", 0.75), swatch: 0.75 }),
      line("succeeded", "succeeded", (_, i) => rate(good[i]), { width: 1, fill: () => paint("succeeded-fill") }),
      asked && line("asked", "asked", (_, i) => rate(asked[i]), { dash: [6, 3] }),
    ].filter(Boolean),
    scales: { y: { range: fromZero } },
    axes: [timeAxis(), countAxis()],
  };
}

function throughputWords(report, good) {
  const asked = report.plan.rate_per_s === null || report.changes?.length > 0 ? "" : ` of ${formatAsked(report.plan.rate_per_s)} asked`;
  const { throughput } = report;
  const words = `${formatRate(throughput.sent_per_s)} sent${asked}, ${reachedWords(throughput)}.`;
  const silence = silenceOf(report.intervals);
  if (silence) return `${words} No reply from ${momentOf(report, silence.from)} to ${momentOf(report, silence.to)}.`;
  const i = lowest(good.slice(0, -1));
  return i < 0 || report.requests.succeeded === 0 ? words : `${words} Lowest at ${momentOf(report, report.intervals[i].t_s)}: ${formatRate(good[i])} succeeded.`;
}

const percentileLooks = [
  ["p50", "", { width: 2.5 }], ["p90", "", { width: 1.5, dash: [8, 4] }], ["p99", "-tail", { width: 1.75 }], ["max", "", { width: 1, dash: [2, 3] }],
];

function latency(report, extra, timeline, measure) {
  const ofService = measure === "service";
  const columns = percentileLooks.map(([key]) => (ofService ? extra.service[key] : report.intervals.map((interval) => interval[key])));
  const some = columns.some((values) => values.some((value) => value !== null));
  let empty = null;
  if (!some && report.intervals.length > 0) empty = ofService ? noHistograms("Service time over time") : noPercentiles(report);
  return {
    id: "latency", title: ofService ? "Service time" : "Response time", unit: ofService ? "from the first byte sent, at the time of the reply; log scale" : "from the planned instant, at the time of the reply; log scale",
    sentence: latencyWords(report, ofService) + (some && columns[0].every((value) => value === null) ? " Percentiles of intervals cannot be merged, the highest can." : ""),
    empty, switchable: true,
    data: [timeline.xs, ...columns.map((values) => columnOf(timeline, values))],
    series: percentileLooks.map(([key, shade, look]) => line(key, (ofService ? "service" : "response") + shade, asMS, look)),
    scales: { y: { distr: 3, range: logRange } },
    axes: [timeAxis(), logAxis()],
  };
}

function latencyWords(report, ofService) {
  const summary = ofService ? report.latency_ms.service : report.latency_ms.response;
  if (summary.count === 0) return "No request succeeded.";
  const held = percentileLooks.filter(([key]) => summary[key] !== null).map(([key]) => `${key} ${asMS(summary[key])}`);
  const words = `Over the run: ${held.join(", ")}.`;
  if (ofService) return words;
  // The finest percentile that every interval has, or a quiet one would win.
  const some = report.intervals.filter((interval) => interval.succeeded > 0);
  const key = ["p99", "p90", "p50"].find((key) => some.every((interval) => interval[key] !== null));
  const worst = key ? highest(report.intervals.map((interval) => interval[key])) : -1;
  const few = some.some((interval) => interval.p99 === null && interval.p50 !== null) ? " No p99 where fewer than 100 replies came." : "";
  return words + (worst < 0 ? "" : ` Highest ${key} at ${momentOf(report, report.intervals[worst].t_s)}: ${asMS(report.intervals[worst][key])}.`) + few;
}

function noPercentiles(report) {
  return report.latency_ms.response.count === 0
    ? "No request succeeded, so there are no response times."
    : "Not shown for a merged report: percentiles of intervals cannot be merged.";
}

function noHistograms(what) {
  return `${what} needs the intervals' histograms, which a report keeps only while its run's process lives.`;
}

function heatMap(report, extra, timeline) {
  const heat = heatOf(extra, report.intervals);
  const some = heat.low !== Infinity;
  const response = report.latency_ms.response;
  let empty = null;
  if (!some && report.intervals.length > 0) empty = response.count === 0 ? "No request succeeded, so there are no response times." : noHistograms("The heat map");
  const low = some ? heat.edge(heat.low) : 1;
  const high = some ? heat.edge(heat.high) : 10;
  return {
    id: "heat", title: "Response time, every reply", unit: "the stronger the colour, the more replies in a cell; log scale", empty,
    sentence: response.p50 === null ? "" : `${formatCount(response.count)} replies between ${asMS(response.min)} and ${asMS(response.max)}; half of them within ${asMS(response.p50)}.`,
    data: [timeline.xs, timeline.xs.map((_, i) => (i % 2 ? low : high))],
    series: [{ label: "few to many replies", meaning: "response", swatch: "block", stroke: "transparent", points: { show: false }, paths: () => null, format: (_, i, u) => heatWords(u, heat, i) }],
    scales: { y: { distr: 3, range: () => [low, high] } },
    axes: [timeAxis(), logAxis()],
    draw: (u) => drawHeat(u, heat),
  };
}

function load(report, _, timeline) {
  const v = report.intervals;
  const inFlight = v.map((interval) => interval.in_flight);
  const late = v.map((interval) => interval.lateness_p99);
  const most = highest(inFlight);
  const moved = report.changes?.some((change) => change.concurrency !== null);
  const allowed = moved ? "" : `, ${formatCount(report.plan.max_in_flight)} allowed`;
  return {
    id: "load", title: "In flight and lateness", unit: "requests, left; p99 of how late they were sent, right",
    sentence: (most < 0 ? "" : `At most ${formatCount(inFlight[most])} in flight at an interval's end${allowed}. `) +
      (report.lateness_ms.p99 === null ? "" : `Sent late by ${asMS(report.lateness_ms.p99)} at p99.`),
    data: [timeline.xs, columnOf(timeline, inFlight), columnOf(timeline, late)],
    series: [line("in flight", "flight", asCount, { fill: faded("flight", 0.1) }), line("lateness p99", "lateness", asMS, { scale: "late", dash: [4, 3] })],
    scales: { y: { range: (_, __, high) => [0, Math.max(high * 1.08, 4)] }, late: { range: (_, __, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: [timeAxis(), wholeAxis(), msAxis({ scale: "late", side: 1, size: 58, grid: { show: false } })], right: 0,
  };
}

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

function curve(report, extra) {
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

// overlayOf lays the response times of two runs over each other.
export function overlayOf(a, b) {
  const x = [...new Set([...a.extra.curve.x, ...b.extra.curve.x])].sort((one, two) => one - two);
  const along = ({ curve }) => {
    const at = new Map(curve.x.map((value, i) => [value, curve.response[i]]));
    return x.map((value) => at.get(value) ?? null);
  };
  const p99 = ({ name, report }) => (report.latency_ms.response.p99 === null ? null : `${formatMS(report.latency_ms.response.p99)} in ${name}`);
  const both = [p99(a), p99(b)].filter(Boolean);
  return {
    id: "overlaid", title: "Response time by percentile", unit: "from the planned instant; log scales", apart: true, across: "share of replies that were faster",
    empty: x.length < 2 ? "Too few replies for a curve." : null, sentence: both.length === 0 ? "" : `p99 is ${both.join(", ")}.`,
    data: [x, along(a.extra), along(b.extra)],
    series: [line(a.name, "response", asMS, { width: 2, curve: true }), line(b.name, "failed", asMS, { width: 2, dash: [8, 4], curve: true })],
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

function failures(report, _, timeline) {
  const failed = perSecond(report.intervals, "failed");
  const cut = perSecond(report.intervals, "cut_off");
  const both = failed.map((value, i) => value + cut[i]);
  const some = report.requests.cut_off > 0;
  return {
    id: "failures", title: "Failures", unit: "requests per second", sentence: failureWords(report, report.intervals.map((interval) => interval.failed)),
    data: [timeline.xs, ...(some ? [columnOf(timeline, both)] : []), columnOf(timeline, failed)],
    series: [
      ...(some ? [line("cut off", "flight", (_, i) => rate(cut[i]), { width: 1, fill: faded("flight", 0.2), dash: [3, 3] })] : []),
      line("failed", "failed", rate, { fill: faded("failed", 0.35) }),
    ],
    scales: { y: { range: (_, __, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: [timeAxis(), countAxis()],
  };
}

function failureWords(report, failed) {
  if (report.requests.failed === 0) return "No request failed.";
  const most = highest(failed);
  const words = `${counted(report.requests.failed, "request")} failed (${formatShare(failedShare(report.requests))})`;
  return most < 0 ? words + "." : `${words}; most at ${momentOf(report, report.intervals[most].t_s)}: ${formatCount(failed[most])}.`;
}
