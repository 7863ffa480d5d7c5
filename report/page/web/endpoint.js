import { formatCount } from "./format.js";
import { asMS, countAxis, fromZero, line, msAxis } from "./plots.js";

// endpointItself is the chart of what the endpoint said of itself; null with
// fewer than two moments to draw. The figures are a minute apart: each stands as
// a point at the nearest interval, and the legend keeps it until the next.
export function endpointItself({ report, timeline }) {
  const samples = report.endpoint?.metrics || [];
  const places = samples.map((sample) => nearest(timeline.xs, sample.t_s));
  if (new Set(places).size < 2) return null;
  const kinds = [
    ["request", "response", asMS, (s) => s.request_latency_ms.mean, { width: 2 }],
    ["model", "service", asMS, (s) => s.model_prediction_latency_ms.mean, { dash: [8, 4] }],
    ["queue", "lateness", asMS, (s) => s.model_queue_time_ms.mean, { dash: [4, 3] }],
    ["provisioned concurrency", "flight", whole, (s) => s.provisioned_concurrent_requests_total, { scale: "amount" }],
    ["CPU %", "asked", whole, (s) => s.cpu_usage_percentage, { scale: "amount", dash: [6, 3] }],
  ].filter(([, , , of]) => samples.some((sample) => of(sample) !== null));
  if (kinds.length === 0) return null;
  const columns = kinds.map(([, , , of]) => {
    const column = timeline.xs.map(() => null);
    samples.forEach((sample, i) => (column[places[i]] = of(sample)));
    return column;
  });
  const held = (k, interval) => columns[k].slice(0, timeline.from.indexOf(interval) + 1).findLast((value) => value !== null) ?? null;
  return {
    id: "endpoint", height: 110, title: "The endpoint itself", unit: "its own means, left; provisioned concurrency and CPU %, right; of all that it served",
    sentence: `As the workspace exported it, ${formatCount(samples.length)} times.`,
    data: [timeline.xs, ...columns],
    series: kinds.map(([label, meaning, format, , look], k) => line(label, meaning, (value, i) => format(value ?? held(k, i)), { curve: true, spanGaps: true, points: { show: true, size: 5 }, ...look })),
    scales: { y: { range: fromZero }, amount: { range: fromZero } },
    axes: [null, msAxis(), countAxis({ scale: "amount", side: 1, grid: { show: false } })], right: 0,
  };
}

const whole = (value) => (value === null ? "–" : String(Number(value.toPrecision(3))));

// nearest is the index of the x that is closest to a moment, -1 of none.
function nearest(xs, at) {
  let best = -1;
  xs.forEach((x, i) => {
    if (best < 0 || Math.abs(x - at) < Math.abs(xs[best] - at)) best = i;
  });
  return best;
}
