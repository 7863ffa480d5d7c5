// Figures in words, the same words as in the terminal: three significant
// digits and a unit. Only thousands are apart by a thin space here, where a
// terminal's grid has none.

const thin = "\u202f"; // does not break

// fixed rounds half to even, as the text report does; toFixed alone rounds
// half up. A tie is exact in binary, so it shows after scaling by a power of 2.
function fixed(x, decimals) {
  if (Number.isInteger(x * 2 ** (decimals + 1))) {
    const scaled = x * 10 ** decimals;
    const below = Math.floor(scaled);
    if (scaled - below === 0.5) return ((below % 2 === 0 ? below : below + 1) / 10 ** decimals).toFixed(decimals);
  }
  return x.toFixed(decimals);
}

export function grouped(s) {
  const [whole, fraction] = s.split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, thin);
  return fraction === undefined ? apart : apart + "." + fraction;
}

// regrouped is a sentence of the terminal in the style of the page.
export function regrouped(text) {
  return text.replace(/(?<![\d.])\d{1,3}(,\d{3})+(?!\d)/g, (figure) => figure.replaceAll(",", thin));
}

function threeDigits(x) {
  const size = Math.abs(x);
  return grouped(fixed(x, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2));
}

// shortest has no more digits than it needs.
function shortest(x) {
  const s = fixed(x, 6);
  return grouped(s.replace(/0+$/, "").replace(/\.$/, ""));
}

export function formatMS(ms) {
  const size = Math.abs(ms);
  if (size === 0) return "0 ms";
  if (size < 0.0005) return "<0.001 ms";
  if (size < 0.00995) return fixed(ms, 3) + " ms";
  if (size < 0.995) return fixed(ms, 2) + " ms";
  if (size < 999.5) return threeDigits(ms) + " ms";
  return threeDigits(ms / 1e3) + " s";
}

export function formatCount(n) {
  return grouped(String(n));
}

export function formatRate(perSecond) {
  const size = Math.abs(perSecond);
  let decimals = 0;
  if (size === 0) decimals = 0;
  else if (size < 0.9995) decimals = 2 - Math.floor(Math.log10(size));
  else if (size < 9.995) decimals = 2;
  else if (size < 999.95) decimals = 1;
  return grouped(fixed(perSecond, Math.min(Math.max(decimals, 0), 9))) + "/s";
}

// formatAsked is for rates that somebody chose.
export function formatAsked(perSecond) {
  return shortest(Number(perSecond.toPrecision(6))) + "/s";
}

export function formatShare(percent) {
  if (percent === 0 || percent === 100) return shortest(percent) + " %";
  if (percent < 0.01) return "<0.01 %";
  if (percent < 0.995) return fixed(percent, 2) + " %";
  if (percent < 9.95) return fixed(percent, 1) + " %";
  if (percent < 99) return fixed(percent, 0) + " %";
  if (percent > 99.9) return ">99.9 %";
  return fixed(percent, 1) + " %";
}

// formatSpan is a length of time that somebody chose: 1 min 30 s.
export function formatSpan(seconds) {
  if (seconds > 0 && seconds < 1) return shortest(seconds * 1e3) + " ms";
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = seconds - h * 3600 - m * 60;
  const words = [];
  if (h > 0) words.push(grouped(String(h)) + " h");
  if (m > 0) words.push(m + " min");
  if (s > 0 || words.length === 0) words.push(shortest(s) + " s");
  return words.join(" ");
}

// formatElapsed is a measured length of time.
export function formatElapsed(seconds) {
  return seconds < 60 ? formatMS(seconds * 1e3) : formatSpan(Math.round(seconds));
}

// formatMoment is a place on the timeline.
export function formatMoment(seconds) {
  return grouped(fixed(seconds, 1)) + " s";
}

// formatClock is a place on the timeline as axes have it: m:ss, unless it is
// short; with tenths where they are asked for.
export function formatClock(seconds, short, tenths) {
  if (short) return tenths ? formatMoment(seconds) : Number(seconds.toFixed(3)) + " s";
  const ticks = Math.round(seconds * 10);
  const whole = tenths ? Math.floor(ticks / 10) : Math.round(seconds);
  const pad = (n) => String(n).padStart(2, "0");
  const m = Math.floor((whole % 3600) / 60);
  const s = pad(whole % 60) + (tenths ? "." + (ticks % 10) : "");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${pad(m)}:${s}` : `${m}:${s}`;
}

export function formatBytes(bytes) {
  const units = [" B", " kB", " MB", " GB", " TB"];
  let at = 0;
  while (bytes >= 999.5 && at < units.length - 1) {
    bytes /= 1e3;
    at++;
  }
  return (at === 0 ? grouped(String(bytes)) : threeDigits(bytes)) + units[at];
}

// formatLimit is a rule's figure in the rule's unit.
export function formatLimit(value, unit) {
  if (unit === "ms") return formatMS(value);
  if (unit === "%") return formatShare(value);
  if (unit === "/s") return formatRate(value);
  return shortest(value);
}

export function counted(n, one, many) {
  return formatCount(n) + " " + (n === 1 ? one : many || one + "s");
}

// stageWords is the load of a stage: 100/s, 100/s to 1,000/s, 8 at a time.
export function stageWords(stage) {
  if (stage.rate_per_s !== null) {
    const [from, to] = [formatAsked(stage.rate_per_s), formatAsked(stage.to_rate_per_s)];
    return from === to ? from : `${from} to ${to}`;
  }
  const [from, to] = [formatCount(stage.concurrency), formatCount(stage.to_concurrency)];
  return from === to ? `${from} at a time` : `${from} to ${to} at a time`;
}
