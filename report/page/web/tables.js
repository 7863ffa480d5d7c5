import { el, figure, foreign } from "./dom.js";
import { counted, formatCount, formatMS, stageWords } from "./format.js";
import { momentOf } from "./model.js";

// Tables whose length a run decides: sorted on demand, cut at a bound.

const maxRows = 500;

// sortable makes a table. A column has head, value (what rows are sorted by)
// and cell (what is shown); number columns stand to the right and sort
// downwards first. The state outlives a newer report: what the table is sorted
// by, and as long as its columns are the same, the table itself, so that no
// button goes away under the pointer or loses the focus.
export function sortable(caption, columns, rows, state, leftOut = 0) {
  const heads = columns.map((column) => column.head).join();
  if (state.heads !== heads) Object.assign(state, { heads, shown: null, table: made(caption, columns, state) });
  const text = leftOut + JSON.stringify(rows);
  if (state.shown !== text) {
    Object.assign(state, { shown: text, rows, columns, leftOut });
    state.fill();
  }
  return state.table;
}

function made(caption, columns, state) {
  const body = el("tbody");
  const note = el("p", { class: "left-out" });
  const heads = columns.map((column, i) => el("th", { scope: "col", class: column.number ? "number" : null }, el("button", { type: "button", onclick: () => choose(i) }, column.head, el("span", { class: "arrow", "aria-hidden": "true" }))));
  const fill = () => {
    heads.forEach((th, i) => (i === state.by ? th.setAttribute("aria-sort", state.down ? "descending" : "ascending") : th.removeAttribute("aria-sort")));
    const { rows, columns, leftOut } = state;
    const sorted = rows.toSorted(order(columns[state.by].value, state.down));
    body.replaceChildren(...sorted.slice(0, maxRows).map((row) => el("tr", {}, columns.map((column) => el("td", { class: classOf(column, row) }, column.cell(row))))));
    const more = rows.length - maxRows;
    note.textContent = leftOut > 0 ? `${counted(leftOut, "name with no more requests than these is", "names with no more requests than these are")} left out; the JSON has them all.`
      : more > 0 ? `${counted(more, "more row is", "more rows are")} left out; the JSON has them all.` : "";
  };
  const choose = (i) => {
    state.down = state.by === i ? !state.down : Boolean(columns[i].number);
    state.by = i;
    fill();
  };
  state.fill = fill;
  const table = el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, el("tr", {}, heads)), body);
  return el("div", {}, scroll(caption, table), note);
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

export function namesTable(report, state) {
  const rows = report.names.map(({ name, requests, latency_ms }, at) => ({ name, requests, latency_ms, at }));
  const latency = (key) => ms(key, (row) => `names.${row.at}.latency_ms.response.${key}`, (row) => row.latency_ms.response[key]);
  const count = (key) => column(key, (row) => row.requests[key], formatCount, number);
  return sortable("by payload name", [
    column("name", (row) => row.name, (name) => (name === "" ? el("span", { class: "none" }, "(no name)") : foreign(name, 80))),
    count("sent"), count("succeeded"), count("failed"), latency("p50"), latency("p90"), latency("p99"), latency("max"),
  ], rows, state, report.names_left_out);
}

export function stagesTable(report, state) {
  const rows = report.stages.map((stage, at) => ({ ...stage, at }));
  const latency = (key) => ms(key, (row) => `stages.${row.at}.latency_ms.response.${key}`, (row) => row.latency_ms.response[key]);
  const count = (head, key) => column(head, (row) => row.requests[key], formatCount, number);
  return sortable("by stage", [
    column("stage", (row) => row.at + 1, String, number), column("from", (row) => row.from_s, moment(report), number),
    { ...column("load", (row) => row.rate_per_s ?? row.concurrency, (_, row) => stageWords(row)), number: false },
    count("planned", "planned"), count("sent", "sent"), count("succeeded", "succeeded"), count("failed", "failed"),
    latency("p50"), latency("p90"), latency("p99"), latency("max"),
  ], rows, state);
}

export function failuresTable(report, state) {
  return sortable("failures", [
    column("kind", (row) => row.kind, (kind) => foreign(kind.replaceAll("_", " "), 40)),
    column("count", (row) => row.count, formatCount, number),
    column("first", (row) => row.first_s, moment(report), number),
    column("last", (row) => row.last_s, moment(report), number),
    column("message of the first", (row) => row.message || null, (message) => foreign(message)),
    ...(report.errors.some((row) => row.advice !== null || row.cause !== null) ? [advice] : []),
  ], report.errors, state);
}

const advice = column("what to do", (row) => row.advice ?? row.cause, (text, row) => el("span", {}, row.cause === null ? null : el("span", {}, foreign(row.cause), row.advice === null ? "" : ": "), row.advice === null ? null : foreign(text)));

export function slowestTable(report, state) {
  const rows = report.slowest.map((slow, at) => ({ ...slow, at }));
  return sortable("slowest replies", [
    column("time", (row) => row.at_s, moment(report), number),
    ms("response", (row) => `slowest.${row.at}.response_ms`, (row) => row.response_ms),
    ms("service", (row) => `slowest.${row.at}.service_ms`, (row) => row.service_ms),
    column("status", (row) => row.status, String, number),
    column("payload", (row) => row.payload || null, (payload) => foreign(payload, 80)),
    ...(rows.some((row) => row.request_id !== null) ? [column("request id", (row) => row.request_id, (id) => foreign(id, 80))] : []),
  ], rows, state);
}

export function modelsTable(report, state) {
  const rows = report.served_models.map(({ name, count, latency_ms }, at) => ({ name, count, latency_ms, at }));
  const latency = (of, key) => ms(`${of} ${key}`, (row) => `served_models.${row.at}.latency_ms.${of}.${key}`, (row) => row.latency_ms[of][key]);
  return sortable("by served model", [
    column("served model", (row) => row.name, (name) => foreign(name, 80)),
    column("replies", (row) => row.count, formatCount, number),
    latency("response", "p50"), latency("response", "p99"), latency("service", "p50"), latency("service", "p99"),
  ], rows, state);
}
