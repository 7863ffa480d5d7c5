import { el, figure } from "./dom.js";
import { counted, formatCount, formatMS, formatRate } from "./format.js";
import { scroll } from "./tables.js";

// What is known of answers that came as streams: nothing of it is on the page
// of a run without any.

const streamColumns = [["p50", "p50"], ["p90", "p90"], ["p99", "p99"], ["max", "max"], ["count", "count"]];
const streamRows = [["TTFT", "ttft_ms"], ["first visible", "first_visible_ms"], ["TPOT", "tpot_ms"], ["inter-chunk", "inter_chunk_ms"], ["end to end", "end_to_end_ms"]];

export function streamFigures(report, state) {
  const s = report.stream;
  if (!s) return null;
  const table = el("table", {}, el("caption", { class: "unseen" }, "times of streams"),
    el("thead", {}, el("tr", {}, el("td"), streamColumns.map(([, head]) => el("th", { scope: "col", class: "number" }, head)))),
    el("tbody", {}, streamRows.map(([label, of]) => el("tr", {}, el("th", { scope: "row" }, label),
      streamColumns.map(([key]) => el("td", { class: "number" }, figure(`stream.${of}.${key}`, s[of][key], key === "count" ? formatCount : formatMS, `too few samples for ${key}: there are ${formatCount(s[of].count)}`)))))));
  state.streams ??= el("div", {}, el("div"), scroll("times of streams", ""), el("p", { class: "left-out" }, definitions));
  state.streams.children[0].replaceChildren(tokens(report, s));
  state.streams.children[1].replaceChildren(table);
  return state.streams;
}

const definitions = "TTFT is from the first byte sent to the first output that is not empty, first visible to the first that is no reasoning; TPOT is from the first output to the last, divided by the output tokens less one, one figure per stream; " +
  "inter-chunk is every gap between two chunks with output, 0 where one read brought both; end to end is from the first byte sent to the last output. " +
  "Output tokens per second are those that came within the measured time, each with its chunk, whoever asked for them and whatever became of the stream; per user is 1 / median TPOT. – means too few samples.";

function tokens(report, s) {
  const list = [];
  const add = (label, ...words) => list.push(el("div", {}, el("dt", {}, label), el("dd", {}, words)));
  const count = (key) => figure(`stream.${key}`, s[key], formatCount);
  add("output tokens, in all", figure("stream.output_tokens_per_s", s.output_tokens_per_s, formatRate));
  add("output tokens, per user", figure("stream.per_user_tokens_per_s", s.per_user_tokens_per_s, formatRate, "too few streams with two tokens or more"));
  add("output tokens", count("output_tokens"), " ", sourceOf(s.tokens_by));
  if (report.throughput.completed_output_tokens_estimated > 0)
    add("of those within the measured time, estimated", figure("throughput.completed_output_tokens_estimated", report.throughput.completed_output_tokens_estimated, formatCount), " of ", figure("throughput.completed_output_tokens", report.throughput.completed_output_tokens, formatCount), ", in streams that failed or did not end");
  if (s.prompt_tokens > 0) add("prompt tokens, as stated", count("prompt_tokens"));
  const a = report.answers;
  const stated = (key) => figure(`answers.${key}`, a[key], formatCount);
  if (a?.reasoning_tokens != null) add("reasoning tokens", stated("reasoning_tokens"), ", and ", stated("visible_tokens"), " visible ones");
  if (a?.cached_tokens != null) add("prompt tokens from a cache", stated("cached_tokens"));
  const reasons = Object.keys(a?.finish_reasons ?? {});
  if (reasons.length > 0) add("finish reasons", reasons.flatMap((reason, i) => [i > 0 ? ", " : "", figure(`answers.finish_reasons.${reason}`, a.finish_reasons[reason], formatCount), ` ${reason}`]));
  if (s.unpaced > 0) add("streams without TPOT", count("unpaced"), ": reasoning was withheld or summarised, and no usage says how many tokens were sent");
  add("streams", count("streams"), s.silent > 0 ? [", ", count("silent"), " without output"] : "", s.unknown > 0 ? [", ", count("unknown"), " of a format that brunt does not know"] : "");
  add("chunks with output", count("chunks"));
  if (s.skipped_events > 0) add("events too large to look into", count("skipped_events"));
  return el("dl", { class: "totals" }, list);
}

// sourceOf says what the tokens are: chunks are only as good as tokens where
// each of them has one.
function sourceOf(by) {
  if (by.unknown > 0) return `not known of ${counted(by.unknown, "stream")}: no usage was stated, and chunks may hold several tokens`;
  if (by.chunks === 0) return "by usage";
  if (by.usage === 0) return "by chunks: no stream stated its usage";
  return `by usage, of ${counted(by.chunks, "stream")} that stated none by chunks`;
}
