import { mount, settle } from "./app.js";
import { el, foreign, none, visible } from "./dom.js";
import { Downloads } from "./downloads.js";
import { blank, grown, noExtra, nothing } from "./feed.js";
import { LoadForm } from "./form.js";
import { formatSpan } from "./format.js";
import { active, liveFigures, liveHeadline, progressBar } from "./header.js";
import { followKeys, helpDialog } from "./keys.js";
import { Log } from "./log.js";
import { Runs } from "./runs.js";
import { lights, targetOf, upper, verdict } from "./sections.js";
import { Tabs } from "./tabs.js";
import { ask, Link } from "./wire.js";

// The live view: what the server tells goes through mount's show, what the
// reader does goes to the server, and the state is always the server's.

const pause = 250; // ms between two drawings, at least
const places = { percentiles: "charts", streams: "charts", stages: "charts", totals: "charts", names: "by-name", models: "by-name", "failure-kinds": "failed", slowest: "slow", repeat: "downloads" };

class Live {
  constructor(root) {
    this.state = nothing;
    this.drawn = -Infinity;
    this.timer = 0;
    this.sending = null; // what is under way to brunt
    this.next = null; // a change that waits for the one before
    this.button = el("button", { type: "button", id: "go", class: "go", onclick: () => this.go() });
    this.banner = el("p", { id: "banner", class: "banner", hidden: true });
    this.viewOnly = el("span", { class: "view-only", hidden: true }, "view only");
    this.help = helpDialog();
    this.runs = new Runs();
    this.log = new Log();
    this.form = new LoadForm({ start: (body) => this.send("start", body), change: (body) => this.change(body), reset: (body) => this.send("reset", body) });
    this.places = Object.fromEntries(["charts", "by-name", "failed", "slow", "downloads"].map((id) => [id, el("div")]));
    this.nones = { "by-name": none("No request has a name yet."), failed: none("No request failed."), slow: none("No reply yet.") };
    this.downloads = new Downloads();
    this.root = root;
    this.show = null;
    this.link = new Link((kind, event) => this.hear(kind, event), () => this.linked());
    setInterval(() => this.age(), 1000);
  }

  // begin builds the page once there is something to say on it.
  begin() {
    this.show = mount(this.root, this.host());
    this.root.append(this.help);
    this.keys();
  }

  host() {
    return {
      title: (report) => `${visible(this.state.view.state)} – ${visible(targetOf(report))} – brunt`,
      words: () => this.words(),
      tools: [this.viewOnly, this.button, el("button", { type: "button", class: "ask", "aria-label": "keys", title: "keys", onclick: () => this.help.showModal() }, "?")],
      top: (report) => [liveHeadline(report, this.state.view, this.link.state === "ended"), liveFigures(report, this.state.view), progressBar(report, this.state.view), this.banner],
      before: (report) => this.before(report),
      charting: () => this.tabs.now === "charts",
      lay: (before, charts) => [before, this.form.root, this.lay(charts)],
      place: (sections) => this.place(sections),
    };
  }

  lay(charts) {
    const { places } = this;
    this.tabs = new Tabs([
      { id: "charts", title: "Charts", body: [...charts, places.charts] },
      { id: "by-name", title: "By name", body: [this.nones["by-name"], places["by-name"]] },
      { id: "failed", title: "Failures", body: [this.nones.failed, places.failed] },
      { id: "slow", title: "Slowest", body: [this.nones.slow, places.slow] },
      { id: "runs", title: "Runs", body: this.runs.root },
      { id: "downloads", title: "Downloads", body: [this.downloads.root, places.downloads] },
      { id: "log", title: "Log", body: this.log.root },
    ], (id) => (id === "runs" ? this.runs.refresh() : this.draw()));
    return this.tabs.root;
  }

  place(sections) {
    for (const [place, root] of Object.entries(this.places)) {
      const here = sections.filter(({ id }) => places[id] === place);
      settle(root, here);
      if (this.nones[place]) this.nones[place].hidden = here.length > 0;
    }
  }

  before(report) {
    const { state, waiting, may_start: may } = this.state.view;
    if (waiting) return [el("p", { class: "sentence-of-verdict" }, foreign(upper(waiting)), ".")];
    if (report.requests.sent > 0 || !(state in beginnings)) return [verdict(report, true), lights(report)];
    return [el("p", { class: "sentence-of-verdict" }, state === "idle" && !may ? "Nothing runs. This page shows it as soon as somebody starts load." : beginnings[state])];
  }

  // words are said to those who cannot see the page, once per change.
  words() {
    const { view } = this.state;
    return [visible(view.state), this.link.state === "open" ? "" : linkWords[this.link.state]].filter(Boolean).join(", ");
  }

  hear(kind, event) {
    const state = grown(this.state, kind, event);
    if (state === null) {
      this.link.restart();
      return;
    }
    this.take(state);
  }

  take(state) {
    const before = this.state.view;
    this.state = state;
    const { view } = state;
    if (this.show === null) this.begin();
    this.control();
    this.form.show(view);
    this.log.show(view.log);
    if (before === null || before.run !== view.run || before.runs !== view.runs) this.downloads.show(view);
    if (this.tabs.now === "runs" && (before?.state !== view.state || before?.run !== view.run)) this.runs.refresh();
    this.later();
  }

  // later draws soon, but not more often than four times a second.
  later() {
    const wait = this.drawn + pause - performance.now();
    if (wait <= 0) this.draw();
    else this.timer ||= setTimeout(() => this.draw(), wait);
  }

  draw() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.state.view === null) return;
    this.drawn = performance.now();
    const { view, report, extra } = this.state;
    this.age();
    const failed = report?.errors.length || 0;
    this.tabs.count("failed", failed > 0 ? `(${failed})` : "");
    this.tabs.count("runs", view.runs > 0 ? `(${view.runs})` : "");
    globalThis.brunt.charts = this.show(report || blank(view), extra || noExtra);
  }

  // control is the one button: what it does next is what it says.
  control() {
    const { view } = this.state;
    this.act = ["start", "stop", "cut"].find((act) => view.actions.includes(act)) ?? null;
    if (view.state === "draining" && view.actions.includes("cut")) this.act = "cut";
    this.button.textContent = { start: "Start", stop: "Stop", cut: "Cut off" }[this.act] ?? (active(view.state) ? "Stop" : "Start");
    this.button.className = "go " + (this.act ?? "");
    // A start may wait for minutes: it can be stopped meanwhile.
    const busy = this.sending !== null && !(this.sending === "start" && this.act === "stop");
    this.button.disabled = this.act === null || busy || this.link?.state === "ended";
    this.form.reach(this.link?.state !== "ended");
    this.button.hidden = !view.may_start;
    this.viewOnly.hidden = view.may_start;
  }

  async go() {
    if (this.button.disabled) return;
    if (this.act === "start") return this.form.start();
    return this.form.attempt((body) => this.send("stop", body), { how: this.act === "cut" ? "cut" : "drain" }, []);
  }

  async send(what, body) {
    this.sending = what;
    this.control();
    try {
      const view = await ask(what, body);
      // An event may have overtaken the answer.
      if (Date.parse(view.now) >= Date.parse(this.state.view.now)) this.take({ ...this.state, view });
    } finally {
      if (this.sending === what) this.sending = null; // and not what was sent meanwhile
      this.control();
    }
  }

  // change sends one change at a time; of those that wait only the last counts.
  async change(body) {
    this.next = body;
    if (this.changing) return this.changing;
    const run = async () => {
      while (this.next) {
        const now = this.next;
        this.next = null;
        await this.send("change", now);
      }
    };
    this.changing = run().finally(() => (this.changing = null));
    return this.changing;
  }

  keys() {
    followKeys({
      s: () => this.button.hidden || this.go(), "?": () => this.help.showModal(), "/": () => this.toField(),
      "+": () => this.form.nudge(1.1), "=": () => this.form.nudge(1.1), "-": () => this.form.nudge(1 / 1.1),
    });
  }

  toField() {
    this.form.root.open = true;
    this.form.fields.number.input.focus();
    this.form.fields.number.input.select();
  }

  linked() {
    if (this.state.view === null) {
      document.querySelector(".loading")?.replaceChildren(linkWords[this.link.state] || "");
      return;
    }
    this.control();
    this.later();
  }

  // age says how old the figures are where they may not be the newest.
  age() {
    const { view, report } = this.state;
    if (view === null || !this.link) return;
    const seconds = Math.floor((Date.now() - this.link.heard) / 1000);
    const silent = view.state === "running" && seconds > Math.max(5, 3 * (report?.intervals.at(-1)?.width_s || 1));
    const old = `last figure ${formatSpan(seconds)} old`;
    const words = this.link.state === "ended" ? `${this.link.over ? "brunt has ended" : linkWords.ended}; these are the last figures` : this.link.state !== "open" ? `reconnecting, ${old}` : silent ? `no news, ${old}` : "";
    if (this.banner.textContent !== words) this.banner.textContent = words;
    this.banner.hidden = words === "";
    document.body.classList.toggle("stale", words !== "");
  }
}

const beginnings = {
  idle: "Ready: set the load below, then press Start.", starting: "Starting.", "warming up": "Warming up: figures begin once it is over.",
  running: "Running: the first figures come after a second.", draining: "Draining: what is in flight may still be answered.",
};
const linkWords = { connecting: "Connecting to brunt …", reconnecting: "reconnecting", ended: "brunt has ended or is out of reach" };

globalThis.brunt = { live: null };
globalThis.brunt.live = new Live(document.getElementById("app"));
