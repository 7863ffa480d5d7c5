import { drains, noSpread, sliceOf } from "./grid.js";
import { opened, Sum } from "./spread.js";

// A stretch of a run as a report of its own: what the strip and everything below the
// timeline is made of once a stretch is selected, and "now" while a run is under way.

const nothing = { count: 0, min: null, mean: null, stddev: null, p50: null, p75: null, p90: null, p95: null, p99: null, p99_9: null, p99_99: null, max: null };

// within are the intervals whose middle lies in a stretch.
export function within(report, [from, to]) {
  const list = [];
  report.intervals.forEach((interval, i) => {
    const middle = interval.t_s + interval.width_s / 2;
    if (middle >= from && middle < to) list.push(i);
  });
  return list;
}

// snapped is a stretch of whole slices, or of whole intervals of a report without any;
// null where there is none in it.
export function snapped(report, range) {
  const pieces = report.slices?.list ?? report.intervals;
  const [from, to] = range.toSorted((a, b) => a - b);
  const list = pieces.filter(({ t_s, width_s }) => t_s + width_s / 2 >= from && t_s + width_s / 2 < to);
  if (list.length === 0) return null;
  return [list[0].t_s, Number((list.at(-1).t_s + list.at(-1).width_s).toPrecision(12))];
}

// slicesIn are the places of the slices of a stretch; null where the report has none
// that fit it.
function slicesIn(report, [from, to]) {
  const { slices } = report;
  if (!slices) return null;
  const list = slices.list.map((_, i) => i).filter((i) => slices.list[i].t_s >= from - 1e-6 && slices.list[i].t_s + slices.list[i].width_s <= to + 1e-6);
  const width = list.reduce((all, i) => all + slices.list[i].width_s, 0);
  return list.length > 0 && Math.abs(width - (to - from)) < 1e-3 * (to - from) + 1e-6 ? list : null;
}

// lately is the stretch that "now" stands for: the last second, or as many as it takes
// for a hundred replies, ten at most.
export function lately(report) {
  const all = report.intervals;
  if (all.length === 0) return null;
  const end = all.at(-1).t_s + all.at(-1).width_s;
  let from = all.length;
  let replies = 0;
  while (from > 0 && (from === all.length || (replies < 100 && end - all[from - 1].t_s <= 10.01))) {
    from--;
    replies += all[from].succeeded + all[from].failed;
  }
  return [all[from].t_s, end];
}

// scoped is the report of a stretch. What is not known of a stretch is null.
export function scoped(report, extra, range) {
  const list = within(report, range);
  const part = list.map((i) => report.intervals[i]);
  const sum = (key) => part.reduce((all, interval) => all + (interval[key] || 0), 0);
  const width = sum("width_s");
  const sending = part.filter((interval) => !drains(report, interval));
  const sendingFor = sending.reduce((all, interval) => all + interval.width_s, 0);
  const window = part.some((interval) => typeof interval.window_s === "number") ? sum("window_s") : null;
  const per = (count, seconds) => (seconds > 0 ? count / seconds : null);
  const asked = sending.some((interval) => typeof interval.asked_per_s === "number") ? per(sending.reduce((all, interval) => all + (interval.asked_per_s ?? 0) * interval.width_s, 0), sendingFor) : null;
  const parts = slicesIn(report, range);
  const own = (kind) => list.map((i) => (extra.spread ?? noSpread)[kind]?.[i]);
  const spread = (kind) => new Sum(parts ? parts.map((i) => sliceOf(report, kind, i)) : own(kind)).summary();
  const response = spread("response");
  const known = sum("succeeded") === 0 || response.count > 0; // a report that was read has no distributions
  const tokens = parts?.reduce((all, i) => all + report.slices.list[i].output_tokens, 0) ?? null;
  const late = part.map((interval) => interval.lateness_p99).filter((value) => value !== null);
  const completed = window > 0 ? { completed_per_s: sum("completed") / window, completed_ok_per_s: sum("completed_ok") / window } : { completed_per_s: null, completed_ok_per_s: null };
  const most = part.map((interval) => interval.max).filter((value) => value !== null && value !== undefined);
  return {
    ...report, scope: range, whole: report, scopeKnown: known, elapsed_s: width, intervals: part, capacity: null, stages: [], served_models: [], sessions: null, usage: null, goodput: null, slo: [],
    requests: { ...report.requests, planned: sum("planned"), sent: sum("sent"), succeeded: sum("succeeded"), failed: sum("failed"), cut_off: sum("cut_off"), in_flight: part.at(-1)?.in_flight ?? 0, not_sent: 0, unknown: 0, warmup: 0, connections: null, reconnected: 0 },
    throughput: {
      ...report.throughput, ...completed, offered_per_s: asked ?? per(sum("planned"), sendingFor), asked_per_s: asked, sent_per_s: per(sum("sent"), sendingFor), succeeded_per_s: per(sum("succeeded"), width),
      bytes_in: sum("bytes_in"), bytes_out: sum("bytes_out"), completed: sum("completed"), completed_ok: sum("completed_ok"), chunks_per_s: per(sum("chunks"), width),
    },
    latency_ms: { response: known ? response : { ...nothing, count: sum("succeeded"), max: most.length > 0 ? Math.max(...most) : null }, service: spread("service"), failed: nothing, connect: nothing, tls: nothing, first_byte: nothing },
    lateness_ms: parts ? spread("lateness") : { ...nothing, p99: late.length > 0 ? Math.max(...late) : null },
    stream: report.stream ? { ...report.stream, output_tokens: tokens, output_tokens_per_s: tokens === null ? null : per(tokens, width), ttft_ms: spread("ttft"), tpot_ms: spread("tpot"), first_visible_ms: nothing, inter_chunk_ms: nothing, end_to_end_ms: nothing } : null,
    errors: failuresIn(report, parts), names: namesIn(report, parts),
    slowest: report.slowest.filter(({ at_s: at, response_ms: took }) => at + took / 1000 >= range[0] && at + took / 1000 < range[1]),
  };
}

// summedBy sums the rows of some slices by their first number; of each sum it is known
// in which slices it began and ended.
function summedBy(report, parts, key) {
  const sums = new Map();
  for (const i of parts) {
    const slice = report.slices.list[i];
    for (const [k, ...values] of slice[key] ?? []) {
      const one = sums.get(k) ?? { first: slice, values: values.map(() => 0), texts: [] };
      one.last = slice;
      values.forEach((value, j) => (typeof value === "number" ? (one.values[j] += value) : value !== null && one.texts.push(value)));
      sums.set(k, one);
    }
  }
  return sums;
}

// failuresIn are the kinds of failures of some slices, null where that is not known.
function failuresIn(report, parts) {
  if (!parts) return report.errors.length === 0 ? [] : null;
  return [...summedBy(report, parts, "kinds")].map(([k, { first, last, values }]) => {
    const kind = report.slices.kinds[k] ?? { kind: "other" };
    const whole = report.errors.find((one) => one.kind === kind.kind && (one.cause ?? null) === (kind.cause ?? null)) ?? report.errors.find((one) => one.kind === kind.kind);
    return { status: null, cause: null, advice: null, message: "", ...kind, ...whole, count: values[0], names: undefined, first_s: Math.max(first.t_s, whole?.first_s ?? 0), last_s: Math.min(last.t_s + last.width_s, whole?.last_s ?? Infinity) };
  }).toSorted((a, b) => b.count - a.count);
}

// namesIn are the figures by name of some slices, null where they are not known. What
// has the number -1 are all names that are counted together.
function namesIn(report, parts) {
  if (!parts) return report.names.length === 0 ? [] : null;
  const { names, names_left_out: left, bits } = report.slices;
  return [...summedBy(report, parts, "names")].map(([k, { values, texts }]) => {
    const [sent, succeeded, failed, cut_off, bytes_in, bytes_out, output_tokens] = values;
    const response = new Sum(texts.map((text) => opened(text, bits.names))).summary();
    return { name: k < 0 ? "" : names[k] ?? "", together: k < 0 ? left ?? true : null, requests: { sent, succeeded, failed, cut_off, in_flight: 0, bytes_in, bytes_out, output_tokens }, latency_ms: { response: { ...response, count: succeeded }, service: nothing } };
  });
}
