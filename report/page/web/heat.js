import { counted, formatCount, formatMS } from "./format.js";
import { perDecade } from "./grid.js";
import { paint } from "./plots.js";

// The heat map behind the response times: stronger where more replies fell.

const shades = 12;
export const edge = (bin) => 10 ** (bin / perDecade) / 1e6; // ms

// drawHeat paints the cells of each bucket; rows are its bins with their counts.
export function drawHeat(u, buckets, rows) {
  const { ctx, bbox } = u;
  let most = 1;
  buckets.forEach((bucket, i) => rows[i].forEach(([, count]) => (most = Math.max(most, count / bucket.width_s))));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = paint("response");
  buckets.forEach((bucket, i) => {
    const x = Math.round(u.valToPos(bucket.t_s, "x", true));
    const to = Math.max(Math.round(u.valToPos(bucket.t_s + bucket.width_s, "x", true)), x + 1);
    if (to < bbox.left || x > bbox.left + bbox.width) return;
    for (const [bin, count] of rows[i]) {
      // The root makes single slow replies visible beside thousands of fast ones.
      const level = Math.ceil(Math.sqrt(count / bucket.width_s / most) * shades) / shades;
      const top = Math.round(u.valToPos(edge(bin + 1), "y", true));
      const bottom = Math.max(Math.round(u.valToPos(edge(bin), "y", true)), top + 1);
      ctx.globalAlpha = 0.08 + 0.4 * level;
      ctx.fillRect(x, top, to - x, bottom - top);
    }
  });
  ctx.restore();
}

// heatWords says what lies under the cursor.
export function heatWords(u, row) {
  const all = row.reduce((sum, [, count]) => sum + count, 0);
  if (u.cursor.top === null || u.cursor.top < 0 || !u.pointed) return counted(all, "reply", "replies");
  const bin = Math.floor(Math.log10(u.posToVal(u.cursor.top, "y") * 1e6) * perDecade);
  const count = row.find(([one]) => one === bin)?.[1] ?? 0;
  return `${formatMS(edge(bin))} to ${formatMS(edge(bin + 1))}: ${formatCount(count)} of ${counted(all, "reply", "replies")}`;
}
