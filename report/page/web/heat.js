import { counted, formatCount, formatMS } from "./format.js";
import { paint } from "./plots.js";

// The heat map: time across, response time up, darker where more replies fell.

const shades = 12;

// heatOf prepares the bins: each interval's list of bin, count, bin, count….
export function heatOf(extra, intervals) {
  let low = Infinity;
  let high = -Infinity;
  for (const bins of extra.heat) {
    for (let k = 0; k < bins.length; k += 2) {
      low = Math.min(low, bins[k]);
      high = Math.max(high, bins[k]);
    }
  }
  const edge = (bin) => 10 ** (bin / extra.bins_per_decade) / 1e6; // ms
  return { rows: extra.heat, intervals, low, high: high + 1, edge, perDecade: extra.bins_per_decade };
}

// drawHeat is a draw hook. Intervals narrower than a pixel are added up, so
// an hour of seconds costs no more than what can be seen.
export function drawHeat(u, heat) {
  const columns = columnsOf(u, heat);
  const most = Math.max(1, ...columns.map((column) => Math.max(0, ...column.counts.values())));
  const levels = Array.from({ length: shades }, () => []);
  const { ctx } = u;
  const edges = new Map();
  const y = (bin) => {
    if (!edges.has(bin)) edges.set(bin, Math.round(u.valToPos(heat.edge(bin), "y", true)));
    return edges.get(bin);
  };
  for (const { left, right, counts } of columns) {
    for (const [bin, count] of counts) {
      // The root makes single slow replies visible beside thousands of fast ones.
      const level = Math.min(shades - 1, Math.floor(Math.sqrt(count / most) * shades));
      levels[level].push([left, y(bin + 1), right - left, y(bin) - y(bin + 1)]);
    }
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  ctx.fillStyle = paint("response");
  levels.forEach((cells, level) => {
    ctx.globalAlpha = 0.14 + (0.86 * level) / (shades - 1);
    for (const [left, top, width, height] of cells) ctx.fillRect(left, top, width, height);
  });
  ctx.restore();
}

function columnsOf(u, heat) {
  const columns = [];
  const { min, max } = u.scales.x;
  heat.intervals.forEach((interval, i) => {
    const end = interval.t_s + interval.width_s;
    if (end < min || interval.t_s > max) return;
    const left = Math.round(u.valToPos(interval.t_s, "x", true));
    const right = Math.max(left + 1, Math.round(u.valToPos(end, "x", true)));
    let column = columns[columns.length - 1];
    if (!column || column.left !== left) {
      column = { left, right, counts: new Map() };
      columns.push(column);
    }
    column.right = Math.max(column.right, right);
    const bins = heat.rows[i] || [];
    for (let k = 0; k < bins.length; k += 2) column.counts.set(bins[k], (column.counts.get(bins[k]) || 0) + bins[k + 1]);
  });
  return columns;
}

// heatWords says what lies under the cursor.
export function heatWords(u, heat, i) {
  const bins = heat.rows[i] || [];
  let all = 0;
  for (let k = 1; k < bins.length; k += 2) all += bins[k];
  if (u.cursor.top === null || u.cursor.top < 0 || !u.pointed) return counted(all, "reply", "replies");
  const ms = u.posToVal(u.cursor.top, "y");
  const bin = Math.floor(Math.log10(ms * 1e6) * heat.perDecade);
  let count = 0;
  for (let k = 0; k < bins.length; k += 2) if (bins[k] === bin) count = bins[k + 1];
  return `${formatMS(heat.edge(bin))} to ${formatMS(heat.edge(bin + 1))}: ${formatCount(count)} of ${counted(all, "reply", "replies")}`;
}
