import { Charts } from "./charts.js";
import { curveOf } from "./curve.js";
import { el, visible } from "./dom.js";
import { formatCount, formatElapsed, formatMS, formatRate, formatShare } from "./format.js";
import { outcomeOf } from "./outcome.js";
import { scoped } from "./scope.js";
import { percentiles, repeat, stateOf, targetOf, totals } from "./sections.js";
import { Sum } from "./spread.js";
import { streamFigures } from "./streams.js";
import { scopeWords, Strip, wholeWords } from "./strip.js";
import { failuresTable, modelsTable, namesTable, slowestTable, stagesTable, workersTable } from "./tables.js";

// filed are sections that only a page in a file can have, above the others: each makes
// one of a report, or null.
export const filed = [];

// mount builds the page once and returns show(report, extra), which puts a
// report on it: once in a file, again and again in a live view. What differs
// between the two is the host's: its words, its controls and where things stand.
// A page that nobody can see keeps the newest and draws it when it is looked at.
export function mount(root, host) {
  const charts = new Charts();
  const strip = new Strip(host.strip);
  const state = { stages: { by: 0, down: false }, names: { by: 1, down: true }, models: { by: 1, down: true }, failures: { by: 1, down: true }, slowest: { by: 1, down: true }, workers: { by: 0, down: false }, sections: {} };
  state.curves = new Charts((report, extra) => [curveOf(report, extra)], "curves");
  const tools = el("div", { class: "tools" }, host.tools, themeSwitch(charts));
  const said = el("p", { class: "unseen", role: "status" });
  root.replaceChildren(el("header", {}, strip.root, tools, host.control ?? null), said, el("main", {}, host.lay(charts.root, el("p", { class: "hint" }, hint))));
  followPrint(charts, strip);
  let newest = null;
  let last = null;
  const draw = () => {
    if (document.hidden || newest === null) return;
    const [report, extra] = (last = newest);
    newest = null;
    document.title = host.title(report).slice(0, 200);
    const words = host.words(report);
    if (said.textContent !== words) said.textContent = words;
    charts.show(report, extra);
    const selected = charts.selection ? scoped(report, extra, charts.selection) : null;
    const shown = selected ? { report: selected, ...scopeWords(report, charts.selection) } : host.shown?.(report, extra) ?? wholeWords(report);
    strip.show(report, shown, host.state(report));
    host.place(sectionsOf(selected ?? report, extra, state), report);
  };
  const again = () => {
    newest ??= last;
    draw();
  };
  charts.selected = (range) => {
    again();
    host.selected?.(range);
  };
  document.addEventListener("visibilitychange", draw);
  return (report, extra) => {
    newest = [report, extra];
    draw();
    return charts;
  };
}

// fileHost lays out a report in a file, one thing below the other; tools stand at its
// right end.
export function fileHost(...tools) {
  const after = el("div");
  const before = el("div");
  const words = (report) => [stateOf(report), outcomeOf(report)?.words].filter(Boolean).map(visible).join(", ");
  return {
    words,
    title: (report) => `${visible(targetOf(report))} – ${words(report)} – brunt`,
    tools,
    strip: {
      live: false, names: (report) => [[report.name, report.started ? report.started.slice(0, 16).replace("T", " ") + " UTC" : ""].filter(Boolean).map((text) => visible(text).slice(0, 40)).join(" · ")],
      time: (report, one) => one("time", "duration", figureOf(report), null),
    },
    state: (report) => ({ words: visible(stateOf(report)), look: ["done", "stopped"].includes(stateOf(report)) ? "calm" : "notable" }),
    lay: (timeline, hint) => [before, timeline, hint, after],
    place: (sections, report) => {
      settle(before, filed.map((section) => section(report)).filter(Boolean));
      settle(after, sections);
    },
  };
}

const figureOf = (report) => el("span", { class: "figure", "data-path": "elapsed_s", "data-value": JSON.stringify(report.elapsed_s) }, formatElapsed(report.elapsed_s));

// settle gives an element its children, and leaves alone those that it has:
// what is moved loses its focus.
export function settle(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, i) => parent.children[i] !== child && parent.insertBefore(child, parent.children[i] ?? null));
}

const hint = "On a focused lane: ← → move the cursor, Shift with them selects, Enter zooms into what is selected, + − zoom, 0 shows the whole run.";

// sectionsOf are the parts below the timeline, of the run or of what is selected; those
// with nothing in them are left out.
function sectionsOf(report, extra, state) {
  if (report.blank) return [];
  const section = (title, id, content) => {
    if (!content) return null;
    state.sections[id] ??= el("section", { id, "aria-labelledby": id + "-title" }, el("h2", { id: id + "-title" }, title), el("div"));
    settle(state.sections[id].lastChild, [content].flat());
    return state.sections[id];
  };
  const whole = !report.scope;
  return [
    section("By payload name", "names", hasNames(report) ? namesTable(report, state.names) : null),
    section("Failures by kind", "failure-kinds", report.errors === null || report.errors.length > 0 ? failuresTable(report, state.failures) : null),
    section("Percentiles", "percentiles", times(report, extra, state)),
    section("Streams", "streams", whole ? streamFigures(report, state) : null),
    section("By stage", "stages", report.stages?.length > 0 ? stagesTable(report, state.stages) : null),
    section("By served model", "models", report.served_models.length > 0 ? modelsTable(report, state.models) : null),
    section("Slowest replies", "slowest", report.slowest.length > 0 ? slowestTable(report, state.slowest) : null),
    section("Workers", "workers", whole && report.client.workers?.length > 0 ? workersTable(report, state.workers) : null),
    section("Totals", "totals", totals(report)),
    section("How to repeat it", "repeat", whole ? repeated(report, state) : state.repeated),
  ].filter(Boolean);
}

const hasNames = (report) => report.names === null || report.requests.sent > 0;

// times are the percentiles as a table, and of the whole run as a curve.
function times(report, extra, state) {
  const table = percentiles(report, state);
  if (!table) return null;
  if (!report.scope) state.curves.show(report, extra);
  state.curves.root.hidden = Boolean(report.scope);
  return [table, state.curves.root];
}

// repeated is made anew only for another run, lest a selection in it vanish.
function repeated(report, state) {
  const text = JSON.stringify([report.name, report.brunt, report.target, report.plan, report.labels, report.command, report.client.cores]);
  if (state.repeat !== text) state.repeated = repeat(report);
  state.repeat = text;
  return state.repeated;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

// The theme is the system's unless the reader chose; paper is always light.
function themeSwitch(charts) {
  const select = el("select", { id: "theme", "aria-label": "Theme" }, ["system", "light", "dark"].map((value) => el("option", { value }, value)));
  try {
    select.value = localStorage.getItem("brunt-theme") || "system";
  } catch {
    select.value = "system"; // a file may have no storage
  }
  const apply = () => {
    const theme = select.value === "system" ? (dark.matches ? "dark" : "light") : select.value;
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new Event("theme"));
  };
  select.addEventListener("change", () => {
    try {
      localStorage.setItem("brunt-theme", select.value);
    } catch {
      // then the choice lasts as long as the page
    }
    apply();
  });
  dark.addEventListener("change", apply);
  charts.theme = apply;
  apply();
  return el("label", { class: "theme" }, el("span", {}, "Theme"), " ", select);
}

// paperWidth is that of A4 with the margins of app.css.
const paperWidth = 700;

function followPrint(charts, strip) {
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light";
    strip.details.open = true;
    charts.resize(paperWidth);
    charts.redraw();
  });
  addEventListener("afterprint", () => {
    strip.close();
    charts.resize();
    charts.theme();
  });
}

// original undoes what keeps the embedded JSON inert: the result is the JSON
// as it was written, byte for byte, which parsing and writing anew is not.
export function original(text) {
  const escapes = { u003c: "<", u003e: ">", u0026: "&" };
  return text.replace(/\\(u003c|u003e|u0026|[^])/g, (whole, escape) => escapes[escape] || whole);
}

function save(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = el("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// startStatic starts the page of a file. What it holds is reachable from the
// console as brunt.
export function startStatic() {
  const text = document.getElementById("report").textContent;
  const report = JSON.parse(text);
  const extra = JSON.parse(document.getElementById("extra").textContent);
  const day = (report.started || "").slice(0, 19).replaceAll(":", "");
  const show = mount(document.getElementById("app"), fileHost(el("button", { type: "button", id: "download", onclick: () => save(original(text), `brunt-${day || "report"}.json`) }, "Download JSON")));
  globalThis.brunt = { report, extra, show, charts: show(report, extra), format: { formatCount, formatMS, formatRate, formatShare }, Sum, original: () => original(text) };
}
