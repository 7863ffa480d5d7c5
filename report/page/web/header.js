import { el, figure, tied } from "./dom.js";
import { counted, formatAsked, formatCount, formatElapsed, formatSpan } from "./format.js";

// What the live view has in its strip that a file has not: how the run stands.

export const active = (state) => ["starting", "warming up", "running", "draining"].includes(state);

// askedWords is the load as it stands.
export function askedWords(load) {
  if (load.rate_per_s !== null) return formatAsked(load.rate_per_s);
  return load.concurrency !== null ? `${formatCount(load.concurrency)} at a time` : "–";
}

// wordOf is the state as a word: a run that somebody stopped is stopped.
export const wordOf = (view) => view.word ?? (view.state === "interrupted" ? "stopped" : view.state);

// remaining is the last column of the figures: how much of the run is left.
export function remaining(report, view, one) {
  if (view.state === "starting") return one("time", "time left", "starting", null);
  if (view.state === "warming up") return one("time", "warm-up", tied((report.plan.warmup_settled === false ? "≤ " : "") + formatSpan(report.plan.warmup_s)), "in no figure");
  if (view.state === "draining") return one("time", "time left", "draining", report.requests.in_flight > 0 ? `${counted(report.requests.in_flight, "reply", "replies")} to come` : "nothing more is sent");
  const { duration_s: duration, requests } = report.plan;
  const plan = duration !== null ? `of ${tied(formatSpan(duration))}` : requests !== null ? `of ${counted(requests, "request")}` : report.blank ? null : "until stopped";
  if (view.state === "running") {
    if (duration !== null) return one("time", "time left", tied(formatSpan(Math.ceil(Math.max(duration - report.plan_elapsed_s, 0)))), plan);
    if (requests !== null) return one("time", "requests left", formatCount(Math.max(requests - report.requests.planned, 0)), plan);
    return one("time", "running for", formatElapsed(report.plan_elapsed_s), plan);
  }
  return one("time", "duration", figure("elapsed_s", report.blank ? null : report.elapsed_s, formatElapsed, "no run yet"), report.blank ? plan : null);
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

// showProgress puts that on a bar.
export function showProgress(bar, report, view) {
  const share = progressOf(report, view);
  bar.className = "left " + (active(view.state) ? "busy" : "");
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
}

export const progressBar = () => el("progress", { class: "left", max: 1, value: 0, "aria-label": "how much of the run is done" });
