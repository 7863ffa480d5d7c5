import { el, tied } from "./dom.js";
import { formatMoment } from "./format.js";
import { momentOf } from "./model.js";
import { beside, drawChanges, drawStages, paint } from "./plots.js";
import { specsOf } from "./specs.js";

// The charts as a group: one cursor, one stretch of time.

const height = 200;

export class Charts {
  // specs makes one spec per chart of a report.
  constructor(specs = specsOf, id = "charts") {
    this.specs = specs;
    this.spoken = el("p", { class: "unseen", role: "status" }); // what a cursor moved by keys is at
    this.root = el("section", { class: "charts", "aria-labelledby": id }, el("h2", { class: "unseen", id }, "Charts"), this.spoken);
    this.reset = el("button", { type: "button", class: "reset", hidden: true, onclick: () => this.zoom(null) }, "show the whole run");
    this.figures = new Map();
    this.measure = "response";
    this.range = null; // seconds shown, null for all
    new ResizeObserver(() => this.resize()).observe(this.root);
    document.addEventListener("theme", () => this.redraw());
  }

  // show draws a report, or a newer state of it, and keeps cursor and zoom.
  show(report, extra) {
    this.report = report;
    this.extra = extra;
    this.root.classList.toggle("bare", report.state === "done" && report.intervals.length === 0);
    const specs = this.specs(report, extra, this.measure);
    for (const id of this.figures.keys()) if (!specs.some((spec) => spec.id === id)) this.drop(id);
    for (const spec of specs) {
      if (!this.figures.has(spec.id)) {
        const chart = new Chart(this, spec);
        this.figures.set(spec.id, chart);
        this.root.append(chart.root);
      }
      this.figures.get(spec.id).show(spec);
    }
  }

  // drop takes away a chart that the newer report has no use for.
  drop(id) {
    const chart = this.figures.get(id);
    chart.renew();
    chart.root.remove();
    this.figures.delete(id);
  }

  // zoom shows one stretch of time on every time chart; null is all of it. Each
  // plot that is stretched reports back, later and with the same range.
  zoom(range, source) {
    if (String(range) === String(this.range)) return;
    this.range = range;
    this.reset.hidden = range === null;
    for (const chart of this.figures.values()) {
      if (chart.plot && !chart.spec.apart && chart.plot !== source) chart.stretch(range);
    }
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
}

class Chart {
  constructor(group, spec) {
    this.group = group;
    this.legend = el("ul", { class: "legend", "aria-hidden": "true" });
    this.title = el("h3", { id: "chart-" + spec.id });
    this.unit = el("p", { class: "unit" });
    this.sentence = el("p", { class: "sentence" });
    this.space = el("div", { class: "space", tabindex: "0", role: "img", "aria-labelledby": "chart-" + spec.id, onkeydown: (event) => this.key(event) });
    this.root = el("figure", { class: "chart", id: spec.id }, el("figcaption", {}, el("div", { class: "title" }, this.title, spec.switchable ? measureSwitch(group) : null), this.unit, this.sentence), this.space, this.legend);
    this.plot = null;
  }

  show(spec) {
    this.spec = spec;
    this.title.textContent = spec.title;
    this.unit.textContent = spec.unit;
    this.sentence.textContent = tied(spec.sentence);
    this.space.setAttribute("aria-label", `${spec.title}. ${spec.sentence || spec.empty || ""}`);
    this.space.removeAttribute("aria-labelledby");
    if (spec.empty) {
      this.renew();
      this.space.replaceChildren(el("p", { class: "empty" }, spec.empty));
      this.legend.replaceChildren();
      return;
    }
    if (this.plot && this.plot.series.length === spec.data.length) {
      this.update(spec);
      return;
    }
    this.renew();
    this.space.replaceChildren();
    this.plot = new uPlot(this.options(spec), spec.data, this.space);
    this.plot.over.addEventListener("mouseenter", () => (this.plot.pointed = true));
    this.plot.over.addEventListener("mouseleave", () => (this.plot.pointed = false));
    this.keys();
    if (this.group.range && !spec.apart) this.stretch(this.group.range);
  }

  // update keeps the plot; the newer spec brings the newer formats with it.
  update(spec) {
    const zoomed = this.group.range !== null && !spec.apart;
    this.plot.setData(spec.data, !zoomed);
    if (zoomed) this.stretch(this.group.range);
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
    if (this.plot) this.plot.setSize({ width: width || this.width(), height: width ? height * 0.75 : height });
  }

  // Ranges are asked of the spec that is shown by then, not of the first one.
  scales(spec) {
    const range = (key) => (u, low, high) => this.spec.scales[key].range(u, low, high);
    return Object.fromEntries(Object.entries(spec.scales).map(([key, scale]) => [key, { ...scale, range: range(key) }]));
  }

  options(spec) {
    return {
      width: this.width(), height, padding: [8, spec.right ?? beside, 0, 0], legend: { show: false },
      cursor: {
        y: false, drag: { x: true, y: false, setScale: true }, points: { size: 6 },
        sync: spec.apart ? undefined : { key: "brunt", scales: ["x", null], setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      },
      scales: { x: { time: false }, ...this.scales(spec) },
      axes: spec.axes,
      series: [{}, ...spec.series],
      hooks: {
        setCursor: [(u) => this.values(u.cursor.left >= 0 ? u.cursor.idx : null)],
        setScale: [(u, key) => key === "x" && this.plot === u && this.scaled(u)],
        drawClear: [(u) => this.spec.apart || drawStages(u, this.group.report.stages || [])],
        draw: [(u) => this.spec.draw?.(u), (u) => this.spec.apart || drawChanges(u, this.group.report.changes || [])],
      },
    };
  }

  // scaled passes on what a drag or a double-click did to this plot.
  scaled(u) {
    if (this.spec.apart) return;
    const xs = this.spec.data[0];
    const { min, max } = u.scales.x;
    const whole = min <= xs[0] && max >= xs[xs.length - 1];
    this.group.zoom(whole ? null : [min, max], u);
  }

  stretch(range) {
    const xs = this.spec.data[0];
    const [min, max] = range || [xs[0], xs[xs.length - 1]];
    this.plot.setScale("x", { min, max });
  }

  // keys is the legend: the line as it is drawn, its name, its value.
  keys() {
    if (!this.plot) return;
    this.when = el("li", { class: "when" });
    this.cells = this.spec.series.map(() => el("span", { class: "value" }));
    this.legend.replaceChildren(...this.spec.series.map((series, i) => el("li", {}, swatch(series), series.label, " ", this.cells[i])), this.when);
    this.values(null);
  }

  values(i) {
    if (!this.cells || !this.plot) return;
    const { spec } = this;
    const from = i === null || i === undefined ? -1 : spec.apart ? i : spec.timeline.from[i] ?? -1;
    this.when.textContent = from < 0 ? spec.across : "at " + (spec.at ? spec.at(spec.data[0][i]) : this.moment(spec.data[0][i]));
    spec.series.forEach((series, k) => {
      this.cells[k].textContent = from < 0 ? "" : series.format(spec.data[k + 1][i], from, this.plot);
    });
  }

  moment(seconds) {
    const words = momentOf(this.group.report, seconds);
    return words.endsWith("s") ? words : `${words} (${formatMoment(seconds)})`;
  }

  // key moves the cursor and zooms without a mouse.
  key(event) {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const { plot } = this;
    const at = plot.cursor.idx ?? 0;
    const last = this.spec.data[0].length - 1;
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (event.key in moves) {
      const to = Math.min(Math.max(moves[event.key], 0), last);
      plot.setCursor({ left: plot.valToPos(this.spec.data[0][to], "x") + 0.01, top: 10 }, true, true);
      this.group.spoken.textContent = [...this.legend.children].map((item) => item.textContent).join(", ");
    } else if ((event.key === "+" || event.key === "-") && !this.spec.apart) {
      this.step(event.key === "+" ? 0.5 : 2, this.spec.data[0][at]);
    } else if (event.key === "0" || event.key === "Escape") {
      this.group.zoom(null);
    } else return;
    event.preventDefault();
  }

  step(factor, middle) {
    const xs = this.spec.data[0];
    const { min, max } = this.plot.scales.x;
    const half = ((max - min) * factor) / 2;
    const low = Math.max(xs[0], middle - half);
    const high = Math.min(xs[xs.length - 1], middle + half);
    if (high > low) this.group.zoom(low <= xs[0] && high >= xs[xs.length - 1] ? null : [low, high]);
  }
}

function swatch(series) {
  const canvas = el("canvas", { width: 44, height: 16, class: "swatch" });
  const ctx = canvas.getContext("2d");
  ctx.scale(2, 2);
  ctx.strokeStyle = ctx.fillStyle = paint(series.meaning);
  if (series.swatch === "block") {
    for (const [i, alpha] of [0.2, 0.5, 1].entries()) {
      ctx.globalAlpha = alpha;
      ctx.fillRect(i * 7, 0, 7, 8);
    }
    return canvas;
  }
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

function measureSwitch(group) {
  const choice = (value, label) => el("label", {}, el("input", { type: "radio", name: "measure", value, checked: value === "response", onchange: () => group.choose(value) }), label);
  return el("fieldset", { class: "switch" }, el("legend", { class: "unseen" }, "time over time of"), choice("response", "response"), choice("service", "service"));
}
