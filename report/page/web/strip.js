import { beginning, el, figure, foreign, tied, visible } from "./dom.js";
import { counted, formatAsked, formatCount, formatElapsed, formatMS, formatRate, formatShare, formatSpan, regrouped } from "./format.js";
import { failedShare, highest, momentOf } from "./model.js";
import { outcomeOf } from "./outcome.js";
import { lights, targetOf, trustWords, upper, verdict } from "./sections.js";

// The strip on top: what the endpoint did, how far the figures can be trusted, and the
// figures, large those of now or of what is selected and small those of the run. Its
// parts are made once and keep their places, whatever is in them.

const empty = "\u00a0";

export class Strip {
  // host has live: whether a run can be under way, and time(report): the last column.
  constructor(host) {
    this.host = host;
    this.target = el("h1");
    this.state = el("p", { class: "state" });
    this.names = el("p", { class: "name" });
    this.outcome = el("p", { class: "outcome" });
    this.badge = el("summary");
    this.fold = el("div", { class: "fold" });
    this.details = el("details", { class: "badge" }, this.badge, this.fold);
    this.details.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    document.addEventListener("click", (event) => !this.details.contains(event.target) && this.close());
    this.headline = el("p", { class: "long" });
    this.rules = el("div", { class: "rules" });
    this.figures = el("dl", { class: "figures" });
    this.root = el("div", { class: "strip" },
      el("div", { class: "headline" }, this.target, this.state, this.names, host.beside ?? null),
      el("div", { class: "answers" }, this.outcome, this.headline, this.details),
      this.figures, this.rules);
  }

  close() {
    this.details.open = false;
  }

  // show puts a report on the strip; shown is the stretch that its large figures are of,
  // as a report, with what it is called.
  show(report, shown, state) {
    change(this.target, beginning(targetOf(report), 70));
    this.state.className = "state " + state.look;
    change(this.state, el("span", { class: "dot", "aria-hidden": "true" }), state.words);
    change(this.names, ...this.host.names(report));
    const outcome = state.instead ?? outcomeOf(report);
    this.outcome.className = "outcome " + (outcome?.look ?? "plain");
    const marks = { good: "✓", bad: "✕" };
    change(this.outcome, outcome && marks[outcome.look] ? el("span", { class: "mark", "aria-hidden": "true" }, marks[outcome.look]) : null, outcome ? upperWords(outcome) : empty);
    this.outcome.title = outcome ? upperWords(outcome) : "";
    this.showBadge(report);
    const long = report.verdict.headline === null || report.requests.sent === 0 ? "" : upper(report.verdict.headline);
    const same = (words) => words.toLowerCase();
    change(this.headline, outcome && same(long) !== same(outcome.words) && long ? foreign(regrouped(long), 300) : empty);
    this.headline.title = visible(long);
    change(this.rules, lights(report) ?? empty);
    this.figures.className = "figures" + (report.stream ? " many" : "");
    this.figures.replaceChildren(...columnsOf(report, shown, this.host));
  }

  showBadge(report) {
    const { verdict: v, requests, warnings } = report;
    const judged = requests.sent > 0;
    const warned = warnings.length > 0 ? counted(warnings.length, "warning") : "";
    this.details.hidden = !judged && !warned && !report.error;
    this.details.className = "badge " + (v.trust === "none" ? "doubted" : v.trust === "limited" ? "partly" : v.trust === "full" ? "trusted" : "unjudged");
    change(this.badge, [judged ? badgeWords(v) : "", warned].filter(Boolean).join(" · ") || empty);
    const text = JSON.stringify([v, warnings, report.error, report.endpoint?.advice, report.interrupted, report.state === "done" || Math.floor(report.elapsed_s)]);
    if (this.folded !== text) this.fold.replaceChildren(verdict(report, this.host.live));
    this.folded = text;
  }
}

// change gives a node its content, and leaves it alone where it has that already.
function change(node, ...content) {
  const held = content.filter((one) => one !== null).map((one) => (typeof one === "string" ? document.createTextNode(one) : one));
  if (node.childNodes.length === held.length && held.every((one, i) => one.isEqualNode(node.childNodes[i]))) return;
  node.replaceChildren(...held);
}

const upperWords = ({ words }) => upper(words);

// badgeWords are whether the figures can be trusted, as short as can be.
export function badgeWords(v) {
  if (v.trust === "limited") return v.error_ms === null ? "figures trusted in part" : `times up to ${formatMS(v.error_ms)} too high`;
  return v.trust === null ? "not judged" : "figures " + trustWords(v);
}

// topOf is the largest percentile that a summary has samples for.
export function topOf(summary) {
  const key = ["p99", "p95", "p90"].find((key) => summary[key] !== null) ?? "p99";
  return { key, value: summary[key] };
}

// columnsOf are the figures: by one rule each has what is shown large, and the run's
// total below.
function columnsOf(report, shown, host) {
  const now = shown.report ?? report;
  const whole = now === report;
  const at = (path) => (whole ? path : "");
  const one = (kind, label, values, below) => el("div", { class: "c-" + kind }, el("dt", {}, label), el("dd", {}, values), el("dd", { class: "below" }, below || empty));
  const ofRun = (...words) => (whole ? null : ["run ", ...words]);
  const { requests: q, latency_ms: l } = now;
  const top = topOf(l.response);
  const share = (requests) => (requests.failed > 0 ? ` (${formatShare(failedShare(requests))})` : "");
  const nothing = "nothing was sent yet";
  const sent = q.sent === 0 && report.requests.sent === 0;
  const pair = (of, path, keys) => [figure(at(`${path}.p50`), of.p50, formatMS), " / ", figure(at(`${path}.${keys.key}`), keys.value, formatMS)];
  const small = (summary) => `${words(summary.p50)} / ${words(topOf(summary).value)}`;
  const columns = [
    one("scope", "figures of", shown.words, shown.below),
    one("rate", "rate asked → sent", [askedOf(report, now, whole, host), " → ", figure(at("throughput.sent_per_s"), sent ? null : now.throughput.sent_per_s, formatRate, nothing)],
      whole ? (report.requests.sent > 0 ? reached(report) : null) : ofRun(figure("throughput.sent_per_s", report.throughput.sent_per_s, formatRate))),
    flightColumn(report, now, shown, one),
    one("times", `response p50 / ${top.key}`, pair(l.response, "latency_ms.response", top), whole ? (l.response.max === null ? null : `max ${formatMS(l.response.max)}`) : ofRun(small(report.latency_ms.response))),
    el("div", { class: "c-failed" + (q.failed > 0 ? " bad" : "") }, el("dt", {}, "failed"), el("dd", {}, figure(at("requests.failed"), q.failed, formatCount), share(q)),
      el("dd", { class: "below" }, whole ? (report.requests.sent > 0 ? ["of ", figure("requests.sent", report.requests.sent, formatCount), " sent"] : empty) : ofRun(figure("requests.failed", report.requests.failed, formatCount), share(report.requests)))),
    ...columnsOfStreams(report, now, whole, one, ofRun),
    host.time(report, one),
  ];
  return columns;
}

const words = (ms) => (ms === null ? "–" : formatMS(ms));

function reached({ throughput: t }) {
  if (t.completed_per_s === null || t.completed_per_s === undefined) return `${formatRate(t.succeeded_per_s)} succeeded`;
  return t.completed_ok === t.completed ? [figure("throughput.completed_per_s", t.completed_per_s, formatRate), " completed"] : [figure("throughput.completed_ok_per_s", t.completed_ok_per_s, formatRate), " succeeded"];
}

// askedOf is what was asked for: of what is shown, of the run, or by the load as it
// stands.
function askedOf(report, now, whole, host) {
  const { plan } = report;
  const load = host.load?.(report);
  if (load && (whole ? report.state !== "done" : now.isNow)) return load;
  if (!whole) return now.throughput.asked_per_s !== null ? formatRate(now.throughput.asked_per_s) : "as it went";
  if (plan.rate_per_s !== null) return report.changes.length > 0 ? figure("throughput.offered_per_s", report.throughput.offered_per_s, formatRate) : figure("plan.rate_per_s", plan.rate_per_s, formatAsked);
  return el("span", { title: "a closed loop sends as fast as the endpoint answers" }, plan.concurrency !== null ? `${formatCount(plan.concurrency)} at a time` : "several loads");
}

function flightColumn(report, now, shown, one) {
  const most = highest(report.intervals.map((interval) => interval.in_flight));
  const atMost = most < 0 ? null : figure(`intervals.${most}.in_flight`, report.intervals[most].in_flight, formatCount);
  const allowed = report.plan.max_in_flight > 0 && report.plan.rate_per_s !== null ? `${formatCount(report.plan.max_in_flight)} allowed` : null;
  if (now === report && report.state === "done") return one("flight", "in flight, at most", atMost ?? figure("", null, formatCount, "nothing was measured"), allowed);
  if (now !== report && !now.isNow) return one("flight", "in flight, at most", formatCount(Math.max(0, ...now.intervals.map((interval) => interval.in_flight))), atMost ? ["run ", atMost] : null);
  const warming = report.state === "warming up";
  return one("flight", "in flight", warming ? figure("", null, formatCount, "those of the warm-up are in no figure") : figure("requests.in_flight", report.requests.in_flight, formatCount), atMost ? ["run at most ", atMost] : allowed);
}

function columnsOfStreams(report, now, whole, one, ofRun) {
  const { stream: s } = report;
  if (!s) return [];
  const pair = (key) => {
    const top = topOf(now.stream[key]);
    return one("times", `${key === "ttft_ms" ? "TTFT" : "TPOT"} p50 / ${top.key}`, [figure(whole ? `stream.${key}.p50` : "", now.stream[key].p50, formatMS), " / ", figure(whole ? `stream.${key}.${top.key}` : "", top.value, formatMS)],
      whole ? null : ofRun(`${words(s[key].p50)} / ${words(topOf(s[key]).value)}`));
  };
  const perS = figure("stream.output_tokens_per_s", s.output_tokens_per_s, formatRate);
  const tokens = whole ? one("tokens", "output tokens", perS, null)
    : now.stream.output_tokens_per_s !== null ? one("tokens", "output tokens", formatRate(now.stream.output_tokens_per_s), ofRun(perS))
      : one("tokens", "output chunks", figure("", now.throughput.chunks_per_s, formatRate), ofRun(perS, " tokens"));
  const good = report.goodput ? [one("goodput", "goodput", figure("goodput.percent", report.goodput.percent, formatShare), "of the run")] : [];
  return [pair("ttft_ms"), pair("tpot_ms"), tokens, ...good];
}

// scopeWords name a stretch.
export function scopeWords(report, range) {
  return { words: "selection", below: `${momentOf(report, range[0])} to ${momentOf(report, range[1])}` };
}

export const nowWords = ([from, to]) => ({ words: "now", below: `last ${tied(formatSpan(Number((to - from).toPrecision(2))))}` });
export const wholeWords = (report) => ({ words: report.state === "done" ? "whole run" : "run so far", below: report.requests.sent > 0 ? formatElapsed(report.elapsed_s) : null });
