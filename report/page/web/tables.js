import { el, figure, foreign } from "./dom.js";
import { counted, formatBytes, formatCount, formatElapsed, formatMS, formatRate, formatShare, stageWords } from "./format.js";
import { momentOf } from "./model.js";

// Tables whose length a run decides: sorted on demand, cut at a bound.

const maxRows = 500;

// sortable makes a table. A column has head, value (what rows are sorted by)
// and cell (what is shown); number columns stand to the right and sort
// downwards first. A row has a key. more may have total (a row that stands below all),
// tools (what stands above), open (what is behind a row) and note (words below).
// The state outlives a newer report: what the table is sorted by, and as long as its
// columns are the same, the table itself and each row of it, so that nothing goes away
// under the pointer, loses the focus or a selection.
export function sortable(caption, columns, rows, state, more = {}) {
  const heads = columns.map((column) => column.head).join();
  if (state.heads !== heads) Object.assign(state, { heads, held: new Map(), table: made(caption, columns, state, more) });
  Object.assign(state, { rows, columns, more });
  state.fill(); // which writes only the rows that say something else
  return state.table;
}

function made(caption, columns, state, { tools }) {
  const body = el("tbody");
  const foot = el("tfoot");
  const note = el("p", { class: "left-out" });
  state.opened ??= new Set();
  const heads = columns.map((column, i) => el("th", { scope: "col", class: column.number ? "number" : null }, el("button", { type: "button", title: column.title ?? null, onclick: () => choose(i) }, column.head, el("span", { class: "arrow", "aria-hidden": "true" }))));
  if (state.by >= columns.length) state.by = 0;
  const fill = () => {
    heads.forEach((th, i) => (i === state.by ? th.setAttribute("aria-sort", state.down ? "descending" : "ascending") : th.removeAttribute("aria-sort")));
    const { rows, columns, more } = state;
    const sorted = rows.toSorted(order(columns[state.by].value, state.down));
    const trs = sorted.slice(0, maxRows).flatMap((row, i) => rowOf(row.key ?? i, row, state));
    for (const child of [...body.children]) if (!trs.includes(child)) child.remove();
    trs.forEach((tr, i) => body.children[i] !== tr && body.insertBefore(tr, body.children[i] ?? null));
    foot.replaceChildren(...(more.total ? [el("tr", { class: "total" }, columns.map((column) => el("td", { class: column.number ? "number" : null }, column.cell(more.total))))] : []));
    const over = rows.length - maxRows;
    note.textContent = more.note || (over > 0 ? `${counted(over, "more row is", "more rows are")} left out; the JSON has them all.` : "");
  };
  const choose = (i) => {
    state.down = state.by === i ? !state.down : Boolean(columns[i].number);
    state.by = i;
    fill();
  };
  state.fill = fill;
  const table = el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, el("tr", {}, heads)), body, foot);
  return el("div", {}, tools ?? null, scroll(caption, table), note);
}

// rowOf is a row and, where it is open, what is behind it. Those that there are already
// are kept, and written anew only where they say something else.
function rowOf(key, row, state) {
  const { columns, more } = state;
  let held = state.held.get(key);
  if (!held) state.held.set(key, (held = { tr: el("tr") }));
  const open = Boolean(more.open) && state.opened.has(key);
  const text = JSON.stringify([row, open]);
  if (held.text !== text) {
    const focused = held.tr.contains(document.activeElement) && document.activeElement.matches(".opens");
    held.tr.replaceChildren(...columns.map((column, i) => el("td", { class: classOf(column, row) }, i === 0 && more.open ? opener(column.cell(row), open, key, state) : column.cell(row))));
    if (focused) held.tr.querySelector(".opens")?.focus();
    held.text = text;
  }
  if (!open) return [held.tr];
  const behind = more.open(row);
  if (held.behind !== behind.text) held.more = el("tr", { class: "behind" }, el("td", { colspan: columns.length }, behind.make()));
  held.behind = behind.text;
  return [held.tr, held.more];
}

function opener(content, open, key, state) {
  return el("button", { type: "button", class: "opens", "aria-expanded": String(open), onclick: () => {
    if (open) state.opened.delete(key);
    else state.opened.add(key);
    state.fill();
  } }, el("span", { class: "turn", "aria-hidden": "true" }, open ? "▾" : "▸"), content);
}

// classOf keeps short texts on one line and lets long ones wrap.
function classOf(column, row) {
  if (column.number) return "number";
  return String(column.value(row)).length <= 40 ? "short" : "wide";
}

// order sorts nulls last, whichever way.
function order(value, down) {
  return (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    const way = typeof x === "string" ? x.localeCompare(y) : x - y;
    return down ? -way : way;
  };
}

// scroll lets a wide table move sideways, by keyboard too.
export function scroll(label, table) {
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, table);
}

function column(head, value, words, more) {
  return { head, value, cell: (row) => (value(row) === null ? el("span", { class: "none", title: "none" }, "–") : words(value(row), row)), ...more };
}

const number = { number: true };
const moment = (report) => (seconds) => momentOf(report, seconds, true);
const ms = (head, path, get) => ({ head, value: get, number: true, cell: (row) => figure(path(row), get(row), formatMS) });

// percentile shows one, or where there are too few replies for it the largest that
// there are enough for, with its name.
function percentile(key, path, get) {
  const lesser = ["p99", "p95", "p90", "p75", "p50"];
  const of = (row) => lesser.slice(lesser.indexOf(key)).find((one) => get(row)[one] !== null && get(row)[one] !== undefined);
  return {
    head: key, number: true, value: (row) => get(row)[key] ?? null,
    cell: (row) => {
      const held = of(row);
      const shown = figure(`${path(row)}.${held ?? key}`, held ? get(row)[held] : null, formatMS, `too few samples for ${key}: there are ${formatCount(get(row).count ?? 0)}`);
      return held && held !== key ? el("span", { class: "lesser", title: `too few samples for ${key}` }, held, " ", shown) : shown;
    },
  };
}

// namesTable has a row for each name, and below them one for all requests.
export function namesTable(report, state) {
  if (report.names === null) return el("p", { class: "none" }, "Counts by name are not known for a stretch of this run.");
  const { requests, latency_ms } = report;
  const perS = requests.sent > 0 && report.throughput.sent_per_s !== null ? report.throughput.sent_per_s / requests.sent : 0;
  const rows = report.names.map(({ name, requests, latency_ms, together, bytes_in, output_tokens }, at) => ({ key: together ? "others" : name, ...(together ? { words: typeof together === "number" ? counted(together, "other name") : "other names" } : {}), name, requests: { bytes_in, output_tokens, ...requests }, response: latency_ms.response, at, path: report.scope ? "" : `names.${at}.` }));
  const others = othersOf(report, rows);
  if (others) rows.push(others);
  const response = (row) => row.response;
  const path = (row) => (report.scope || row.path === null ? "" : `${row.path}latency_ms.response`);
  const count = (key) => column(key, (row) => row.requests[key] ?? null, formatCount, number);
  const settled = (row) => row.requests.succeeded + row.requests.failed;
  const share = (row) => (settled(row) === 0 ? null : (100 * row.requests.failed) / settled(row));
  const all = {
    sent: { ...column("requests", (row) => row.requests.sent, formatCount, number), always: true },
    rate: column("requests/s", (row) => row.requests.sent * perS, formatRate, number),
    succeeded: { ...count("succeeded"), extra: true },
    failed: count("failed"),
    share: column("failed %", share, (value) => formatShare(value), number),
    p50: percentile("p50", path, response), p90: { ...percentile("p90", path, response), extra: true }, p95: percentile("p95", path, response), p99: percentile("p99", path, response),
    max: ms("max", (row) => `${path(row)}.max`, (row) => row.response.max ?? null), mean: { ...ms("mean", (row) => `${path(row)}.mean`, (row) => row.response.mean ?? null), extra: true },
    bytes_in: { ...column("received", (row) => row.requests.bytes_in ?? null, formatBytes, number), extra: true, only: (row) => row.requests.bytes_in },
    tokens: { ...column("output tokens", (row) => row.requests.output_tokens ?? null, formatCount, number), only: (row) => row.requests.output_tokens || null },
  };
  const held = Object.entries(all).filter(([, one]) => !one.only || rows.some((row) => one.only(row) !== undefined && one.only(row) !== null));
  state.wanted ??= new Set(held.filter(([, one]) => !one.extra).map(([key]) => key));
  state.toolbar ??= namesTools(state);
  state.toolbar.offer(held);
  const wanted = held.filter(([key, one]) => one.always || state.wanted.has(key)).map(([, one]) => one);
  const name = column("name", (row) => row.name, (name, row) => (row.words ? el("span", { class: "none" }, row.words) : name === "" ? el("span", { class: "none" }, "(no name)") : foreign(name, 80)));
  const filter = (state.filter ?? "").toLowerCase();
  const kept = filter === "" ? rows : rows.filter((row) => !row.words && row.name.toLowerCase().includes(filter));
  const notes = [
    filter === "" ? "" : `${formatCount(kept.length)} of ${counted(report.names.length, "name")}.`,
    report.scope && rows.some((row) => row.response.p50 === null && row.requests.succeeded > 0) ? "Times of these names are not kept by stretch." : "",
    report.names_left_out > 0 ? `${counted(report.names_left_out, "name with no more requests than these is", "names with no more requests than these are")} counted together; the JSON has them all.` : "",
  ].filter(Boolean).join(" ");
  state.again = () => namesTable(report, state);
  return sortable("by payload name", [name, ...wanted], kept, state, {
    total: { key: "total", words: "all requests", name: "", requests: { ...requests, bytes_in: report.throughput.bytes_in, output_tokens: report.stream?.output_tokens ?? null }, response: latency_ms.response, path: "" }, tools: state.toolbar.root, note: notes,
  });
}

// othersOf are the requests of names that are not shown, or that had none.
function othersOf(report, rows) {
  const rest = (key) => report.requests[key] - rows.reduce((sum, row) => sum + row.requests[key], 0);
  if (report.scope || !(report.names_left_out > 0) || rest("sent") <= 0) return null;
  const none = { count: 0, p50: null, p75: null, p90: null, p95: null, p99: null, max: null, mean: null };
  return { key: "others", words: `${counted(report.names_left_out, "other name")}`, name: "", requests: { sent: rest("sent"), succeeded: rest("succeeded"), failed: rest("failed") }, response: none, path: null };
}

// namesTools are the filter and the choice of columns.
function namesTools(state) {
  const boxes = el("div", { class: "fold" });
  const anew = () => state.again();
  const filter = el("input", { type: "search", id: "names-filter", placeholder: "filter names", "aria-label": "filter names", autocomplete: "off", spellcheck: "false", oninput: (event) => {
    state.filter = event.target.value;
    anew();
  } });
  const root = el("div", { class: "table-tools" }, filter, el("details", { class: "columns" }, el("summary", {}, "Columns"), boxes));
  let offered = "";
  const offer = (held) => {
    const text = held.map(([key]) => key).join();
    if (offered === text) return;
    offered = text;
    boxes.replaceChildren(...held.filter(([, one]) => !one.always).map(([key, one]) => el("label", {}, el("input", { type: "checkbox", name: "column", value: key, checked: state.wanted.has(key), onchange: (event) => {
      if (event.target.checked) state.wanted.add(key);
      else state.wanted.delete(key);
      const table = state.table;
      const made = anew();
      if (table !== made) table.replaceWith(made);
    } }), one.head)));
  };
  return { root, offer };
}

export function stagesTable(report, state) {
  const rows = report.stages.map((stage, at) => ({ ...stage, at, key: at }));
  const latency = (key) => ms(key, (row) => `stages.${row.at}.latency_ms.response.${key}`, (row) => row.latency_ms.response[key]);
  const count = (head, key) => column(head, (row) => row.requests[key], formatCount, number);
  return sortable("by stage", [
    column("stage", (row) => row.at + 1, String, number), column("from", (row) => row.from_s, moment(report), number),
    { ...column("load", (row) => row.rate_per_s ?? row.concurrency, (_, row) => stageWords(row)), number: false },
    count("planned", "planned"), count("sent", "sent"), count("succeeded", "succeeded"), count("failed", "failed"),
    latency("p50"), latency("p90"), latency("p99"), latency("max"),
  ], rows, state);
}

// failuresTable has a row for each kind; behind it is all that is known of one of them.
export function failuresTable(report, state) {
  if (report.errors === null) return el("p", { class: "none" }, "Failures by kind are not known for a stretch of this run.");
  const settled = report.requests.succeeded + report.requests.failed;
  const rows = report.errors.map((failure, i) => ({ ...failure, key: [failure.kind, failure.status, failure.cause, failure.message === "" ? i : ""].join(), share: settled > 0 ? (100 * failure.count) / settled : null }));
  return sortable("failures", [
    column("kind", (row) => row.kind, (kind) => foreign(kind.replaceAll("_", " "), 40)),
    column("count", (row) => row.count, formatCount, number),
    column("share", (row) => row.share, formatShare, number),
    column("first", (row) => row.first_s, moment(report), number),
    column("last", (row) => row.last_s, moment(report), number),
    ...(rows.some((row) => row.names?.length > 0) ? [column("names", (row) => row.names?.map(({ name }) => name).join(", ") || null, (names) => foreign(names, 60))] : []),
    column("message of the first", (row) => row.message || null, (message) => foreign(message)),
    ...(report.errors.some((row) => row.advice !== null || row.cause !== null) ? [advice] : []),
  ], rows, state, { open: behindFailure, note: "Open a row for a sample: its reply, headers and request." });
}

const advice = column("what to do", (row) => row.advice ?? row.cause, (text, row) => el("span", {}, row.cause === null ? null : el("span", {}, foreign(row.cause), row.advice === null ? "" : ": "), row.advice === null ? null : foreign(text)));

// behindFailure is what is known of the first request that failed in this way.
function behindFailure(row) {
  const headers = Object.entries(row.headers ?? {}).map(([name, value]) => `${name}: ${value}`).join("\n");
  const names = (row.names ?? []).map(({ name, count }) => `${name} (${formatCount(count)})`).join(", ");
  const facts = [
    ["what to do", row.advice], ["cause", row.cause], ["status", row.status === null ? null : String(row.status)], ["request id", row.request_id], ["payload", row.payload], ["names", names],
    ["message", row.message], ["reply's headers", headers], ["reply's body", row.sample ?? null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = facts.map(([label, value]) => `${label}: ${value}`).join("\n");
  const make = () => {
    const said = el("span", { class: "none", role: "status" });
    const copy = el("button", { type: "button", class: "copy", onclick: () => copied(text).then((done) => (said.textContent = done ? "copied" : "select the text and copy it")) }, "Copy");
    return el("div", {}, el("dl", { class: "facts" }, facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, el("pre", { tabindex: "0", role: "region", "aria-label": label }, label === "reply's headers" ? linesOf(value) : foreign(value, 2000)))))), copy, " ", said);
  };
  return { text, make };
}

const linesOf = (text) => text.split("\n").flatMap((line, i) => [i > 0 ? "\n" : null, foreign(line, 500)]);

// copied puts text on the clipboard, also where a page has no right to it.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function slowestTable(report, state) {
  const rows = report.slowest.map((slow, at) => ({ ...slow, at, key: at }));
  return sortable("slowest replies", [
    column("time", (row) => row.at_s, moment(report), number),
    ms("response", (row) => (report.scope ? "" : `slowest.${row.at}.response_ms`), (row) => row.response_ms),
    ms("service", (row) => (report.scope ? "" : `slowest.${row.at}.service_ms`), (row) => row.service_ms),
    column("status", (row) => row.status, String, number),
    column("payload", (row) => row.payload || null, (payload) => foreign(payload, 80)),
    ...(rows.some((row) => row.request_id !== null) ? [column("request id", (row) => row.request_id, (id) => foreign(id, 80))] : []),
  ], rows, state);
}

export function modelsTable(report, state) {
  const rows = report.served_models.map(({ name, count, latency_ms }, at) => ({ name, count, latency_ms, at, key: name }));
  const latency = (of, key) => ms(`${of} ${key}`, (row) => `served_models.${row.at}.latency_ms.${of}.${key}`, (row) => row.latency_ms[of][key]);
  return sortable("by served model", [
    column("served model", (row) => row.name, (name) => foreign(name, 80)),
    column("replies", (row) => row.count, formatCount, number),
    latency("response", "p50"), latency("response", "p99"), latency("service", "p50"), latency("service", "p99"),
  ], rows, state);
}

// workersTable has a row for each machine, or process, of those that sent the load.
export function workersTable(report, state) {
  const rows = report.client.workers.map((worker, at) => ({ ...worker, at, key: worker.name + at }));
  const joined = (row) => (row.took_over ?? null) !== null;
  const length = (row) => report.plan_elapsed_s - (joined(row) ? row.start_s : 0);
  const perS = (row) => (length(row) > 0 ? row.sent / length(row) : null);
  const used = (row) => (row.cores > 0 && row.wall_s > 0 ? (100 * row.cpu_s) / (row.wall_s * row.cores) : null);
  const began = (row) => (row.clock_error_ms === null || row.trust === null ? null : 1000 * row.start_s);
  const signed = (value) => (value < 0 ? "−" : "+") + formatMS(Math.abs(value));
  const whose = (row) => (row.lost ? "lost" : row.state);
  return sortable("workers", [
    { ...column("worker", (row) => row.name, (name) => foreign(name, 60)), value: (row) => row.at },
    column("state", whose, (word, row) => (row.lost ? [el("b", {}, "lost"), ` at ${formatElapsed(row.lost.last_s)}: `, foreign(row.lost.why, 120)] : word)),
    { ...ms("sent", () => "", (row) => row.sent), cell: (row) => figure(`client.workers.${row.at}.sent`, row.sent, formatCount) },
    column("sent/s", perS, formatRate, number),
    ms("lateness p99", (row) => `client.workers.${row.at}.lateness_p99_ms`, (row) => row.lateness_p99_ms),
    column("of its cores", used, (share, row) => `${formatShare(share)} of ${row.cores}`, number),
    column("began", began, (value, row) => (joined(row) ? el("span", {}, `joined at ${formatElapsed(row.start_s)} for `, foreign(row.took_over, 60)) : `${signed(value)} ± ${formatMS(row.clock_error_ms)}`), { ...number, title: "after the run began, or before it, as far as the clocks tell" }),
    column("clock", (row) => row.clock_offset_ms, signed, { ...number, title: "ahead of the coordinator's, or behind it; requests are placed by it" }),
    column("trusted", (row) => row.trust, (word, row) => (word === "full" ? "fully" : el("span", { title: row.reasons.join("; ") }, word === "none" ? "not at all" : "in part"))),
  ], rows, state);
}
