import { counted, formatCount, formatMS } from "./format.js";
import { paint } from "./plots.js";

// The heat map: time across, response time up, stronger where more replies fell.

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
  // A few bins alone would fill the whole height, and look like many.
  for (; low !== Infinity && high - low < extra.bins_per_decade / 2; high++) low--;
  const edge = (bin) => 10 ** (bin / extra.bins_per_decade) / 1e6; // ms
  return { rows: extra.heat, intervals, low, high: high + 1, edge, perDecade: extra.bins_per_decade };
}

// drawHeat is a draw hook. It makes a picture one pixel per column and one per
// bin, which the logarithmic axis stretches evenly: an hour of seconds costs no
// more than what can be seen.
export function drawHeat(u, heat) {
  const width = Math.round(u.bbox.width);
  const picture = pictureOf(u, heat, width);
  const canvas = new OffscreenCanvas(width, heat.high - heat.low);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  u.ctx.save();
  u.ctx.imageSmoothingEnabled = false;
  u.ctx.drawImage(canvas, u.bbox.left, u.bbox.top, width, u.bbox.height);
  u.ctx.restore();
}

function pictureOf(u, heat, width) {
  const { counts, most } = meansOf(u, heat, width);
  const picture = new ImageData(width, heat.high - heat.low);
  const colour = parseInt(paint("response").slice(1), 16);
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    // The root makes single slow replies visible beside thousands of fast ones.
    const level = Math.round(Math.sqrt(counts[i] / most) * shades) / shades;
    picture.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 56 + 199 * level], i * 4);
  }
  return picture;
}

// meansOf are the replies per interval in each pixel, top row first. Where
// several intervals share a pixel it shows their mean, lest pixels that happen
// to hold one more stand out as stripes.
function meansOf(u, heat, width) {
  const counts = new Float64Array(width * (heat.high - heat.low));
  const held = new Uint32Array(width);
  const { min, max } = u.scales.x;
  const place = (t) => Math.round(((t - min) / (max - min)) * width);
  heat.intervals.forEach((interval, i) => {
    const from = place(interval.t_s);
    const to = Math.max(from + 1, place(interval.t_s + interval.width_s));
    const bins = heat.rows[i] || [];
    for (let x = Math.max(from, 0); x < Math.min(to, width); x++) {
      held[x]++;
      for (let k = 0; k < bins.length; k += 2) counts[(heat.high - 1 - bins[k]) * width + x] += bins[k + 1];
    }
  });
  let most = 1;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] > 0) most = Math.max(most, (counts[i] /= held[i % width]));
  }
  return { counts, most };
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
