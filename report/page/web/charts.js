import { el, tied } from "./dom.js";
import { formatMoment, formatSpan } from "./format.js";
import { drawDrain, lanesOf } from "./lanes.js";
import { momentOf } from "./model.js";
import { above, beside, drawChanges, drawStages, font, paint } from "./plots.js";
import { snapped } from "./scope.js";

// The timeline: lanes with one time axis, one cursor and one selected stretch.

const height = 200;

export class Charts {
  // specs makes one spec per lane of a report; a timeline's can be selected on.
  constructor(specs = lanesOf, id = "charts", timeline = specs === lanesOf) {
    Object.assign(this, { specs, timeline, measure: "response", linear: false, range: null, selection: null });
    this.figures = new Map();
    this.selected = () => {}; // told of every other selection
    this.spoken = el("p", { class: "unseen", role: "status" }); // what a cursor moved by keys is at
    this.bar = timeline ? this.makeBar() : null;
    this.lanes = el("div", { class: timeline ? "lanes" : "charts-list" });
    this.root = el("section", { class: "charts" + (timeline ? " timeline" : ""), "aria-labelledby": id }, el("h2", { class: "unseen", id }, timeline ? "Timeline" : "Charts"), this.spoken, this.bar, this.lanes);
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => contentRect.width !== width && this.resize((width = contentRect.width) && undefined)).observe(this.root);
    document.addEventListener("theme", () => this.redraw());
  }

  // makeBar is the row above the lanes: what is selected, and how it is drawn.
  makeBar() {
    const button = (words, id, act) => el("button", { type: "button", id, onclick: act }, words);
    this.said = el("span", { class: "stretch", id: "stretch" });
    this.zoomIn = button("Zoom in", "zoom-in", () => this.zoom(this.selection));
    this.clear = button("Whole run", "whole-run", () => this.whole());
    const choice = (name, value, label, act) => el("label", {}, el("input", { type: "radio", name, value, checked: value === "response" || value === "log", onchange: act }), label);
    this.measures = el("fieldset", { class: "switch", id: "measure" }, el("legend", { class: "unseen" }, "times of"), choice("measure", "response", "response", () => this.choose("response")), choice("measure", "service", "service", () => this.choose("service")));
    this.scale = el("fieldset", { class: "switch", id: "scale" }, el("legend", { class: "unseen" }, "scale of times"), choice("scale", "log", "log", () => this.rescale(false)), choice("scale", "linear", "linear", () => this.rescale(true)));
    return el("div", { class: "bar" }, this.said, this.zoomIn, this.clear, el("span", { class: "apart" }), this.measures, this.scale, button("Save as image", "save-image", () => this.saveImage()));
  }

  // show draws a report, or a newer state of it, and keeps cursor, zoom and selection.
  show(report, extra) {
    if (this.report && this.report.started !== report.started && this.timeline && report.intervals?.length < this.report.intervals?.length) this.forget();
    this.report = report;
    this.extra = extra;
    if (this.timeline) this.root.classList.toggle("bare", report.state === "done" && report.intervals.length === 0);
    const specs = this.specs(report, extra, { measure: this.measure, linear: this.linear, range: this.range });
    for (const id of this.figures.keys()) if (!specs.some((spec) => spec.id === id)) this.drop(id);
    for (const spec of specs) {
      if (!this.figures.has(spec.id)) this.figures.set(spec.id, new Chart(this, spec));
      this.figures.get(spec.id).show(spec);
    }
    specs.forEach(({ id }, i) => {
      const { root } = this.figures.get(id);
      if (this.lanes.children[i] !== root) this.lanes.insertBefore(root, this.lanes.children[i] ?? null);
    });
    if (this.timeline) this.tell();
  }

  // forget is for another run.
  forget() {
    Object.assign(this, { range: null, selection: null });
  }

  tell() {
    const { selection, range, report } = this;
    const clock = (at) => momentOf(report, at);
    const words = selection ? `${clock(selection[0])} to ${clock(selection[1])} (${formatSpan(Number((selection[1] - selection[0]).toPrecision(4)))}) selected` : range ? `shown: ${clock(range[0])} to ${clock(range[1])}` : "Drag across the timeline to select a stretch: all figures follow it.";
    if (this.said.textContent !== words) this.said.textContent = words;
    this.said.classList.toggle("some", selection !== null);
    this.zoomIn.hidden = selection === null || String(selection) === String(range);
    this.clear.hidden = selection === null && range === null;
  }

  // drop takes away a lane that the newer report has no use for.
  drop(id) {
    const chart = this.figures.get(id);
    chart.renew();
    chart.root.remove();
    this.figures.delete(id);
  }

  // select is the stretch that all figures are of; null is all of the run.
  select(range) {
    const to = range && snapped(this.report, range);
    if (String(to) === String(this.selection)) return;
    this.selection = to;
    this.tell();
    for (const chart of this.figures.values()) chart.plot?.redraw(false, true);
    this.selected(to);
  }

  whole() {
    this.zoom(null);
    this.select(null);
  }

  // zoom shows one stretch of time on every lane; null is all of it.
  zoom(range) {
    if (String(range) === String(this.range)) return;
    this.range = range;
    this.show(this.report, this.extra);
  }

  resize(width) {
    for (const chart of this.figures.values()) chart.fit(width);
  }

  redraw() {
    for (const chart of this.figures.values()) {
      chart.keys();
      if (chart.plot) chart.plot.redraw(true, true);
    }
  }

  choose(measure) {
    this.measure = measure;
    this.figures.get("latency").renew();
    this.show(this.report, this.extra);
  }

  rescale(linear) {
    this.linear = linear;
    for (const chart of this.figures.values()) chart.renew();
    this.show(this.report, this.extra);
  }

  // saveImage writes the lanes as they are drawn, with their titles, into one picture.
  saveImage() {
    const picture = this.picture();
    picture.toBlob((blob) => {
      const url = URL.createObjectURL(blob);
      el("a", { href: url, download: "brunt-timeline.png" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    });
  }

  picture() {
    const scale = devicePixelRatio;
    const charts = [...this.figures.values()].filter((chart) => chart.plot);
    const head = 20 * scale;
    const canvas = el("canvas", { width: Math.max(...charts.map(({ plot }) => plot.ctx.canvas.width), 200), height: charts.reduce((all, { plot }) => all + plot.ctx.canvas.height + head, head) });
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = paint("ground");
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    ctx.fillStyle = paint("text");
    ctx.font = font.replace("11px", `${12 * scale}px`);
    ctx.textBaseline = "top";
    let y = 4 * scale;
    for (const { spec, plot } of charts) {
      ctx.fillText(`${spec.title}: ${spec.unit}`, 8 * scale, y);
      ctx.drawImage(plot.ctx.canvas, 0, y + head - 4 * scale);
      y += head + plot.ctx.canvas.height;
    }
    return canvas;
  }
}

class Chart {
  constructor(group, spec) {
    this.group = group;
    this.legend = el("ul", { class: "legend", "aria-hidden": "true" });
    this.title = el("h3", { id: "chart-" + spec.id });
    this.unit = el("p", { class: "unit" });
    this.sentence = el("p", { class: "sentence" });
    this.space = el("div", { class: "space", tabindex: "0", role: "img", "aria-labelledby": "chart-" + spec.id, onkeydown: (event) => this.key(event) });
    this.root = el("figure", { class: "chart", id: spec.id }, el("figcaption", {}, this.title, this.unit, this.sentence), this.space, this.legend);
    this.plot = null;
  }

  height() {
    return (this.spec.height ?? height) + (this.spec.first ? above : 0) + (this.spec.bottom ? 36 : 0);
  }

  show(spec) {
    const before = this.spec;
    this.spec = spec;
    this.write(this.title, spec.title);
    this.write(this.unit, spec.unit);
    this.write(this.sentence, tied(spec.sentence));
    this.sentence.title = spec.sentence;
    this.space.setAttribute("aria-label", `${spec.title}. ${spec.sentence || spec.empty || ""}`);
    this.space.removeAttribute("aria-labelledby");
    if (spec.empty) {
      this.renew();
      this.space.replaceChildren(el("p", { class: "empty" }, spec.empty));
      this.legend.replaceChildren();
      return;
    }
    const labels = (one) => one?.series.map((series) => series.label).join();
    if (this.plot && labels(before) === labels(spec) && before.bottom === spec.bottom && Boolean(before.axes[2]) === Boolean(spec.axes[2])) {
      this.update(spec);
      return;
    }
    this.renew();
    this.space.replaceChildren();
    this.plot = new uPlot(this.options(spec), spec.data, this.space);
    this.plot.over.addEventListener("mouseenter", () => (this.plot.pointed = true));
    this.plot.over.addEventListener("mouseleave", () => (this.plot.pointed = false));
    this.plot.over.addEventListener("dblclick", () => this.group.timeline && this.group.whole());
    this.keys();
  }

  write(node, words) {
    if (node.textContent !== words) node.textContent = words;
  }

  // update keeps the plot; the newer spec brings the newer formats with it.
  update(spec) {
    this.plot.setData(spec.data, true);
    this.values(this.plot.cursor.idx ?? null);
  }

  renew() {
    if (this.plot) this.plot.destroy();
    this.plot = null;
  }

  width() {
    return Math.max(this.space.clientWidth, 200);
  }

  fit(width) {
    if (this.plot) this.plot.setSize({ width: width || this.width(), height: width ? this.height() * 0.62 : this.height() });
  }

  // Ranges are asked of the spec that is shown by then, not of the first one.
  scales(spec) {
    const range = (key) => (u, low, high) => this.spec.scales[key].range(u, low, high);
    return Object.fromEntries(Object.entries(spec.scales).map(([key, scale]) => [key, { ...scale, range: range(key) }]));
  }

  options(spec) {
    const { group } = this;
    const x = { time: false, ...(spec.extent ? { range: () => this.spec.extent } : {}) };
    return {
      width: this.width(), height: this.height(), padding: [spec.first ? above + 4 : 6, spec.right ?? beside, 0, 0], legend: { show: false },
      cursor: {
        y: false, drag: { x: group.timeline, y: false, setScale: false }, points: { size: 6 },
        sync: spec.apart ? undefined : { key: group.timeline ? "brunt" : "brunt-" + group.root.getAttribute("aria-labelledby"), scales: ["x", null], setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      },
      scales: { x, ...this.scales(spec) },
      axes: spec.axes,
      series: [{}, ...spec.series],
      hooks: {
        setCursor: [(u) => this.values(u.cursor.left >= 0 ? u.cursor.idx : null)],
        setSelect: [(u) => this.brushed(u)],
        drawClear: [(u) => this.drawBehind(u)],
        draw: [(u) => this.drawOver(u)],
      },
    };
  }

  drawBehind(u) {
    const { report, timeline } = this.group;
    if (timeline && !this.spec.apart) {
      drawStages(u, report.stages || [], this.spec.first);
      drawDrain(u, report, this.spec.first);
    }
    this.spec.behind?.(u);
  }

  drawOver(u) {
    this.spec.draw?.(u);
    if (!this.group.timeline || this.spec.apart) return;
    drawChanges(u, this.group.report.changes || [], this.spec.first);
    this.drawSelection(u);
  }

  drawSelection(u) {
    if (!this.group.selection) return;
    const { ctx, bbox } = u;
    const [from, to] = this.group.selection.map((at) => Math.min(Math.max(u.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width));
    ctx.save();
    ctx.fillStyle = paint("ground");
    ctx.globalAlpha = 0.62;
    ctx.fillRect(bbox.left, bbox.top, from - bbox.left, bbox.height);
    ctx.fillRect(to, bbox.top, bbox.left + bbox.width - to, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = paint("focus");
    ctx.fillRect(from - devicePixelRatio, bbox.top, 2 * devicePixelRatio, bbox.height);
    ctx.fillRect(to - devicePixelRatio, bbox.top, 2 * devicePixelRatio, bbox.height);
    ctx.restore();
  }

  // brushed is what a drag across this lane selected.
  brushed(u) {
    if (!(u.select.width > 2)) return;
    const range = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.group.select(range);
  }

  // keys is the legend: the line as it is drawn, its name, its value.
  keys() {
    if (!this.plot) return;
    this.when = el("li", { class: "when" });
    this.extra = el("li", { class: "more-words" });
    this.cells = this.spec.series.map(() => el("span", { class: "value" }));
    this.legend.replaceChildren(...this.spec.series.map((series, i) => el("li", {}, swatch(series), series.label, " ", this.cells[i])), this.extra, this.when);
    this.values(null);
  }

  values(i) {
    if (!this.cells || !this.plot) return;
    const { spec } = this;
    const from = i === null || i === undefined ? -1 : spec.apart ? i : spec.timeline.from[i] ?? -1;
    this.write(this.when, from < 0 ? spec.across : "at " + (spec.at ? spec.at(spec.data[0][i]) : this.moment(spec.data[0][i])));
    this.write(this.extra, from < 0 || !spec.more ? "" : spec.more(this.plot, from));
    spec.series.forEach((series, k) => this.write(this.cells[k], from < 0 ? "" : series.format(spec.data[k + 1][i], from, this.plot)));
  }

  moment(seconds) {
    const words = momentOf(this.group.report, seconds);
    return words.endsWith("s") ? words : `${words} (${formatMoment(seconds)})`;
  }

  // key moves the cursor, selects and zooms without a mouse.
  key(event) {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const { plot, group } = this;
    const at = plot.cursor.idx ?? 0;
    const xs = this.spec.data[0];
    const last = xs.length - 1;
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (event.key in moves) {
      const to = Math.min(Math.max(moves[event.key], 0), last);
      if (event.shiftKey && group.timeline) this.extend(xs[at], xs[to]);
      else this.anchor = null;
      plot.setCursor({ left: plot.valToPos(xs[to], "x") + 0.01, top: 10 }, true, true);
      group.spoken.textContent = [...this.legend.children].map((item) => item.textContent).filter(Boolean).join(", ");
    } else if (event.key === "Enter" && group.selection) group.zoom(group.selection);
    else if ((event.key === "+" || event.key === "-") && !this.spec.apart && group.timeline) {
      this.step(event.key === "+" ? 0.5 : 2, xs[at]);
    } else if ((event.key === "0" || event.key === "Escape") && group.timeline) group.whole();
    else return;
    event.preventDefault();
  }

  // extend selects from where Shift was first held to the cursor.
  extend(from, to) {
    this.anchor ??= from;
    const range = [this.anchor, to].toSorted((a, b) => a - b);
    this.group.select(range[0] === range[1] ? null : range);
  }

  step(factor, middle) {
    const [first, last] = lanesExtent(this.group);
    const [min, max] = this.spec.extent;
    const half = ((max - min) * factor) / 2;
    const low = Math.max(first, middle - half);
    const high = Math.min(last, middle + half);
    if (high > low) this.group.zoom(low <= first && high >= last ? null : [low, high]);
  }
}

function lanesExtent({ report }) {
  const all = report.intervals;
  return [Math.min(all[0].t_s, 0), all.at(-1).t_s + all.at(-1).width_s];
}

function swatch(series) {
  const canvas = el("canvas", { width: 44, height: 16, class: "swatch" });
  const ctx = canvas.getContext("2d");
  ctx.scale(2, 2);
  ctx.strokeStyle = ctx.fillStyle = paint(series.meaning);
  if (series.fill) {
    ctx.globalAlpha = series.swatch || 0.4;
    ctx.fillRect(0, 0, 22, 8);
    ctx.globalAlpha = 1;
  }
  ctx.lineWidth = Math.max(series.width, 1.5);
  ctx.setLineDash(series.dash || []);
  ctx.beginPath();
  ctx.moveTo(0, series.fill ? 1 : 4);
  ctx.lineTo(22, series.fill ? 1 : 4);
  ctx.stroke();
  return canvas;
}
