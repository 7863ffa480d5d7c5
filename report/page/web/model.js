import { formatClock, formatRate } from "./format.js";

// What charts and sentences are made of: the report's intervals as columns.

// timelineOf lays the intervals out as x values (seconds). Every x is the
// start of an interval; after the last one, and before a gap, stands its end,
// so that a step chart shows how long it was. from[i] is the interval of x i,
// -1 where there is none.
export function timelineOf(intervals) {
  const xs = [];
  const from = [];
  intervals.forEach((interval, i) => {
    const end = interval.t_s + interval.width_s;
    xs.push(interval.t_s);
    from.push(i);
    const next = intervals[i + 1];
    if (!next) {
      xs.push(end);
      from.push(i);
    } else if (next.t_s - end > interval.width_s / 1000) {
      xs.push(end);
      from.push(-1);
    }
  });
  return { xs, from };
}

// columnOf is one value per x, null in gaps.
export function columnOf(timeline, values) {
  return timeline.from.map((i) => (i < 0 ? null : values[i] ?? null));
}

// measured is how much of an interval is its run's measured time: the last one
// may hold some of the drain, too, in which little comes.
const measured = (interval) => (interval.window_s >= 0.2 ? interval.window_s : interval.width_s);

export function perSecondOf(interval, count) {
  return measured(interval) > 0 ? count / measured(interval) : null;
}

// succeededIn are an interval's successes per second, within the measured time
// where it has a part in that.
export function succeededIn(interval) {
  return perSecondOf(interval, interval.window_s >= 0.2 ? interval.completed_ok : interval.succeeded);
}

// askedIn is the rate that the plan asked for in an interval. Earlier versions
// knew only what was counted as planned.
export function askedIn(interval) {
  if (interval.asked_per_s !== undefined) return interval.asked_per_s;
  return perSecondOf(interval, interval.planned);
}

// reachedWords tell of what came within the measured time, where that is known.
export function reachedWords(throughput) {
  const { completed_per_s: all, completed_ok_per_s: ok } = throughput;
  if (all === null || all === undefined) return `${formatRate(throughput.succeeded_per_s)} succeeded`;
  return `${formatRate(all)} completed${throughput.completed_ok === throughput.completed ? "" : `, ${formatRate(ok)} ok`}`;
}

export function failedShare(requests) {
  const settled = requests.succeeded + requests.failed;
  return settled === 0 ? 0 : (100 * requests.failed) / settled;
}

// momentOf is a place on the timeline in words, in the style of the axis.
export function momentOf(report, seconds, tenths) {
  return formatClock(seconds, (report.whole ?? report).elapsed_s < 120, tenths);
}

// silenceOf is the longest stretch of whole intervals in which no reply came
// though some were owed, null for none.
export function silenceOf(intervals) {
  let longest = null;
  let from = null;
  for (const interval of intervals.slice(0, -1)) {
    const silent = interval.succeeded + interval.failed === 0 && interval.in_flight > 0;
    if (!silent) from = null;
    else from ??= interval.t_s;
    const to = interval.t_s + interval.width_s;
    if (silent && (longest === null || to - from > longest.to - longest.from)) longest = { from, to };
  }
  return longest;
}

// highest is the index of the largest value, -1 for none.
export function highest(values) {
  let best = -1;
  values.forEach((value, i) => {
    if (value !== null && value !== undefined && (best < 0 || value > values[best])) best = i;
  });
  return best;
}

export function lowest(values) {
  return highest(values.map((value) => (value === null ? null : -value)));
}
