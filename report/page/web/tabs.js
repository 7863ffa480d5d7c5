import { el } from "./dom.js";

// Tabs are panels of which one is seen. Arrow keys go from one to the next.
export class Tabs {
  constructor(panels, chosen) {
    this.chosen = chosen;
    this.panels = panels.map(({ id, title, body }) => ({
      id, title,
      tab: el("button", { type: "button", role: "tab", id: "tab-" + id, "aria-controls": "panel-" + id, onclick: () => this.choose(id) }, title),
      panel: el("div", { role: "tabpanel", id: "panel-" + id, "aria-labelledby": "tab-" + id, class: "panel" }, body),
    }));
    this.list = el("div", { role: "tablist", class: "tabs", "aria-label": "parts of the run", onkeydown: (event) => this.key(event) }, this.panels.map(({ tab }) => tab));
    this.root = el("div", {}, this.list, this.panels.map(({ panel }) => panel));
    this.now = panels[0].id;
    this.mark();
  }

  has(id) {
    return this.panels.some((panel) => panel.id === id);
  }

  choose(id) {
    if (this.now === id) return;
    this.now = id;
    this.mark();
    this.panels.find((panel) => panel.id === id).tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.chosen(id);
  }

  mark() {
    for (const { id, tab, panel } of this.panels) {
      tab.setAttribute("aria-selected", String(id === this.now));
      tab.tabIndex = id === this.now ? 0 : -1;
      panel.hidden = id !== this.now;
    }
  }

  // offer shows a tab, or hides one of which there is nothing.
  offer(id, there) {
    this.panels.find((panel) => panel.id === id).tab.hidden = !there;
    if (!there && this.now === id) this.choose(this.panels[0].id);
  }

  // count puts a number behind a tab's title, "" for none.
  count(id, words) {
    const { tab, title } = this.panels.find((panel) => panel.id === id);
    const text = words === "" ? title : `${title} ${words}`;
    if (tab.textContent !== text) tab.textContent = text;
  }

  key(event) {
    const panels = this.panels.filter(({ tab }) => !tab.hidden);
    const at = panels.findIndex(({ id }) => id === this.now);
    const last = panels.length - 1;
    const to = { ArrowLeft: at === 0 ? last : at - 1, ArrowRight: at === last ? 0 : at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(panels[to].id);
    panels[to].tab.focus();
  }
}
