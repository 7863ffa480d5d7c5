import { el, figure, foreign, visible } from "./dom.js";
import { counted, formatAsked, formatBytes, formatCount, formatElapsed, formatLimit, formatMS, formatRate, formatShare, formatSpan, regrouped, stageWords } from "./format.js";
import { failedShare } from "./model.js";
import { undecided } from "./outcome.js";
import { scroll } from "./tables.js";

// The sections that are words and figures. Each is made anew for each report.

export function targetOf(report) {
  return report.target.endpoint || report.target.url;
}

// stateOf is a word and what it means for the figures.
export function stateOf(report) {
  if (report.error !== null) return "ended early";
  return report.interrupted ? "stopped" : report.state;
}

const limits = { none: "limited by nothing", client: "limited by brunt itself", connections: "limited by the connections", endpoint: "limited by the endpoint" };

// trustWords say how far figures can be trusted, in a few words.
export function trustWords(v) {
  if (v.trust === null) return "not judged";
  if (v.trust === "none") return "not trusted";
  if (v.error_ms === null) return v.trust === "limited" ? "trusted in part" : "trusted";
  return `trusted, but times may be up to ${formatMS(v.error_ms)} too high`;
}

// verdict is what the endpoint did, in one sentence, and below it how far the
// figures can be trusted, with the reasons for those who ask.
export function verdict(report, live = false) {
  const v = report.verdict;
  const notes = [];
  if (report.state !== "done" && !live) notes.push(el("p", { class: "note" }, `Figures so far, after ${formatElapsed(report.elapsed_s)}.`));
  if (report.interrupted) notes.push(el("p", { class: "note" }, `Stopped after ${formatElapsed(report.plan_elapsed_s)}: figures are of what was sent until then.`));
  if (report.error !== null) notes.push(el("p", { class: "note loud" }, "Ended early: ", foreign(report.error)));
  const warnings = report.warnings.map((warning) => el("p", { class: "note" }, "Warning: ", foreign(regrouped(warning))));
  const advice = (report.endpoint?.advice || []).map((text) => el("p", { class: "note" }, foreign(regrouped(upper(text)), 600)));
  return el("section", { class: "verdict", "aria-label": "verdict" }, sentence(report), report.requests.sent > 0 ? trust(v, live) : null, notes, warnings, advice);
}

function sentence(report) {
  const v = report.verdict;
  const limited = limits[v.limited_by] || "limited by " + visible(String(v.limited_by));
  const words = [];
  if (report.requests.sent === 0) words.push("Nothing was sent.");
  else if (v.trust === null) words.push("Not judged.");
  else if (v.headline === null) words.push(upper(limited), ".");
  else words.push(foreign(regrouped(upper(v.headline))), `, ${limited}.`);
  for (const note of (v.notes || []).slice(0, 8)) words.push(" ", foreign(regrouped(upper(note))), ".");
  return el("p", { class: "sentence-of-verdict" }, words);
}

// trust folds its reasons where they say nothing alarming; a page that is made
// anew each second folds nothing.
function trust(v, live) {
  const reasons = v.reasons.slice(0, 8).flatMap((reason, i) => [i > 0 ? "; " : "", foreign(regrouped(reason))]);
  if (v.reasons.length > 8) reasons.push(`; and ${v.reasons.length - 8} more`);
  const words = v.trust === null ? "Why" : `Figures ${trustWords(v)}`;
  const look = "trust" + (v.trust === "none" ? " untrusted" : "");
  if (reasons.length === 0) return el("p", { class: look }, words, ".");
  if (live) return el("p", { class: look }, words, ": ", reasons, ".");
  return el("details", { class: look, open: v.trust !== "full" }, el("summary", {}, words), reasons, ".");
}

export function upper(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

// lights are the rules: a shape, a word and the figure, not a colour alone.
export function lights(report) {
  if (report.slo.length === 0) return null;
  const open = undecided(report);
  const look = (rule) => (rule.met ? ["held", "✓", "held"] : open(rule) ? ["open", "…", "not yet known"] : ["broken", "✕", "broken"]);
  return el("ul", { class: "lights", "aria-label": "objectives" }, report.slo.map((rule) => [rule, ...look(rule)]).map(([rule, kind, mark, words]) => el("li", { class: kind },
    el("span", { class: "mark", "aria-hidden": "true" }, mark),
    el("strong", {}, words), " ", el("code", {}, foreign(rule.rule, 80)), " ",
    rule.value === null ? foreign(rule.reason) : el("span", {}, "was ", el("b", {}, formatLimit(rule.value, rule.unit))))));
}

const columns = [["count", "count"], ["min", "min"], ["mean", "mean"], ["p50", "p50"], ["p75", "p75"], ["p90", "p90"], ["p95", "p95"], ["p99", "p99"], ["p99_9", "p99.9"], ["p99_99", "p99.99"], ["max", "max"]];

const percentilesNote = "Response is from the planned instant, service from the first byte sent; both are of successes. – means too few samples.";

export function percentiles(report, state) {
  const l = report.latency_ms;
  const rows = [
    ["response", "latency_ms.response", l.response], ["service", "latency_ms.service", l.service], ["lateness", "lateness_ms", report.lateness_ms],
    ["failed", "latency_ms.failed", l.failed], ["first byte", "latency_ms.first_byte", l.first_byte], ["connect", "latency_ms.connect", l.connect], ["tls", "latency_ms.tls", l.tls],
  ].filter(([, , summary]) => summary.count > 0);
  if (rows.length === 0) return null;
  const table = el("table", {}, el("caption", { class: "unseen" }, "percentiles"),
    el("thead", {}, el("tr", {}, el("td"), columns.map(([, head]) => el("th", { scope: "col", class: "number" }, head)))),
    el("tbody", {}, rows.map(([label, path, summary]) => el("tr", {}, el("th", { scope: "row" }, label),
      columns.map(([key]) => el("td", { class: "number" }, figure(report.scope ? "" : `${path}.${key}`, summary[key], key === "count" ? formatCount : formatMS, `too few samples for ${key.replace("_", ".")}: there are ${formatCount(summary.count)}`)))))));
  state.percentiles ??= el("div", {}, scroll("percentiles", ""),
    el("p", { class: "left-out" }));
  state.percentiles.firstChild.replaceChildren(table);
  const error = report.scope ? l.response.error : 0;
  state.percentiles.lastChild.textContent = percentilesNote + (error > 0 ? ` Of a stretch they are known to ±${formatShare(100 * error)}.` : "");
  return state.percentiles;
}

const bytesOf = (t) => el("div", {}, el("dt", {}, "received, sent"), el("dd", {}, formatBytes(t.bytes_in), ", ", formatBytes(t.bytes_out)));

export function totals(report) {
  const { requests: q, throughput: t, client: c } = report;
  const why = q.not_sent_reasons;
  const list = [];
  const add = (label, ...words) => list.push(el("div", {}, el("dt", {}, label), el("dd", {}, words.flat())));
  const at = (path) => (report.scope ? "" : path);
  const count = (key) => figure(at(`requests.${key}`), q[key], formatCount);
  add("planned", count("planned"));
  add("sent", count("sent"));
  add("succeeded", count("succeeded"));
  add("failed", count("failed"), q.failed > 0 ? ` (${formatShare(failedShare(q))})` : "");
  if (q.cut_off > 0) add("cut off", count("cut_off"));
  if (q.unknown > 0) add("unknown", count("unknown"));
  if (q.in_flight > 0) add("in flight", count("in_flight"));
  if (q.not_sent > 0) {
    const reasons = [[why.no_slot, "no free slot"], [why.stopped, "stopped before"], [why.skipped, "skipped as too late"]];
    add("not sent", count("not_sent"), ` (${reasons.filter(([n]) => n > 0).map(([n, words]) => `${formatCount(n)} ${words}`).join(", ")})`);
  }
  const s = report.sessions;
  if (s) add("sessions", figure(at("sessions.begun"), s.begun, formatCount), ` begun, ${s.complete} complete, ${s.broken} broken, ${s.unfinished} not ended`);
  if (q.warmup > 0) add("in the warm-up, apart", count("warmup"));
  add("sent rate", figure(at("throughput.sent_per_s"), t.sent_per_s, formatRate));
  const unmeasured = "it is not known what came within the measured time";
  add("completed rate", figure(at("throughput.completed_per_s"), t.completed_per_s, formatRate, unmeasured));
  if (t.completed_ok !== t.completed) add("completed well", figure(at("throughput.completed_ok_per_s"), t.completed_ok_per_s, formatRate, unmeasured));
  add("succeeded rate, drain included", figure(at("throughput.succeeded_per_s"), t.succeeded_per_s, formatRate));
  if (report.scope) return el("dl", { class: "totals" }, list, bytesOf(t));
  const statuses = Object.entries(report.status).map(([status, n], i) => [i > 0 ? ", " : "", el("span", { class: "short" }, `${status}: ${formatCount(n)}`)]);
  add("replies by status", statuses.length > 0 ? statuses.flat() : "no reply");
  add("connections", count("connections"), q.reconnected > 0 ? `, ${formatCount(q.reconnected)} reconnected` : "");
  add("received, sent", figure(at("throughput.bytes_in"), t.bytes_in, formatBytes), ", ", figure(at("throughput.bytes_out"), t.bytes_out, formatBytes));
  if (report.usage) add("output tokens, whole replies", figure(at("usage.output_tokens"), report.usage.output_tokens, formatCount), " as ", figure(at("usage.replies"), report.usage.replies, formatCount), " of them stated, ", figure(at("usage.output_tokens_per_s"), report.usage.output_tokens_per_s, formatRate));
  const cores = c.wall_s > 0 && c.cores > 0 ? `${formatShare((100 * c.cpu_s) / (c.wall_s * c.cores))} of ${counted(c.cores, "core")}` : "–";
  add("brunt used", c.rss_peak_mb > 0 ? `${cores}, ${formatBytes(c.rss_peak_mb * 1e6)}` : "not known");
  return el("dl", { class: "totals" }, list);
}

// streamLimits are those of a stream that has begun to answer, of runs that had streams.
function streamLimits(report, plan) {
  if (!report.stream || plan.stream_timeout_s == null) return "";
  const silent = plan.stream_stall_s > 0 ? ` or silent for ${formatSpan(plan.stream_stall_s)}` : "";
  return ` (a stream, after its first output: ${formatSpan(plan.stream_timeout_s)}${silent})`;
}

export function repeat(report) {
  const { plan, target } = report;
  const list = [];
  const add = (label, ...words) => list.push(el("div", {}, el("dt", {}, label), el("dd", {}, words)));
  if (report.name) add("name", foreign(report.name, 80));
  add("brunt", foreign(report.brunt || "unknown version", 60), report.client.cores > 0 ? `, on ${counted(report.client.cores, "core")}` : "");
  add("target", foreign(target.url), ` (${visible(target.protocol)}${target.tls ? ", TLS " + visible(target.tls) : ""})`);
  add("load", loadWords(plan));
  // Results do not tell under which limits they came to be.
  const kept = plan.keepalive === null || report.rebuilt ? "" : plan.keepalive ? "connections kept" : "a connection per request";
  const held = [plan.max_in_flight > 0 ? `${formatCount(plan.max_in_flight)} in flight` : "", plan.timeout_s > 0 ? `timeout ${formatSpan(plan.timeout_s)}${streamLimits(report, plan)}` : "", kept].filter(Boolean);
  add("limits", held.length > 0 ? held.join(", ") : "not known");
  for (const file of plan.payloads) {
    add("payload", foreign(file.file, 80), ` (${counted(file.lines, "body", "bodies")}, ${formatBytes(file.bytes)}, ${visible(plan.order)}${plan.seed === null ? "" : ", seed " + plan.seed})`, el("br"), el("code", { class: "digest" }, "sha256 " + visible(file.sha256)));
  }
  for (const [key, value] of Object.entries(report.labels)) add(el("span", {}, "label ", foreign(key, 40)), foreign(value, 80));
  return el("div", {}, el("pre", { class: "command", tabindex: "0", role: "region", "aria-label": "command line" }, el("code", {}, foreign(report.repeat || report.command || "(not known)", 2000))), el("dl", { class: "totals plan" }, list));
}

// stagesWords is the lowest and the highest load of all stages.
function stagesWords(stages) {
  const [from, to] = stages[0].rate_per_s !== null ? ["rate_per_s", "to_rate_per_s"] : ["concurrency", "to_concurrency"];
  const loads = stages.flatMap((stage) => [stage[from], stage[to]]);
  const words = stageWords({ ...stages[0], [from]: Math.min(...loads), [to]: Math.max(...loads) });
  return stages.length === 1 ? words : `${stages.length} stages of ${words}`;
}

// loadWords is what was asked for, in a line.
export function loadWords(plan) {
  const words = [plan.stages?.length > 0 ? stagesWords(plan.stages) : plan.rate_per_s !== null ? formatAsked(plan.rate_per_s) : plan.sessions_per_s ? `sessions: ${formatAsked(plan.sessions_per_s)}` : plan.concurrency !== null ? `${plan.sessions ? counted(plan.concurrency, "session") : formatCount(plan.concurrency)} at a time` : "several loads"];
  if (plan.duration_s !== null) words.push(`for ${formatSpan(plan.duration_s)}`);
  if (plan.requests !== null) words.push(`${plan.duration_s !== null ? "or" : "for"} ${counted(plan.requests, plan.sessions ? "session" : "request")}`);
  if (plan.arrivals && plan.arrivals !== "constant") words.push(`with ${plan.arrivals} arrivals`);
  if (plan.warmup_s > 0) words.push(`after a warm-up of ${formatSpan(plan.warmup_s)}${plan.warmup_settled ? ", settled" : ""}`);
  return words.join(" ");
}
