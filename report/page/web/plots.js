import { formatAsked, formatClock, formatCount, formatMS, formatSpan, stageWords } from "./format.js";

// How every plot looks and behaves; what each one shows is in lanes.js.

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
export const beside = 58;

const wholes = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((e) => n * 10 ** e)).sort((a, b) => a - b);
const stretches = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

// timeAxis says seconds where all of it is short, and m:ss where it is not; below that
// the wall clock of the reader, where it is known when the run began.
export function timeAxis(started = null) {
  const since = (at, u, step) => formatClock(at, u.scales.x.max < 120 || step < 1);
  const begun = started === null ? NaN : Date.parse(started);
  const wall = (at, step) => (isNaN(begun) ? "" : "\n" + wallClock(begun + at * 1000, step >= 60));
  return axis({ size: isNaN(begun) ? 26 : 40, space: 76, incrs: stretches, values: (u, splits, _, __, step) => splits.map((at) => (at === null ? "" : since(at, u, step) + wall(at, step))) });
}

// wallClock is an instant as the reader's own clock had it.
function wallClock(ms, minutes) {
  const pad = (n) => String(n).padStart(2, "0");
  const time = new Date(ms);
  return `${pad(time.getHours())}:${pad(time.getMinutes())}${minutes ? "" : ":" + pad(time.getSeconds())}`;
}

// mutedAxis has the grid of a time axis and no words: those stand below the last lane.
export function mutedAxis() {
  return axis({ size: 4, space: 76, incrs: stretches, values: (_, splits) => splits.map(() => ""), ticks: { show: false } });
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

// spans are the distances of ticks of a linear axis of durations, in milliseconds.
const spans = [...[-4, -3, -2, -1, 0, 1, 2, 3, 4].flatMap((e) => [1, 2, 5].map((n) => Number((n * 10 ** e).toPrecision(3)))).filter((ms) => ms <= 20000), 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3];

export function msAxis(look = {}) {
  return axis({ size: 58, space: 24, incrs: spans, values: (_, splits) => splits.map(shortMS), ...look });
}

// shortMS leaves out zeros that an axis does not need, and has the unit that fits:
// 50 µs, 20 ms, 1 s, 2 min.
export function shortMS(ms) {
  if (ms === null) return "";
  const size = Math.abs(ms);
  if (size === 0) return "0";
  if (size >= 60e3) return formatSpan(Number((ms / 1000).toPrecision(4)));
  if (size >= 1000) return Number((ms / 1000).toPrecision(3)) + " s";
  return size < 1 ? Number((ms * 1000).toPrecision(3)) + " µs" : Number(ms.toPrecision(3)) + " ms";
}

// logAxis is for durations on a logarithmic scale: round figures in each decade,
// as many as there is room for.
export function logAxis(look = {}) {
  return msAxis({ incrs: undefined, splits: (u, _, low, high) => logSplits(low, high, u.bbox.height / devicePixelRatio / 26), filter: (_, splits) => splits, ...look });
}

const minutes = [[1, 2, 3, 5, 10, 15, 20, 30, 45, 60], [1, 2, 5, 10, 30, 60], [1, 5, 30], [1, 10]];

function logSplits(low, high, room) {
  for (const [k, steps] of [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 5], [1, 3], [1]].entries()) {
    const all = [];
    for (let e = Math.floor(Math.log10(low)); e <= 4; e++) for (const step of steps) all.push(Number((step * 10 ** e).toPrecision(3)));
    const splits = [...all.filter((v) => v < 60e3), ...minutes[k].map((n) => n * 60e3)].filter((v) => v >= low * 0.999 && v <= high * 1.001);
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

// above is the room over a plot that has the words of changes and stages, which
// then lie on no line.
export const above = 16;

// drawChanges marks where the load was changed while it ran: a line, and over the
// plot what it was changed to, where that fits before the next one.
export function drawChanges(u, changes, words) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const end = bbox.left + bbox.width;
  const places = changes.map((change) => Math.round(u.valToPos(change.t_s, "x", true)) + scale / 2);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = paint("muted");
  ctx.lineWidth = scale;
  ctx.setLineDash([2 * scale, 2 * scale]);
  lettering(ctx);
  let free = bbox.left;
  changes.forEach((change, i) => {
    const x = places[i];
    if (x < bbox.left || x > end) return;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (!words) return;
    const text = changeWords(change);
    const wide = ctx.measureText(text).width + 6 * scale;
    const next = Math.min(places[i + 1] ?? Infinity, end + 50 * scale);
    const from = Math.max(x, free);
    if (from === x ? next - x < wide : true) return;
    ctx.fillText(text, x + 2 * scale, bbox.top - 13 * scale);
    free = x + wide;
  });
  ctx.restore();
}

function lettering(ctx) {
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
}

// drawStages shades every other stage, behind the lines, and says its load over the
// plot, where that fits.
export function drawStages(u, stages, words) {
  stages.forEach((stage, i) => shade(u, stage.from_s, stage.from_s + stage.duration_s, i % 2 === 1, words ? stageWords(stage) : ""));
}

// shade colours a stretch of time and says what it is over the plot.
export function shade(u, begin, end, coloured, words) {
  const { ctx, bbox } = u;
  const inside = (x) => Math.min(Math.max(x, bbox.left), bbox.left + bbox.width);
  const from = inside(u.valToPos(begin, "x", true));
  const to = inside(u.valToPos(end, "x", true));
  if (to <= from) return;
  ctx.save();
  if (coloured) {
    ctx.fillStyle = paint("soft");
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
  }
  lettering(ctx);
  ctx.fillStyle = paint("muted");
  if (words && to - from >= ctx.measureText(words).width + 8 * devicePixelRatio) ctx.fillText(words, from + 4 * devicePixelRatio, bbox.top - 13 * devicePixelRatio);
  ctx.restore();
}

// drawBand fills what lies between two columns, bucket by bucket.
export function drawBand(u, low, high, colour) {
  const { ctx, bbox } = u;
  const xs = u.data[0];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  for (let i = 0; i + 1 < xs.length; i++) {
    if (low[i] === null || high[i] === null) continue;
    const [x, to] = [u.valToPos(xs[i], "x", true), u.valToPos(xs[i + 1], "x", true)];
    const [top, bottom] = [u.valToPos(high[i], "y", true), u.valToPos(low[i], "y", true)];
    ctx.fillRect(x, top, to - x, bottom - top);
  }
  ctx.restore();
}

// drawBound is the line that a rule must not cross, with the rule at its right end.
export function drawBound(u, bound) {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const y = Math.round(u.valToPos(bound.value, bound.scale ?? "y", true)) + scale / 2;
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = paint("loud");
  ctx.lineWidth = 1.5 * scale;
  ctx.setLineDash([6 * scale, 3 * scale]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  lettering(ctx);
  ctx.textAlign = "right";
  const words = bound.rule;
  const wide = ctx.measureText(words).width;
  const right = bbox.left + bbox.width - 4 * scale;
  const under = y - 14 * scale < bbox.top;
  ctx.fillStyle = paint("ground");
  ctx.globalAlpha = 0.8;
  ctx.fillRect(right - wide - 2 * scale, under ? y + 2 * scale : y - 14 * scale, wide + 4 * scale, 12 * scale);
  ctx.globalAlpha = 1;
  ctx.fillStyle = paint("loud");
  ctx.fillText(words, right, under ? y + 3 * scale : y - 13 * scale);
  ctx.restore();
}

function changeWords(change) {
  return change.rate_per_s !== null ? formatAsked(change.rate_per_s) : "×" + formatCount(change.concurrency);
}

export const asMS = (value) => (value === null || value === undefined ? "–" : formatMS(value));
export const asCount = (value) => (value === null || value === undefined ? "–" : formatCount(value));
