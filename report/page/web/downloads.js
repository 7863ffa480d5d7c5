import { el, foreign, none, visible } from "./dom.js";
import { downloadPath, downloads, refusedDownload } from "./wire.js";

// What can be taken along of each run.
export class Downloads {
  constructor() {
    this.problem = el("p", { class: "wrong", role: "status" });
    this.list = el("ul", { class: "downloads" });
    this.select = el("select", { id: "of-run", onchange: () => this.offer(this.select.value) });
    this.which = el("p", {}, el("label", {}, "of run ", this.select));
    this.nothing = none("Nothing to download before the first run.");
    this.share = el("div", { class: "share" });
    this.root = el("div", {}, this.nothing, this.which, this.list, this.problem, this.share);
  }

  show(view) {
    this.where(view);
    this.nothing.hidden = view.runs > 0;
    this.list.hidden = view.runs === 0;
    this.which.hidden = view.runs < 2;
    const numbers = Array.from({ length: Math.min(view.runs, 100) }, (_, i) => view.runs - i);
    this.select.replaceChildren(...numbers.map((n) => el("option", { value: n === view.run ? "" : n }, n === view.run ? `${n}, shown here` : String(n))));
    this.offer(this.select.value);
  }

  // where says at which addresses others find this page, and this run.
  where({ addresses, address_note: note, run_id: id }) {
    if (!addresses?.length) return;
    const one = (address) => el("li", {}, el("code", {}, foreign(address + (id ? `runs/${id}` : ""), 200)));
    this.share.replaceChildren(el("h2", {}, id ? "This run's address" : "This page's address"), el("ul", {}, addresses.slice(0, 20).map(one)), el("p", { class: "left-out" }, foreign(note || "Who opens it is asked for the token, where there is one.", 600)));
  }

  offer(run) {
    this.problem.textContent = "";
    this.list.replaceChildren(...downloads.map(([name, title, words]) => {
      const link = el("a", { href: downloadPath(name, run), download: true }, title);
      if (name === "results") link.addEventListener("click", (event) => this.careful(event, link));
      return el("li", {}, link, " ", el("span", { class: "none" }, words));
    }));
  }

  // careful asks first: not every run keeps its results. The click that it
  // makes itself is not the reader's.
  async careful(event, link) {
    if (!event.isTrusted) return;
    event.preventDefault();
    const why = await refusedDownload(link.href);
    this.problem.textContent = why === null ? "" : visible(why);
    if (why === null) link.click();
  }
}
