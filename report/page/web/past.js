import { fileHost, mount } from "./app.js";
import { el } from "./dom.js";
import { Place } from "./place.js";
import { askRun, downloadPath, downloads, livePath } from "./wire.js";

// One run at its own address: what a report in a file is, with ways back and to its
// files.

export async function showPast(root, id) {
  const place = new Place();
  try {
    const { report, extra } = await askRun(id);
    const links = downloads.slice(0, 3).map(([name, title]) => el("a", { href: downloadPath(name, id), download: true }, title));
    const host = { ...fileHost(el("a", { href: livePath }, "live view"), ...links), selected: (range) => place.select(range) };
    const show = mount(root, host);
    globalThis.brunt = { report, extra, show, charts: show(report, extra) };
    if (place.wanted.range) globalThis.brunt.charts.select(place.wanted.range);
  } catch (refusal) {
    root.replaceChildren(el("p", { class: "loading" }, refusal.message, " ", el("a", { href: livePath }, "To the live view")));
  }
}
