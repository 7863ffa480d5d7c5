import { beginning, el, figure, tied, visible } from "./dom.js";
import { counted, formatAsked, formatCount, formatElapsed, formatMS, formatRate, formatShare, formatSpan } from "./format.js";
import { failedShare, reachedWords, succeededIn } from "./model.js";
import { outcomeOf, targetOf } from "./sections.js";

// The live view's header: what never leaves the screen.

export const active = (state) => ["starting", "warming up", "running", "draining"].includes(state);

// liveHeadline has the state as a word; of a server that is lost it is the last
// that was known.
export function liveHeadline(report, view, lost) {
  const outcome = report.blank ? null : outcomeOf(report);
  const calm = ["idle", "done"].includes(view.state);
  const was = lost && !["done", "interrupted"].includes(view.state);
  return el("div", { class: "headline" },
    el("h1", {}, beginning(targetOf(report), 70)),
    el("p", { class: "state " + (calm || lost ? "calm" : active(view.state) ? "busy" : "notable") }, el("span", { class: "dot", "aria-hidden": "true" }), was ? `was ${visible(view.state)}` : visible(view.state)),
    outcome ? el("p", { class: "outcome " + (outcome.good ? "good" : "bad") }, el("span", { class: "mark", "aria-hidden": "true" }, outcome.good ? "✓" : "✕"), outcome.words) : null,
    report.name ? el("p", { class: "name" }, beginning(report.name, 40)) : null,
    view.runs > 1 ? el("p", { class: "name" }, `run ${formatCount(view.run)}`) : null);
}

function askedWords(load) {
  if (load.rate_per_s !== null) return formatAsked(load.rate_per_s);
  return load.concurrency !== null ? `${formatCount(load.concurrency)} at a time` : "–";
}

const lately = (interval) => `last ${tied(formatSpan(Number(interval.width_s.toPrecision(2))))}`;

// liveFigures are of the run so far; below them stands what came last.
export function liveFigures(report, view) {
  const { requests, throughput, latency_ms: latency } = report;
  const running = active(view.state) && view.state !== "draining"; // which sends no more
  const last = running ? report.intervals.at(-1) : null;
  const one = (label, values, below, look) => el("div", { class: look || null }, el("dt", {}, label), el("dd", {}, values), el("dd", { class: "below" }, below || "\u00a0"));
  const reached = last ? figure("", last.width_s > 0 ? last.sent / last.width_s : null, formatRate) : figure("throughput.sent_per_s", requests.sent === 0 ? null : throughput.sent_per_s, formatRate, "nothing was sent yet");
  // Of a load that was changed, the last one says nothing about the whole run.
  const asked = !running && report.changes.length > 0 && view.load.rate_per_s !== null ? figure("throughput.offered_per_s", throughput.offered_per_s, formatRate) : askedWords(view.load);
  const allowed = view.load.rate_per_s === null && !report.blank ? view.load.concurrency : report.plan.max_in_flight;
  const now = (key) => (last[key] === null ? "–" : formatMS(last[key]));
  return el("dl", { class: "figures" },
    one("rate asked → sent", [asked, " → ", reached], requests.sent === 0 ? null : last && last.width_s > 0 ? `${formatRate(succeededIn(last))} succeeded` : reachedWords(throughput)),
    one("in flight", view.state === "warming up" ? figure("", null, formatCount, "those of the warm-up are in no figure") : figure("requests.in_flight", requests.in_flight, formatCount), allowed > 0 ? `${formatCount(allowed)} allowed` : null),
    one("response p50 / p99", [figure("latency_ms.response.p50", latency.response.p50, formatMS), " / ", figure("latency_ms.response.p99", latency.response.p99, formatMS)], last ? `${lately(last)}: ${now("p50")} / ${now("p99")}` : null),
    one("failed", [figure("requests.failed", requests.failed, formatCount), requests.failed > 0 ? ` (${formatShare(failedShare(requests))})` : ""], last ? `${lately(last)}: ${formatCount(last.failed)}` : null, requests.failed > 0 ? "bad" : null),
    remaining(report, view, one));
}

function remaining(report, view, one) {
  if (view.state === "starting") return one("time left", "starting", null);
  if (view.state === "warming up") return one("warm-up", tied((report.plan.warmup_settled === false ? "≤ " : "") + formatSpan(report.plan.warmup_s)), "in no figure");
  if (view.state === "draining") return one("time left", "draining", report.requests.in_flight > 0 ? `${counted(report.requests.in_flight, "reply", "replies")} to come` : "nothing more is sent");
  const { duration_s: duration, requests } = report.plan;
  const plan = duration !== null ? `of ${tied(formatSpan(duration))}` : requests !== null ? `of ${counted(requests, "request")}` : report.blank ? null : "until stopped";
  if (view.state === "running") {
    if (duration !== null) return one("time left", tied(formatSpan(Math.ceil(Math.max(duration - report.plan_elapsed_s, 0)))), plan);
    if (requests !== null) return one("requests left", formatCount(Math.max(requests - report.requests.planned, 0)), plan);
    return one("running for", formatElapsed(report.plan_elapsed_s), plan);
  }
  return one("duration", figure("elapsed_s", report.blank ? null : report.elapsed_s, formatElapsed, "no run yet"), report.blank ? plan : null);
}

// progressOf is the share of the plan that is done, null where nobody knows.
export function progressOf(report, view) {
  if (view.state === "idle" || view.state === "starting") return 0;
  if (view.state === "warming up") return null;
  if (view.state !== "running") return 1;
  const { duration_s: duration, requests } = report.plan;
  const shares = [];
  if (duration) shares.push(report.plan_elapsed_s / duration);
  if (requests) shares.push(report.requests.planned / requests);
  return shares.length > 0 ? Math.min(Math.max(...shares), 1) : null;
}

export function progressBar(report, view) {
  const share = progressOf(report, view);
  return el("progress", { class: "left " + (active(view.state) ? "busy" : ""), max: 1, value: share, "aria-label": "how much of the run is done" });
}
