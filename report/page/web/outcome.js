import { counted, formatCount, formatShare, formatSpan } from "./format.js";
import { kindWords } from "./kinds.js";
import { failedShare, momentOf } from "./model.js";

// The answer in a few words: what did the endpoint do? How far that can be trusted
// is said beside it, and never instead of it.

const briefly = { client: "brunt was the limit", connections: "out of free slots" };

// undecided reports whether a rule has too little to go by, of a run that goes
// on; of one that is over that is a broken rule.
export const undecided = (report) => (rule) => report.state !== "done" && rule.value === null && !rule.met;

const bad = (words) => ({ look: "bad", words });
const good = (words) => ({ look: "good", words });
const plain = (words) => ({ look: "plain", words });

// outcomeOf is what the endpoint did, null before anything was sent. look is good, bad
// or plain; words are never left to a colour.
export function outcomeOf(report) {
  const own = ownOutcome(report);
  const { brief } = report.verdict;
  if (!brief || own === null || own.fixed) return own;
  return { look: own.look, words: /^(kept up|set the pace|fell behind)/.test(brief) ? `the endpoint ${brief}` : brief };
}

// ownOutcome is that as far as the figures alone tell; fixed is what the verdict has no
// words for.
function ownOutcome(report) {
  const { verdict: v, slo, requests } = report;
  if (requests.sent === 0) return null;
  const settled = requests.succeeded + requests.failed;
  if (settled === 0 && requests.in_flight > 0) return plain(`filling: no reply yet, longest wait ${formatSpan(Math.floor(report.plan_elapsed_s))}`);
  if (requests.failed > 0 && requests.succeeded === 0) return bad(`every request failed${kindOf(report) ? ": " + kindOf(report) : ""}`);
  if (failedShare(requests) >= 1) return bad(failureWords(report));
  if (requests.cut_off >= requests.sent / 100) return bad(`${formatShare((100 * requests.cut_off) / requests.sent)} cut off`);
  const broken = slo.filter((rule) => !rule.met && !undecided(report)(rule)).length;
  if (broken > 0) return { ...bad(`${formatCount(broken)} of ${counted(slo.length, "objective")} broken`), fixed: true };
  if (v.limited_by === "endpoint") return bad("the endpoint fell behind");
  if (v.limited_by in briefly) return plain(briefly[v.limited_by]);
  return wellOf(report);
}

// wellOf is for an endpoint that nothing is said against.
function wellOf(report) {
  const { verdict: v, slo, plan } = report;
  if (v.limited_by !== "none") return null;
  if (slo.length > 0 && slo.every((rule) => rule.met)) return { ...good(`${counted(slo.length, "objective")} held`), fixed: true };
  if (slo.length > 0) return { ...plain("too early to judge the objectives"), fixed: true };
  return plan.rate_per_s !== null ? good("the endpoint kept up") : plain("the endpoint set the pace");
}

function kindOf(report) {
  return report.errors.length > 0 ? kindWords(report.errors[0]) : "";
}

const verbs = [[/^status_429/, "refused"], [/time_?out/, "timed out"], [/^refused/, "refused"], [/^reset/, "reset"]];

// failureWords are of all failures, by the most frequent kind where that is next to all
// of them: since when, or from when to when, and of how many requests from then on.
function failureWords(report) {
  const [first, ...others] = report.errors;
  const { failed } = report.requests;
  if (!first) return `${formatShare(failedShare(report.requests))} failed`;
  const alone = first.count >= 0.9 * failed;
  const verb = alone ? verbs.find(([kind]) => kind.test(first.kind))?.[1] ?? "failed" : "failed";
  const tenth = (seconds) => Math.round(seconds * 10) / 10;
  const [begin, end] = [tenth(Math.min(...report.errors.map((kind) => kind.first_s))), tenth(Math.max(...report.errors.map((kind) => kind.last_s)))];
  const over = report.plan_elapsed_s - end > Math.max(5, report.plan_elapsed_s / 20);
  const settled = (intervals) => intervals.reduce((all, interval) => all + interval.succeeded + interval.failed, 0);
  const since = Math.max(settled(report.intervals.filter((interval) => interval.t_s + interval.width_s > begin)), failed);
  const share = over || report.intervals.length === 0 ? failedShare(report.requests) : (100 * failed) / since;
  const when = over ? `, ${momentOf(report, begin)} to ${momentOf(report, end)}` : begin < 1 ? "" : ` since ${momentOf(report, begin)}`;
  return `${formatShare(share)} ${verb} (${alone ? "" : "mostly "}${kindWords(first)}${alone && others.length > 0 ? " and others" : ""})${when}`;
}
