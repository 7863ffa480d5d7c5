import { overlayOf } from "./curve.js";
import { formatClock, formatRate, formatSpan } from "./format.js";
import { Grid } from "./grid.js";
import { wholeOf } from "./lanes.js";
import { perSecondOf, succeededIn } from "./model.js";
import { asCount, asMS, countAxis, fromZero, line, logAxis, logRange, msAxis, mutedAxis, timeAxis, wholeAxis } from "./plots.js";

// Several runs over each other: the same lanes, since each run's start, with a line for
// each run.

export const colours = ["response", "failed", "succeeded", "lateness", "service", "asked", "flight", "kind-4"];
const dashes = [[], [8, 4], [4, 3], [12, 4, 2, 4], [2, 3], [10, 2], [6, 6], [3, 6]];
const ofRate = (value) => (value === null || value === undefined ? "–" : formatRate(value));

// overlaidLanes makes them of runs, each with its name, report and extra.
export function overlaidLanes(runs, _, view) {
  const grids = runs.map(({ report, extra }) => new Grid(report, extra, view.range));
  const extents = runs.map(({ report }) => wholeOf(report));
  const extent = view.range ?? [Math.min(...extents.map(([from]) => from)), Math.max(...extents.map(([, to]) => to))];
  const xs = [...new Set(grids.flatMap(({ buckets }) => buckets.flatMap(({ t_s: from, width_s: width }) => [from, from + width])).map((x) => Number(x.toFixed(3))))].sort((a, b) => a - b);
  // along gives a run's value at each x, null where it was not under way.
  const along = (grid, values) => xs.map((x) => {
    const i = grid.buckets.findIndex(({ t_s: from, width_s: width }) => x >= from - 0.0006 && x < from + width - 0.0006);
    return i < 0 ? null : values[i] ?? null;
  });
  const lane = (id, title, unit, columns, format, look) => ({
    id, title, unit, sentence: "", apart: true, across: "", extent, data: [xs, ...columns],
    series: runs.map(({ name }, i) => line(name, colours[i % colours.length], format, { width: 1.75, dash: dashes[i % dashes.length] })),
    at: (x) => formatClock(x, extent[1] < 120), ...look,
  });
  const times = (q) => grids.map((grid, i) => along(grid, grid.has("response") ? grid.quantile("response", q).values : grid.buckets.map((bucket) => bucket[q === 0.5 ? "p50" : "p99"])));
  const yTime = () => (view.linear ? { scales: { y: { range: fromZero } }, axes: [null, msAxis()] } : { scales: { y: { distr: 3, range: logRange } }, axes: [null, logAxis()] });
  const steps = [...new Set(grids.map(({ width }) => formatSpan(width)))].join(" and ");
  const all = [
    lane("over-throughput", "Succeeded", `requests per second, each step ${steps}`, grids.map((grid) => along(grid, grid.buckets.map(succeededIn))), ofRate, { height: 104, scales: { y: { range: fromZero } }, axes: [null, countAxis()] }),
    lane("over-p50", "Response time p50", "from the planned instant", times(0.5), asMS, { height: 110, ...yTime() }),
    lane("over-p99", "Response time p99", "from the planned instant; of a hundred replies or more each", times(0.99), asMS, { height: 110, ...yTime() }),
    ...(runs.some(({ report }) => report.requests.failed > 0) ? [lane("over-failed", "Failed", "requests per second", grids.map((grid) => along(grid, grid.buckets.map((bucket) => perSecondOf(bucket, bucket.failed)))), ofRate, { height: 84, scales: { y: { range: fromZero } }, axes: [null, countAxis()] })] : []),
    lane("over-flight", "In flight", "requests at an interval's end", grids.map((grid) => along(grid, grid.buckets.map((bucket) => bucket.in_flight))), asCount, { height: 84, scales: { y: { range: fromZero } }, axes: [null, wholeAxis()] }),
  ];
  all.forEach((one, i) => {
    one.bottom = i === all.length - 1;
    one.axes[0] = one.bottom ? timeAxis() : mutedAxis();
  });
  return [...all, overlayOf(runs)];
}

