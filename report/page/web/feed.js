import { noSpread } from "./grid.js";

// What the server's events add up to: one view, one report, one extra.

export const nothing = { view: null, report: null, extra: null };

// grown is the state after an event; null where one before it was missed.
export function grown(state, kind, event) {
  if (kind === "view") return { view: event.view, report: event.report && { ...event.report, slices: sliced(event.report.slices, event.slices) }, extra: event.extra };
  if (event.report === null) return { ...state, view: event.view };
  if (state.report === null || event.from > state.report.intervals.length) return null;
  return { view: event.view, report: longer(state.report, event), extra: widened(state.extra, event.extra, event.from) };
}

function longer(old, { report, from, slices }) {
  return { ...report, intervals: old.intervals.slice(0, from).concat(report.intervals), slices: sliced(old.slices, slices) };
}

// sliced has those of a tick behind the ones that it does not replace.
function sliced(old, newer) {
  if (!newer) return old ?? null;
  return { ...old, ...newer, list: (old?.list ?? []).slice(0, newer.from).concat(newer.list) };
}

// widened pads lists that began late: an interval without a reply may have no
// entry.
function widened(old, extra, from) {
  if (!extra) return old;
  const join = (before, after) => {
    const kept = (before || []).slice(0, from);
    if (kept.length === 0 && after.length === 0) return [];
    while (kept.length < from) kept.push("");
    return kept.concat(after);
  };
  const spread = Object.fromEntries(Object.entries(extra.spread).map(([key, texts]) => [key, join(old?.spread[key], texts)]));
  return { ...extra, spread };
}

export const noExtra = { spread: noSpread, curve: { x: [], response: [], service: [] } };

// blank is the report of a run that has none yet.
export function blank(view) {
  const none = { count: 0, min: null, mean: null, stddev: null, p50: null, p75: null, p90: null, p95: null, p99: null, p99_9: null, p99_99: null, max: null };
  const { load, form } = view;
  return {
    blank: true, brunt: view.brunt, name: "", labels: {}, command: "", state: view.state, interrupted: false, error: null,
    target: { url: form.target, endpoint: null, addresses: [], protocol: "", tls: null },
    plan: { rate_per_s: load.rate_per_s, concurrency: load.concurrency, max_in_flight: 0, duration_s: form.duration_s, requests: form.requests, warmup_s: Number(form.warmup_s) || 0, payloads: [] },
    started: null, ended: null, elapsed_s: 0, plan_elapsed_s: 0,
    requests: { planned: 0, sent: 0, not_sent: 0, succeeded: 0, failed: 0, cut_off: 0, in_flight: 0, warmup: 0 },
    throughput: { offered_per_s: 0, sent_per_s: 0, succeeded_per_s: 0, completed_per_s: null, completed_ok_per_s: null, completed: 0, completed_ok: 0 },
    latency_ms: { response: none, service: none, failed: none, connect: none, tls: none, first_byte: none }, lateness_ms: none, stream: null, usage: null,
    status: {}, errors: [], names: [], served_models: [], client: { cores: 0 }, verdict: { headline: null, notes: [], limited_by: null, valid: null, trust: null, error_ms: null, reasons: [] },
    slo: [], slowest: [], slices: null, intervals: [], changes: [], warnings: [],
  };
}
