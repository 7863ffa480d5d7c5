import { formatAsked, formatClock, formatCount, formatMS, stageWords } from "./format.js";

// How every plot looks and behaves; what each one shows is in specs.js.

const paints = new Map();

// paint is a colour by its meaning, from the style sheet. Asking for it makes
// the browser settle all styles, so each one is asked for once per theme.
export function paint(name) {
  const theme = document.documentElement.dataset.theme + " " + name;
  if (!paints.has(theme)) paints.set(theme, getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim());
  return paints.get(theme);
}

export const font = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

// steps draws a figure for as long as its interval lasts. Intervals narrower
// than a pixel are drawn by their extremes instead, which looks the same and
// keeps an hour of seconds smooth.
function steps() {
  const stepped = uPlot.paths.stepped({ align: 1, alignGaps: 1 });
  const linear = uPlot.paths.linear({ alignGaps: 1 });
  return (u, series, from, to) => (to - from > u.bbox.width / devicePixelRatio ? linear(u, series, from, to) : toTheEnd(u, series, to, stepped(u, series, from, to)));
}

// toTheEnd draws the last figure for as long as its interval lasted even where
// none comes after it: uPlot's steps end with the last one's beginning.
function toTheEnd(u, series, to, paths) {
  const [xs, values] = [u.data[0], u.data[series]];
  let last = to;
  while (last >= 0 && values[last] === null) last--;
  if (last < 0 || last === to || !paths?.stroke) return paths;
  const y = u.valToPos(values[last], u.series[series].scale, true);
  paths.stroke.moveTo(u.valToPos(xs[last], "x", true), y);
  paths.stroke.lineTo(u.valToPos(xs[last + 1], "x", true), y);
  return paths;
}

// line is a series of figures, one per interval, or a curve.
export function line(label, meaning, format, look = {}) {
  return {
    label, meaning, format, width: 1.5, spanGaps: false, points: { show: false },
    paths: look.curve ? uPlot.paths.linear({ alignGaps: 0 }) : steps(),
    stroke: () => paint(meaning),
    ...look,
  };
}

// faded is a fill of the series' own colour.
export function faded(meaning, share) {
  return () => {
    const colour = paint(meaning);
    return colour + Math.round(share * 255).toString(16).padStart(2, "0");
  };
}

// axis is one with the page's type and a grid that stays behind the data.
export function axis(look) {
  return {
    stroke: () => paint("muted"), font, gap: 4, labelFont: font,
    grid: { stroke: () => paint("rule"), width: 1 },
    ticks: { stroke: () => paint("rule"), width: 1, size: 4 },
    ...look,
  };
}

// beside is the room to the right of a plot, the same with and without an axis
// there: what happened at one time stands at one place in a column of charts.
export function beside(u) {
  return u.width < 460 ? 22 : 58;
}

const wholes = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((e) => n * 10 ** e)).sort((a, b) => a - b);
const stretches = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

// timeAxis says seconds where all of it is short, and m:ss where it is not.
export function timeAxis() {
  return axis({ size: 26, space: 56, incrs: stretches, values: (u, splits, _, __, step) => splits.map((at) => at === null ? "" : formatClock(at, u.scales.x.max < 120 || step < 1)) });
}

export function countAxis(look = {}) {
  return axis({ size: 58, space: 28, values: (_, splits) => splits.map(shortCount), ...look });
}

// wholeAxis is for what comes in whole numbers.
export function wholeAxis() {
  return countAxis({ incrs: wholes });
}

function shortCount(n) {
  if (n === null) return "";
  if (Math.abs(n) >= 1e6) return Number((n / 1e6).toPrecision(3)) + " M";
  if (Math.abs(n) >= 1e4) return Number((n / 1e3).toPrecision(3)) + " k";
  return n % 1 === 0 ? formatCount(n) : String(Number(n.toPrecision(3)));
}

export function msAxis(look = {}) {
  return axis({ size: 58, space: 24, values: (_, splits) => splits.map(shortMS), ...look });
}

// shortMS leaves out zeros that an axis does not need: 20 ms, 1 s, 0.05 ms.
export function shortMS(ms) {
  if (ms === null) return "";
  const size = Math.abs(ms);
  if (size >= 1000) return formatCount(Number((ms / 1000).toPrecision(3))) + " s";
  return size === 0 ? "0" : Number(ms.toPrecision(3)) + " ms";
}

// logAxis is for durations on a logarithmic scale: round figures in each decade,
// as many as there is room for.
export function logAxis() {
  return msAxis({ splits: (u, _, low, high) => logSplits(low, high, u.bbox.height / devicePixelRatio / 26), filter: (_, splits) => splits });
}

function logSplits(low, high, room) {
  for (const steps of [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 5], [1, 3], [1]]) {
    const splits = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
      for (const step of steps) {
        const v = step * 10 ** e;
        if (v >= low * 0.999 && v <= high * 1.001) splits.push(Number(v.toPrecision(3)));
      }
    }
    if (splits.length <= room || steps.length === 1) return splits.length > 1 ? splits : [low, high].map((v) => Number(v.toPrecision(2)));
  }
  return [low, high];
}

// logRange leaves a little room around the data; a log scale has no zero. At
// least a factor of three is shown, lest noise look like news.
export function logRange(_, low, high) {
  if (!(low > 0) || !(high > 0)) return [1, 10];
  low *= 0.85;
  high *= 1.15;
  if (high / low < 3) {
    const middle = Math.sqrt(low * high);
    low = Math.min(low, middle / Math.sqrt(3));
    high = Math.max(high, middle * Math.sqrt(3));
  }
  return [low, high];
}

// fromZero shows amounts against nothing.
export function fromZero(_, __, high) {
  return [0, high > 0 ? high * 1.08 : 1];
}

// drawChanges marks where the load was changed while it ran: a line, and what
// it was changed to where that fits before the next one.
export function drawChanges(u, changes) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const end = bbox.left + bbox.width;
  const places = changes.map((change) => Math.round(u.valToPos(change.t_s, "x", true)) + scale / 2);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = paint("muted");
  ctx.lineWidth = scale;
  ctx.setLineDash([2 * scale, 2 * scale]);
  ctx.font = `${10 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  changes.forEach((change, i) => {
    const x = places[i];
    if (x < bbox.left || x > end) return;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const words = changeWords(change);
    const wide = ctx.measureText(words).width + 6 * scale;
    const next = Math.min(places[i + 1] ?? Infinity, end);
    const free = x - (places[i - 1] ?? bbox.left);
    if (next - x >= wide) ctx.fillText(words, x + 4 * scale, bbox.top + scale);
    else if (next === end && free >= 2 * wide) ctx.fillText(words, x - wide, bbox.top + scale);
  });
  ctx.restore();
}

// drawStages shades every other stage, behind the lines, and says its load where
// that fits.
export function drawStages(u, stages) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const inside = (x) => Math.min(Math.max(x, bbox.left), bbox.left + bbox.width);
  ctx.save();
  ctx.font = `${10 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  stages.forEach((stage, i) => {
    const from = inside(u.valToPos(stage.from_s, "x", true));
    const to = inside(u.valToPos(stage.from_s + stage.duration_s, "x", true));
    if (to <= from) return;
    if (i % 2 === 1) {
      ctx.fillStyle = paint("soft");
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
    }
    const words = stageWords(stage);
    ctx.fillStyle = paint("muted");
    if (to - from >= ctx.measureText(words).width + 8 * scale) ctx.fillText(words, from + 4 * scale, bbox.top + scale);
  });
  ctx.restore();
}

function changeWords(change) {
  return change.rate_per_s !== null ? formatAsked(change.rate_per_s) : "×" + formatCount(change.concurrency);
}

export const asMS = (value) => (value === null || value === undefined ? "–" : formatMS(value));
export const asCount = (value) => (value === null || value === undefined ? "–" : formatCount(value));
