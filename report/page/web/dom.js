import { formatCount } from "./format.js";

// Elements are made here and only here. Text becomes a text node, never
// markup, so what a run or its endpoint wrote cannot do anything.

export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// none says why there is nothing.
export function none(words) {
  return el("p", { class: "none" }, words);
}

// beginning is foreign text of which the rest stands elsewhere.
export function beginning(text, limit) {
  const runes = Array.from(visible(String(text)));
  return el("bdi", { class: "foreign" }, runes.length <= limit ? runes.join("") : runes.slice(0, limit - 1).join("") + "…");
}

// tied keeps figures and their units on one line.
export function tied(text) {
  return text.replace(/(\d) (ms|s|min|h|%)(?![a-z])/g, "$1\u00a0$2");
}

// unseen are characters that have no shape or that move others around:
// control and format characters, line and paragraph separators, unassigned.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const named = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

// visible writes such characters as escapes, the way Go and JSON do.
export function visible(text) {
  return text.replace(unseen, (c) => {
    if (named[c]) return named[c];
    const code = c.codePointAt(0);
    if (code < 0x80) return "\\x" + code.toString(16).padStart(2, "0");
    if (code < 0x10000) return "\\u" + code.toString(16).padStart(4, "0");
    return "\\U" + code.toString(16).padStart(8, "0");
  });
}

const longest = 200;

// foreign is text that this program did not write: isolated from the direction
// of its surroundings, unseen characters shown, and cut until asked for more.
export function foreign(text, limit = longest) {
  const whole = visible(String(text));
  const runes = Array.from(whole);
  if (runes.length <= limit * 1.2) return el("bdi", { class: "foreign" }, whole);
  const bdi = el("bdi", { class: "foreign" }, runes.slice(0, limit).join("") + "…");
  const more = el("button", { type: "button", class: "more" }, `show ${formatCount(runes.length - limit)} more characters`);
  more.addEventListener("click", () => {
    bdi.textContent = whole;
    more.remove();
  });
  return el("span", {}, bdi, " ", more);
}

export const fewSamples = "too few samples to say";

// figure shows one value of the report. The path lets tests, and whoever opens
// the inspector, see which one.
export function figure(path, value, words, why = fewSamples) {
  if (value === null || value === undefined) {
    return el("span", { class: "figure none", "data-path": path, "data-value": "null", title: why }, el("span", { "aria-hidden": "true" }, "–"), el("span", { class: "unseen" }, why));
  }
  return el("span", { class: "figure", "data-path": path, "data-value": JSON.stringify(value) }, words(value));
}
