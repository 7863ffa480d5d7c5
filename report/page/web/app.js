import { Charts } from "./charts.js";
import { el, visible } from "./dom.js";
import { figures, headline, lights, outcomeOf, percentiles, repeat, stateOf, targetOf, totals, verdict } from "./sections.js";
import { streamFigures } from "./streams.js";
import { failuresTable, modelsTable, namesTable, slowestTable, stagesTable } from "./tables.js";
import { formatCount, formatMS, formatRate, formatShare } from "./format.js";

// filed are sections that only a page in a file can have, above the others: each makes
// one of a report, or null.
export const filed = [];

// mount builds the page once and returns show(report, extra), which puts a
// report on it: once in a file, again and again in a live view. What differs
// between the two is the host's: its words, its header and where things stand.
// A page that nobody can see keeps the newest and draws it when it is looked at.
export function mount(root, host) {
  const charts = new Charts();
  const top = el("div", { class: "top" });
  const state = { stages: { by: 0, down: false }, names: { by: 1, down: true }, models: { by: 1, down: true }, failures: { by: 1, down: true }, slowest: { by: 1, down: true }, sections: {} };
  const before = el("div");
  const tools = el("div", { class: "tools" }, host.tools, themeSwitch(charts));
  const said = el("p", { class: "unseen", role: "status" });
  root.replaceChildren(el("header", {}, top, tools), said, el("main", {}, host.lay(before, [charts.reset, charts.root, el("p", { class: "hint" }, hint)])));
  followPrint(charts);
  let newest = null;
  const draw = () => {
    if (document.hidden || newest === null) return;
    const [report, extra] = newest;
    newest = null;
    document.title = host.title(report).slice(0, 200);
    const words = host.words(report);
    if (said.textContent !== words) said.textContent = words;
    top.replaceChildren(...host.top(report));
    before.replaceChildren(...host.before(report).filter(Boolean));
    if (host.charting()) charts.show(report, extra);
    host.place(sectionsOf(report, state));
  };
  document.addEventListener("visibilitychange", draw);
  return (report, extra) => {
    newest = [report, extra];
    draw();
    return charts;
  };
}

// fileHost lays out a report in a file, one thing below the other.
function fileHost(download) {
  const after = el("div");
  const words = (report) => [stateOf(report), outcomeOf(report)?.words].filter(Boolean).map(visible).join(", ");
  return {
    words,
    title: (report) => `${visible(targetOf(report))} – ${words(report)} – brunt`,
    tools: el("button", { type: "button", id: "download", onclick: download }, "Download JSON"),
    top: (report) => [headline(report), figures(report)],
    before: (report) => [...filed.map((section) => section(report)), verdict(report), lights(report)],
    charting: () => true,
    lay: (before, charts) => [before, ...charts, after],
    place: (sections) => settle(after, sections),
  };
}

// settle gives an element its children, and leaves alone those that it has:
// what is moved loses its focus.
export function settle(parent, children) {
  for (const child of [...parent.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, i) => parent.children[i] !== child && parent.insertBefore(child, parent.children[i] ?? null));
}

const hint = "Drag across a chart to zoom all of them, double-click for the whole run. On a focused chart: ← → move the cursor, + − zoom, 0 shows the whole run.";

// sectionsOf are the parts below the charts; those with nothing in them are
// left out.
function sectionsOf(report, state) {
  if (report.blank) return [];
  const section = (title, id, content) => {
    if (!content) return null;
    state.sections[id] ??= el("section", { id, "aria-labelledby": id + "-title" }, el("h2", { id: id + "-title" }, title), el("div"));
    settle(state.sections[id].lastChild, [content]);
    return state.sections[id];
  };
  return [
    section("Percentiles", "percentiles", percentiles(report, state)),
    section("Streams", "streams", streamFigures(report, state)),
    section("By stage", "stages", report.stages?.length > 0 ? stagesTable(report, state.stages) : null),
    section("Failures by kind", "failure-kinds", report.errors.length > 0 ? failuresTable(report, state.failures) : null),
    section("By payload name", "names", report.names.length > 0 ? namesTable(report, state.names) : null),
    section("By served model", "models", report.served_models.length > 0 ? modelsTable(report, state.models) : null),
    section("Slowest replies", "slowest", report.slowest.length > 0 ? slowestTable(report, state.slowest) : null),
    section("Totals", "totals", totals(report)),
    section("How to repeat it", "repeat", repeated(report, state)),
  ].filter(Boolean);
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

// paperWidth is that of one of two columns on A4 with the margins of app.css.
const paperWidth = 330;

function followPrint(charts) {
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light";
    charts.resize(paperWidth);
    charts.redraw();
  });
  addEventListener("afterprint", () => {
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
  const show = mount(document.getElementById("app"), fileHost(() => save(original(text), `brunt-${day || "report"}.json`)));
  globalThis.brunt = { report, extra, show, charts: show(report, extra), format: { formatCount, formatMS, formatRate, formatShare }, original: () => original(text) };
}
