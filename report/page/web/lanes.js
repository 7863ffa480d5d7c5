import { endpointItself } from "./endpoint.js";
import { counted, formatAsked, formatCount, formatRate, formatSpan } from "./format.js";
import { Grid, perDecade } from "./grid.js";
import { drawHeat, heatWords } from "./heat.js";
import { kindColumns } from "./kinds.js";
import { askedIn, columnOf, highest, lowest, momentOf, perSecondOf, reachedWords, silenceOf, succeededIn, timelineOf } from "./model.js";
import { asCount, asMS, countAxis, drawBand, drawBound, faded, fromZero, line, logAxis, logRange, msAxis, mutedAxis, paint, shade, timeAxis, wholeAxis } from "./plots.js";

// One spec per lane of the timeline: its title, its sentence, its data and how to plot
// them. All lanes have the same buckets. empty is the reason why there is nothing to
// plot; null stands for a lane that the report has no use for.

export function lanesOf(report, extra, view) {
  const grid = new Grid(report, extra, view.range);
  const timeline = timelineOf(grid.buckets);
  const lanes = [throughput, latency, firstOutput, tokenRates, load, endpointItself].map((make) => make({ report, extra, grid, timeline, view })).filter(Boolean);
  lanes.forEach((lane, i) => {
    if (report.intervals.length === 0) lane.empty = waiting[report.state] || "Nothing was measured.";
    if (report.blank || (lane.empty && report.state in waiting)) lane.sentence = "";
    lane.timeline = timeline;
    lane.first = i === 0;
    lane.bottom = i === lanes.length - 1;
    lane.axes[0] = lane.bottom ? timeAxis(report.started) : mutedAxis();
    lane.extent = view.range ?? wholeOf(report);
    lane.across = "";
  });
  return lanes;
}

// wholeOf is all the time that a timeline shows.
export function wholeOf(report) {
  const all = report.intervals;
  if (all.length === 0) return [0, 1];
  return [Math.min(all[0].t_s, 0), all.at(-1).t_s + all.at(-1).width_s];
}

// waiting is why there is nothing to see, by the state of a run.
const waiting = {
  idle: "Drawn here once load is started.", starting: "Nothing was measured yet: waiting for the first second.",
  "warming up": "Warming up: drawn from its end on.", running: "Waiting for the first second.", draining: "Nothing was measured yet.",
};

const rate = (value) => (value === null || value === undefined ? "–" : formatRate(value));
const measuredOnly = (grid) => grid.buckets.filter((bucket) => !bucket.drain);
const wide = (seconds) => formatSpan(Number(seconds.toPrecision(3)));

// boundOf is the bound of the first rule on one of these figures, null without any.
export function boundOf(report, figures, read) {
  for (const { rule, unit } of report.slo ?? []) {
    const found = /^\s*([a-z_.0-9]+?)\s*(?:<=?|>=?)\s*([\d.]+)\s*([a-zµ%/]*)\s*$/i.exec(rule);
    if (found && figures.test(found[1])) {
      const value = read(Number(found[2]), found[3], unit);
      if (value > 0) return { rule, value };
    }
  }
  return null;
}

const inMS = { "": 1, ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1e3, m: 60e3, min: 60e3 };
const asDuration = (n, unit) => n * (inMS[unit] ?? NaN);

function throughput({ report, grid, timeline }) {
  const v = grid.buckets;
  // A closed loop plans what it sends: nothing is asked of it.
  const closed = report.plan.rate_per_s === null && (report.plan.concurrency !== null || !v.some((bucket) => bucket.asked_per_s > 0));
  const asked = closed ? null : v.map((bucket) => (bucket.drain ? null : askedIn(bucket)));
  const good = v.map(succeededIn);
  const layers = kindColumns(report, v);
  let below = good;
  const stacked = layers.map((layer) => {
    const rates = v.map((bucket, i) => perSecondOf(bucket, layer.counts[i]));
    const upTo = below.map((value, i) => value + rates[i]);
    below = upTo;
    return { ...layer, rates, upTo };
  });
  const bound = boundOf(report, /^(succeeded|completed|sent)_per_s$/, (n) => n);
  return {
    id: "throughput", title: "Throughput", unit: `requests per second, each step ${wide(grid.width)}`, height: 112,
    sentence: throughputWords(report, grid, good),
    data: [timeline.xs, ...stacked.toReversed().map(({ upTo }) => columnOf(timeline, upTo)), columnOf(timeline, good), ...(asked ? [columnOf(timeline, asked)] : [])],
    series: [
      ...stacked.toReversed().map(({ label, meaning, rates }) => line(label, meaning, (_, i) => rate(rates[i]), { width: 0.5, fill: () => paint(meaning), swatch: 1 })),
      line("succeeded", "succeeded", (_, i) => rate(good[i]), { width: 1, fill: () => paint("succeeded-fill"), swatch: 0.5 }),
      ...(asked ? [line("asked", "asked", (_, i) => rate(asked[i]), { dash: [6, 3] })] : []),
    ],
    scales: { y: { range: (_, __, high) => fromZero(_, __, Math.max(high, bound && bound.value < high * 3 ? bound.value : 0)) } },
    axes: [null, countAxis()],
    draw: (u) => bound && drawBound(u, bound),
  };
}

function throughputWords(report, grid, good) {
  const asked = report.plan.rate_per_s === null || report.changes?.length > 0 ? "" : ` of ${formatAsked(report.plan.rate_per_s)} asked`;
  const { throughput } = report;
  const words = `${formatRate(throughput.sent_per_s)} sent${asked}, ${reachedWords(throughput)}.`;
  const silence = silenceOf(measuredOnly(grid));
  if (silence) return `${words} No reply from ${momentOf(report, silence.from)} to ${momentOf(report, silence.to)}.`;
  const over = report.state === "done";
  const sure = grid.buckets.map((bucket, i) => (bucket.drain || (i === grid.buckets.length - 1 && !over) ? null : good[i])).slice(0, over ? undefined : -1);
  const i = lowest(sure.length > 1 ? sure : []);
  return i < 0 || report.requests.succeeded === 0 ? words : `${words} Lowest at ${momentOf(report, grid.buckets[i].t_s)}: ${formatRate(good[i])} succeeded.`;
}

// timesOf are the columns of a kind of time: the median, the largest percentile that
// there are replies for, and the slowest.
function timesOf({ report, grid, kind }) {
  if (grid.has(kind)) {
    const p50 = grid.quantile(kind, 0.5);
    const top = grid.top(kind);
    const slowest = kind === "response" ? grid.buckets.map((bucket) => bucket.max) : grid.each(kind).map((one) => one.max());
    return { p50: p50.values, top: top.values, key: top.key, width: top.width, max: slowest, rows: grid.each(kind).map((one) => one.bins(perDecade)), half: p50.width };
  }
  const of = (key) => grid.buckets.map((bucket) => (kind === "response" ? bucket[key] : null));
  return { p50: of("p50"), top: of("p99"), key: "p99", width: grid.width, max: of("max"), rows: null, half: grid.width };
}

// scaleOf is what a lane of times is drawn on.
function scaleOf(view, columns, bound, rows) {
  const values = columns.flat().filter((value) => value > 0);
  const within = bound && values.length > 0 && bound.value < 30 * Math.max(...values) ? [bound.value] : [];
  const all = [...values, ...within];
  const least = all.length > 0 ? all.reduce((a, b) => Math.min(a, b)) : 1;
  const most = all.length > 0 ? all.reduce((a, b) => Math.max(a, b)) : 10;
  if (view.linear) return { scales: { y: { range: () => [0, most * 1.08] } }, axis: msAxis() };
  const low = rows ? rows.reduce((best, row) => (row.length > 0 ? Math.min(best, 10 ** (row[0][0] / perDecade) / 1e6) : best), least) : least;
  return { scales: { y: { distr: 3, range: () => logRange(null, low, most) } }, axis: logAxis() };
}

function latency({ report, grid, timeline, view }) {
  const kind = view.measure;
  const ofService = kind === "service";
  const { p50, top, key, width, max, rows } = timesOf({ report, grid, kind });
  const some = [p50, top, max].some((values) => values.some((value) => value !== null));
  let empty = null;
  if (!some && report.intervals.length > 0) empty = ofService ? noHistograms("Service time over time") : noPercentiles(report);
  const bound = boundOf(report, ofService ? /^service\.(p[\d.]+|max|mean)$/ : /^(response\.)?(p[\d.]+|max|mean)$/, asDuration);
  const { scales, axis } = scaleOf(view, [p50, top, max], bound, rows);
  const stated = key && width > grid.width * 1.001 ? `; ${key} of ${wide(width)} each` : "";
  const paints = ofService ? ["service", "service-tail"] : ["response", "response-tail"];
  return {
    id: "latency", title: ofService ? "Service time" : "Response time", height: 160,
    unit: `${ofService ? "from the first byte sent" : "from the planned instant"}, at the time of the reply, each step ${wide(grid.width)}${stated}`,
    sentence: latencyWords(report, grid, { top, key, max, ofService }), empty, switchable: true,
    data: [timeline.xs, ...[max, top, p50].map((values) => columnOf(timeline, values))],
    series: [
      line("max", paints[0] + "-tail", asMS, { width: 1, dash: [2, 3] }),
      line(key ?? "p99", paints[1], asMS, { width: 1.75 }), line("p50", paints[0], asMS, { width: 2.5 }),
    ],
    scales, axes: [null, axis], widths: { grid: grid.width, top: width, key },
    behind: (u) => {
      if (rows) drawHeat(u, grid.buckets, rows);
      drawBand(u, columnOf(timeline, p50), columnOf(timeline, top), faded(paints[0], 0.22)());
    },
    draw: (u) => bound && drawBound(u, bound),
    more: rows ? (u, i) => heatWords(u, rows[i] ?? []) : null,
  };
}

function latencyWords(report, grid, { top, key, max, ofService }) {
  const summary = ofService ? report.latency_ms.service : report.latency_ms.response;
  if (summary.count === 0) return "No request succeeded.";
  const held = ["p50", "p90", "p99", "max"].filter((key) => summary[key] !== null).map((key) => `${key} ${asMS(summary[key])}`);
  const words = `Over the run: ${held.join(", ")}.`;
  const measured = (values) => values.map((value, i) => (grid.buckets[i].drain ? null : value));
  const worst = highest(measured(top));
  if (worst >= 0 && key) return `${words} Highest ${key} at ${momentOf(report, grid.buckets[worst].t_s)}: ${asMS(top[worst])}.`;
  const slowest = highest(measured(max));
  const merged = report.spans?.length > 0 ? " Percentiles of intervals cannot be merged, the highest can." : "";
  return slowest < 0 ? words + merged : `${words} Slowest at ${momentOf(report, grid.buckets[slowest].t_s)}: ${asMS(max[slowest])}.${merged}`;
}

function noPercentiles(report) {
  return report.latency_ms.response.count === 0
    ? "No request succeeded, so there are no response times."
    : "Not shown for a merged report: percentiles of intervals cannot be merged.";
}

function noHistograms(what) {
  return `${what} needs the intervals' histograms, which a report keeps only while its run's process lives.`;
}

// firstOutput is the lane of streams' times, null without any.
function firstOutput({ report, grid, timeline, view }) {
  if (!report.stream && !report.intervals.some((interval) => interval.chunks > 0)) return null;
  const ttft = grid.has("ttft") ? timesOf({ report, grid, kind: "ttft" }) : { p50: grid.buckets.map((b) => b.ttft_p50 ?? null), top: grid.buckets.map((b) => b.ttft_p99 ?? null), key: "p99" };
  const tpot = grid.has("tpot") ? timesOf({ report, grid, kind: "tpot" }) : null;
  const bound = boundOf(report, /^ttft\./, asDuration);
  const columns = [ttft.top, ttft.p50, ...(tpot ? [tpot.top, tpot.p50] : [])];
  const { scales, axis } = scaleOf(view, columns, bound, null);
  return {
    id: "ttft", title: "First output and pace", unit: "TTFT and time per output token, when the stream ended", height: 116,
    sentence: streamWords(report, grid, ttft),
    data: [timeline.xs, ...columns.map((values) => columnOf(timeline, values))],
    series: [
      line(`TTFT ${ttft.key ?? "p99"}`, "response-tail", asMS, { width: 1.75 }), line("TTFT p50", "response", asMS, { width: 2.5 }),
      ...(tpot ? [line(`TPOT ${tpot.key ?? "p99"}`, "service-tail", asMS, { width: 1.5, dash: [8, 4] }), line("TPOT p50", "service", asMS, { width: 2 })] : []),
    ],
    scales, axes: [null, axis], draw: (u) => bound && drawBound(u, bound),
  };
}

function streamWords(report, grid, { top, key }) {
  const s = report.stream;
  if (!s) return "No stream has succeeded.";
  const words = s.ttft_ms.p50 === null ? `${counted(s.streams, "stream")}.` : `Over the run: TTFT p50 ${asMS(s.ttft_ms.p50)}${s.ttft_ms.p99 === null ? "" : ", p99 " + asMS(s.ttft_ms.p99)}.`;
  const worst = highest(top.map((value, i) => (grid.buckets[i].drain ? null : value)));
  return worst < 0 || !key ? words : `${words} Highest ${key} at ${momentOf(report, grid.buckets[worst].t_s)}: ${asMS(top[worst])}.`;
}

// tokenRates is the lane of what streams bring.
function tokenRates({ report, grid, timeline }) {
  if (!report.stream && !report.intervals.some((interval) => interval.chunks > 0)) return null;
  const known = grid.buckets.some((bucket) => bucket.output_tokens > 0);
  const rates = grid.buckets.map((bucket) => perSecondOf(bucket, known ? bucket.output_tokens : bucket.chunks));
  const what = known ? "output tokens" : "chunks with output";
  return {
    id: "tokens", title: known ? "Output tokens" : "Chunks", unit: `${what} per second, each step ${wide(grid.width)}`, height: 70,
    sentence: report.stream ? `Output tokens at ${formatRate(report.stream.output_tokens_per_s)} over the run.` : "",
    data: [timeline.xs, columnOf(timeline, rates)], series: [line(what, "flight", rate, { width: 1, fill: faded("flight", 0.1) })],
    scales: { y: { range: fromZero } }, axes: [null, countAxis()],
  };
}

function load({ report, grid, timeline }) {
  const v = grid.buckets;
  const inFlight = v.map((bucket) => bucket.in_flight);
  const late = v.map((bucket) => bucket.lateness_p99 ?? null);
  const most = highest(v.map((bucket) => (bucket.drain ? null : bucket.in_flight)));
  const moved = report.changes?.some((change) => change.concurrency !== null);
  const allowed = moved || !(report.plan.max_in_flight > 0) ? "" : `, ${formatCount(report.plan.max_in_flight)} allowed`;
  return {
    id: "load", title: "In flight and lateness", unit: "requests, left; how late they were sent (p99), right", height: 84,
    sentence: (most < 0 ? "" : `At most ${formatCount(inFlight[most])} in flight at an interval's end${allowed}. `) +
      (report.lateness_ms.p99 === null ? "" : `Sent late by ${asMS(report.lateness_ms.p99)} at p99.`),
    data: [timeline.xs, columnOf(timeline, inFlight), columnOf(timeline, late)],
    series: [line("in flight", "flight", asCount, { fill: faded("flight", 0.1) }), line("lateness p99", "lateness", asMS, { scale: "late", dash: [4, 3] })],
    scales: { y: { range: (_, __, high) => [0, Math.max(high * 1.08, 4)] }, late: { range: (_, __, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: [null, wholeAxis(), msAxis({ scale: "late", side: 1, size: 58, grid: { show: false } })], right: 0,
  };
}

// drawDrain shades the time in which nothing was sent any more.
export function drawDrain(u, report, words) {
  const end = report.intervals.at(-1);
  if (!end || report.state === "running" || report.rebuilt || report.spans?.length > 0) return;
  const to = end.t_s + end.width_s;
  if (to - report.plan_elapsed_s > 0.2) shade(u, report.plan_elapsed_s, to, true, words ? "drain" : "");
}
