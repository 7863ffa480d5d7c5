import { el, foreign, none } from "./dom.js";

// The log: what brunt and its viewers did, newest first.

export class Log {
  constructor() {
    this.list = el("ol", { class: "log", reversed: true });
    this.none = none("Nothing was logged yet.");
    this.root = el("div", {}, this.none, this.list);
    this.shown = null;
  }

  show(lines) {
    const text = JSON.stringify(lines);
    if (this.shown === text) return;
    this.shown = text;
    this.none.hidden = lines.length > 0;
    this.list.replaceChildren(...lines.toReversed().map(({ at, text }) => el("li", {}, el("time", { datetime: at, title: at }, clock(at)), " ", foreign(text))));
  }
}

// clock is an instant as the reader's own clock had it.
export function clock(at) {
  const time = new Date(at);
  return isNaN(time) ? at : time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}
