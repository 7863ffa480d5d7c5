import { el } from "./dom.js";
import { formatSpan } from "./format.js";

// Form fields: a label, an input, what was wrong with it. A field that the
// reader wrote in keeps that until it was sent.

// readSpan takes a length of time: 30, 30s, 5 min, 1m30s; seconds. Null is
// none, NaN makes no sense.
export function readSpan(text) {
  const s = text.replace(/\s/g, "").toLowerCase();
  if (s === "" || s === "untilstopped") return null;
  if (/^\d*\.?\d+$/.test(s)) return Number(s);
  if (!/^(\d*\.?\d+(ms|s|min|m|h))+$/.test(s)) return NaN;
  const size = { ms: 0.001, s: 1, min: 60, m: 60, h: 3600 };
  let sum = 0;
  for (const [, n, unit] of s.matchAll(/(\d*\.?\d+)(ms|s|min|m|h)/g)) sum += Number(n) * size[unit];
  return Number(sum.toPrecision(12));
}

export const writeSpan = (seconds) => (seconds === null || seconds === undefined ? "" : formatSpan(seconds));

// readNumber takes 12,000 too.
export function readNumber(text) {
  const s = text.replace(/[\s,\u202f]/g, "");
  if (s === "") return null;
  const n = /^\d*\.?\d+(e\d+)?$/i.test(s) ? Number(s) : NaN;
  return Number.isFinite(n) ? n : NaN; // JSON has no word for the infinite
}

// readRate takes 500, 500/s and 90/m, and gives what that is per second.
export function readRate(text) {
  const [, number, unit] = /^([^/]*?)\s*(?:\/\s*(s|sec|m|min))?\s*$/i.exec(text) ?? [];
  const n = number === undefined ? NaN : readNumber(number);
  return n === null || Number.isNaN(n) || !unit?.toLowerCase().startsWith("m") ? n : Number((n / 60).toFixed(6));
}

export const writeNumber = (n) => (n === null || n === undefined ? "" : String(n));

export class Field {
  // wrong says of a text that makes no sense what would be right; least is what a value
  // has to be above, null for nothing.
  constructor(id, label, { read, write, wrong, hint, wide, mode, unset, least }) {
    Object.assign(this, { id, read, write, nonsense: wrong, least: least ?? null, dirty: false });
    this.input = el("input", { id: "load-" + id, type: "text", inputmode: mode || "text", autocomplete: "off", spellcheck: "false", placeholder: unset, "aria-describedby": `wrong-${id} hint-${id}`, oninput: () => this.touched() });
    this.error = el("p", { class: "wrong", id: "wrong-" + id, hidden: true });
    this.label = el("label", { for: "load-" + id }, label);
    this.hint = el("span", { class: "unseen", id: "hint-" + id }, hint);
    this.root = el("div", { class: "field f-" + id + (wide ? " wide" : "") }, this.label, this.input, this.hint, this.error);
    this.input.title = hint || "";
  }

  touched() {
    this.dirty = true;
    this.say("");
  }

  // follow shows the server's value unless the reader is at work here.
  follow(value) {
    if (this.dirty) return;
    const text = this.write(value);
    if (this.input.value !== text) this.input.value = text;
  }

  // value is what is written, undefined with a word about it where that makes
  // no sense.
  value() {
    const text = this.input.value;
    const value = this.read(text);
    const low = typeof value === "number" && this.least !== null && value <= this.least;
    if (!Number.isNaN(value) && !low) return value;
    this.say(low ? `it must be above ${this.least}` : this.nonsense(`“${text.trim().slice(0, 30)}”`));
    return undefined;
  }

  say(words) {
    this.error.textContent = words;
    this.error.hidden = words === "";
    if (words === "") this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }
}
