import { el } from "./dom.js";

// Keys that work wherever no text is being written, and the list of them.

const known = [
  ["s", "start, or stop; while draining: to the button that cuts off"], ["+", "10 % more load"], ["−", "10 % less load"], ["/", "to the load field"], ["?", "this list"],
  ["← →", "between tabs; on a lane: move the cursor, with Shift: select"], ["Enter", "on a lane: zoom into what is selected"], ["0", "on a lane: show the whole run"],
];

export function helpDialog() {
  const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = el("dialog", { id: "help", "aria-labelledby": "help-title" }, el("h2", { id: "help-title" }, "Keys"),
    el("dl", { class: "keys" }, known.map(([key, words]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)))), close);
  return dialog;
}

const writes = (node) => node.closest?.("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=range])");

// followKeys calls an action by its key. What a focused chart or field does
// with a key comes first.
export function followKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
    const action = actions[event.key];
    if (!action || writes(event.target)) return;
    event.preventDefault();
    action();
  });
}
