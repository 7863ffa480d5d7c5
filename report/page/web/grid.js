import { needs, opened, Sum } from "./spread.js";

// The timeline's buckets: neighbouring intervals merged, until there are few enough to
// be seen and enough replies in each.

const most = 200; // buckets of one plot
const lengths = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14400, 43200, 86400];
export const perDecade = 16; // rows of the heat map

export const noSpread = { response: [], service: [], ttft: [], tpot: [] };

// drains reports whether an interval lies behind the end of the plan, where nothing is
// sent any more.
export function drains(report, interval) {
  if (report.rebuilt || report.spans?.length > 0) return false;
  if (report.state === "running" || report.state === "warming up" || report.state === "starting") return false;
  return interval.t_s >= report.plan_elapsed_s - 0.05 * interval.width_s;
}

// widthsOf are the widths that buckets may have: multiples of an interval's own.
const widthsOf = (base) => [base, ...lengths.filter((step) => step > base * 1.001 && Math.abs(step / base - Math.round(step / base)) < 0.01)];

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

// Grid is a report's timeline in buckets: bucket i is of the intervals parts[i][0] to
// parts[i][1]. range bounds what is seen, null for all.
export class Grid {
  constructor(report, extra, range = null) {
    const all = report.intervals;
    this.report = report;
    this.extra = extra;
    this.base = Number(median(all.slice(0, 500).map((interval) => interval.width_s)).toPrecision(3)) || 1;
    const first = range ? Math.max(all.findIndex((interval) => interval.t_s + interval.width_s > range[0]), 0) : 0;
    let end = range ? all.findIndex((interval) => interval.t_s >= range[1]) : all.length;
    if (end < 0) end = all.length;
    const span = end > first ? all[end - 1].t_s + all[end - 1].width_s - all[first].t_s : 0;
    const widths = widthsOf(this.base);
    this.width = widths.find((width) => span / width <= most) ?? widths.at(-1);
    this.parts = partsOf(report, first, end, this.width);
    this.buckets = this.parts.map(([from, to]) => this.merged(from, to));
    this.spreads = {};
  }

  merged(from, to) {
    const list = this.report.intervals.slice(from, to);
    const drained = drains(this.report, list[0]);
    if (list.length === 1) return { ...list[0], drain: drained };
    const sum = (key) => list.reduce((all, interval) => all + (interval[key] || 0), 0);
    const highest = (key) => list.reduce((best, interval) => (interval[key] !== null && interval[key] !== undefined && (best === null || interval[key] > best) ? interval[key] : best), null);
    const width = sum("width_s");
    const counts = Object.fromEntries(["planned", "sent", "succeeded", "failed", "cut_off", "completed", "completed_ok", "bytes_in", "bytes_out", "chunks"].map((key) => [key, sum(key)]));
    const asked = list[0].asked_per_s === undefined ? undefined : list.every((interval) => interval.asked_per_s === null) ? null
      : list.reduce((all, interval) => all + (interval.asked_per_s ?? 0) * interval.width_s, 0) / width;
    return {
      ...counts, t_s: list[0].t_s, width_s: width, drain: drained, asked_per_s: asked,
      window_s: list.every((interval) => interval.window_s === null || interval.window_s === undefined) ? null : sum("window_s"),
      in_flight: highest("in_flight"), max: highest("max"), lateness_p99: highest("lateness_p99"),
      p50: null, p90: null, p99: null, ttft_p50: null, ttft_p99: null,
    };
  }

  // sum is the distribution of some buckets.
  sum(kind, from, to) {
    return new Sum(this.extra.spread[kind].slice(this.parts[from][0], this.parts[to - 1][1]));
  }

  // own tells whether the intervals have distributions of their own.
  own(kind) {
    return ((this.extra.spread ?? noSpread)[kind] ?? []).some(Boolean);
  }

  // has tells whether there are distributions, of the intervals or of the slices.
  has(kind) {
    return this.own(kind) || (this.report.slices?.list ?? []).some((slice) => slice[kind]);
  }

  // each are the distributions of all buckets: of slices that of the one in which a
  // bucket's middle lies, as far as it is the bucket's.
  each(kind) {
    if (this.own(kind)) return (this.spreads[kind] ??= this.buckets.map((_, i) => this.sum(kind, i, i + 1)));
    const list = this.report.slices.list;
    return (this.spreads[kind] ??= this.buckets.map((bucket) => {
      const middle = bucket.t_s + bucket.width_s / 2;
      const i = list.findIndex((slice) => middle >= slice.t_s && middle < slice.t_s + slice.width_s);
      return new Sum(i < 0 ? [] : [sliceOf(this.report, kind, i)]);
    }));
  }

  // quantile is a column with the value of each bucket, which several buckets share
  // where one alone has too few replies; width is that of most of them, in seconds,
  // null where there is none; shared says that some are wider.
  quantile(kind, q) {
    if (!this.own(kind)) return this.quantileOfSlices(kind, q);
    const values = this.buckets.map(() => null);
    const need = Math.max(needs(q), 8);
    const each = this.each(kind);
    const total = each.reduce((all, one) => all + one.count, 0);
    if (total < needs(q)) return { values, width: null, groups: 0 };
    const held = each.map((one, i) => (this.buckets[i].drain ? 0 : one.count)).filter((count) => count > 0);
    const usual = median(held) || total;
    const spread = total / each.length; // where replies are rare, most buckets have none
    const typical = held.length > each.length / 2 ? usual : spread;
    const widths = widthsOf(this.base).filter((width) => width >= this.width * 0.999 && Math.abs(width / this.width - Math.round(width / this.width)) < 0.01);
    const width = widths.find((width) => (typical * width) / this.width >= need) ?? widths.at(-1);
    const groups = this.pooled(each, width, need);
    for (const [from, to] of groups) {
      const value = to - from === 1 ? each[from].at(q) : this.sum(kind, from, to).at(q);
      values.fill(value, from, to);
    }
    this.silences(each).forEach(([from, to]) => values.fill(null, from, to));
    // What comes long before the first reply and after the last one is nobody's.
    const first = each.findIndex((one) => one.count > 0);
    const last = each.findLastIndex((one) => one.count > 0);
    values.fill(null, 0, first);
    values.fill(null, last + 1);
    return { values, width, groups: groups.length };
  }

  // quantileOfSlices is quantile where only slices have distributions.
  quantileOfSlices(kind, q) {
    const list = this.report.slices?.list ?? [];
    const need = Math.max(needs(q), 8);
    const values = this.buckets.map(() => null);
    let held = [];
    let groups = 0;
    list.forEach((slice, i) => {
      held.push(i);
      const sum = new Sum(held.map((k) => sliceOf(this.report, kind, k)));
      const last = i + 1 === list.length;
      if (sum.count < need && !last) return;
      const value = sum.at(q);
      const [from, to] = [list[held[0]].t_s, slice.t_s + slice.width_s];
      this.buckets.forEach((bucket, k) => {
        const middle = bucket.t_s + bucket.width_s / 2;
        if (middle >= from && middle < to) values[k] = value;
      });
      if (value !== null) groups++;
      held = [];
    });
    return { values, width: groups > 0 ? Math.max((list.at(-1).t_s + list.at(-1).width_s - list[0].t_s) / groups, list[0].width_s) : null, groups };
  }

  // pooled are stretches of buckets of this width with enough samples each: those with
  // too few take their neighbour, but not across a change of the load, where a stretch
  // would have percentiles of neither.
  pooled(each, width, need) {
    const groups = [];
    let begun = 0;
    let count = 0;
    const loads = this.loads();
    const key = (i) => Math.floor(this.buckets[i].t_s / width + 1e-6);
    each.forEach((one, i) => {
      count += one.count;
      const alike = i + 1 < each.length && loads[i + 1] === loads[i];
      if (alike && (key(i + 1) === key(i) || count < need)) return;
      if (count < need && groups.length > 0 && groups.at(-1)[1] === begun && begun > 0 && loads[begun - 1] === loads[i]) groups.at(-1)[1] = i + 1;
      else groups.push([begun, i + 1]);
      begun = i + 1;
      count = 0;
    });
    return groups;
  }

  // loads number the stretches of one load: a change has its own bucket, and so has the
  // drain.
  loads() {
    const { changes = [], stages = [] } = this.report;
    const moments = [...changes.map((change) => change.t_s), ...stages.map((stage) => stage.from_s)];
    let number = 0;
    let changed = false;
    return this.buckets.map((bucket, i) => {
      const changes = moments.some((at) => at > bucket.t_s + 1e-6 && at < bucket.t_s + bucket.width_s - 1e-6);
      const begins = moments.some((at) => Math.abs(at - bucket.t_s) <= 1e-6);
      if (i > 0 && (changes || changed || begins || bucket.drain !== this.buckets[i - 1].drain)) number++;
      changed = changes;
      return number;
    });
  }

  // silences are stretches of buckets in which no reply came though at least five were
  // to be expected.
  silences(each) {
    const usual = each.reduce((all, one) => all + one.count, 0) / Math.max(each.length, 1);
    const list = [];
    let from = null;
    each.forEach((one, i) => {
      if (one.count > 0) from = null;
      else if (from === null) list.push([(from = i), i + 1]);
      else list.at(-1)[1] = i + 1;
    });
    return list.filter(([from, to]) => (to - from) * usual >= 5);
  }

  // top is the largest percentile that there are enough replies for: p99, or p90 where
  // that would be drawn from less than four stretches.
  top(kind) {
    for (const [q, key] of [[0.99, "p99"], [0.9, "p90"]]) {
      const column = this.quantile(kind, q);
      if (column.groups >= (q === 0.99 ? 4 : 2)) return { ...column, key };
    }
    const column = this.quantile(kind, 0.99);
    return column.groups > 0 ? { ...column, key: "p99" } : { values: this.buckets.map(() => null), width: null, groups: 0, key: null };
  }
}

// sliceOf is a distribution of a report's slice.
export function sliceOf(report, kind, i) {
  const { list, bits } = report.slices;
  const same = list[i][kind] === "=";
  return opened(list[i][same ? "response" : kind], bits[same ? "response" : kind]);
}

// partsOf are the intervals of each bucket. A bucket begins where its width does, and
// where the drain does.
function partsOf(report, first, end, width) {
  const parts = [];
  let last = null;
  for (let i = first; i < end; i++) {
    const interval = report.intervals[i];
    const before = report.intervals[i - 1];
    const apart = before !== undefined && interval.t_s - (before.t_s + before.width_s) > interval.width_s / 1000;
    const key = Math.floor(interval.t_s / width + 1e-6) + (drains(report, interval) ? 1e12 : 0);
    if (key !== last || apart) parts.push([i, i + 1]);
    else parts.at(-1)[1] = i + 1;
    last = key;
  }
  return parts;
}
