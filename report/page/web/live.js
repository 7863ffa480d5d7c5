import { mount, settle } from "./app.js";
import { el, none, visible } from "./dom.js";
import { Downloads } from "./downloads.js";
import { blank, grown, noExtra, nothing } from "./feed.js";
import { LoadForm } from "./form.js";
import { counted, formatSpan } from "./format.js";
import { active, askedWords, progressBar, remaining, showProgress, wordOf } from "./header.js";
import { followKeys, helpDialog } from "./keys.js";
import { Log } from "./log.js";
import { showPast } from "./past.js";
import { Place } from "./place.js";
import { Runs } from "./runs.js";
import { lately, scoped } from "./scope.js";
import { targetOf } from "./sections.js";
import { nowWords, wholeWords } from "./strip.js";
import { Tabs } from "./tabs.js";
import { ask, Link, runShown } from "./wire.js";

// The live view: what the server tells goes through mount's show, what the
// reader does goes to the server, and the state is always the server's.

const pause = 250; // ms between two drawings, at least
const places = { names: "by-name", models: "by-name", "failure-kinds": "failed", slowest: "slow", percentiles: "figures", streams: "figures", stages: "figures", totals: "figures", workers: "workers", repeat: "downloads" };

class Live {
  constructor(root) {
    this.state = nothing;
    this.drawn = -Infinity;
    this.timer = 0;
    this.sending = null; // what is under way to brunt
    this.next = null; // a change that waits for the one before
    this.banner = el("p", { id: "banner", class: "banner", hidden: true });
    this.viewOnly = el("span", { class: "view-only", hidden: true }, "view only");
    this.cut = el("button", { type: "button", id: "cut", onclick: () => this.cutOff() });
    this.cutting = el("p", { class: "cutting", hidden: true }, this.cut);
    this.progress = progressBar();
    this.address = new Place();
    this.help = helpDialog();
    this.runs = new Runs();
    this.log = new Log();
    this.form = new LoadForm({ start: (body) => this.send("start", body), change: (body) => this.change(body), reset: (body) => this.send("reset", body), go: () => this.go(), another: (body) => this.another(body) });
    this.button = this.form.go;
    this.places = Object.fromEntries(["by-name", "failed", "slow", "figures", "workers", "downloads"].map((id) => [id, el("div")]));
    this.nones = { "by-name": none("No request has a name yet."), failed: none("No request failed."), slow: none("No reply yet."), figures: none("No figure yet.") };
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
      title: (report) => `${visible(wordOf(this.state.view))} – ${visible(targetOf(report))} – brunt`,
      words: () => this.words(),
      tools: [this.viewOnly, el("button", { type: "button", class: "ask", "aria-label": "keys", title: "keys", onclick: () => this.help.showModal() }, "?")],
      strip: {
        live: true, beside: [this.banner, this.cutting], names: (report) => this.names(report),
        time: (report, one) => remaining(report, this.state.view, one), load: () => askedWords(this.state.view.load),
      },
      control: [this.form.root, this.progress],
      state: (report) => this.standing(report),
      shown: (report, extra) => this.shown(report, extra),
      selected: (range) => this.address.select(range),
      lay: (timeline, hint) => this.lay(timeline, hint),
      place: (sections) => this.place(sections),
    };
  }

  names(report) {
    const { view } = this.state;
    return [[report.name && visible(report.name).slice(0, 40), view.runs > 1 ? `run ${view.run}` : ""].filter(Boolean).join(" · ")];
  }

  // standing is the state as a word, and what is said before there are figures.
  standing(report) {
    const { view } = this.state;
    const lost = this.link.state === "ended";
    const calm = ["idle", "done", "interrupted"].includes(view.state);
    const word = visible(wordOf(view));
    return { words: lost && !calm ? `was ${word}` : word, look: calm || lost ? "calm" : active(view.state) ? "busy" : "notable", instead: this.before(report) };
  }

  // shown is what the large figures are of: of now while load is sent.
  shown(report, extra) {
    const range = this.state.view.state === "running" && report.intervals.length > 0 ? lately(report) : null;
    return range ? { report: { ...scoped(report, extra, range), isNow: true }, ...nowWords(range) } : wholeWords(report);
  }

  lay(timeline, hint) {
    const { places } = this;
    this.timeline = el("div", {}, timeline, hint);
    this.tabs = new Tabs([
      { id: "by-name", title: "By name", body: [this.nones["by-name"], places["by-name"]] },
      { id: "failed", title: "Failures", body: [this.nones.failed, places.failed] },
      { id: "slow", title: "Slowest", body: [this.nones.slow, places.slow] },
      { id: "figures", title: "Figures", body: [this.nones.figures, places.figures] },
      { id: "workers", title: "Workers", body: places.workers },
      { id: "runs", title: "Runs", body: this.runs.root },
      { id: "downloads", title: "Downloads", body: [this.downloads.root, places.downloads] },
      { id: "log", title: "Log", body: this.log.root },
    ], (id) => this.turned(id));
    return [this.timeline, this.tabs.root];
  }

  turned(id) {
    this.address.tab(id);
    if (id === "runs") this.runs.refresh();
    else this.draw();
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
    const plain = (words) => ({ look: "plain", words });
    if (waiting) return plain(`${visible(waiting)}.`);
    if (report.requests.sent > 0 || !(state in beginnings)) return undefined;
    return plain(state === "idle" && !may ? "Nothing runs. This page shows it as soon as somebody starts load." : beginnings[state]);
  }

  // words are said to those who cannot see the page, once per change.
  words() {
    const { view } = this.state;
    return [visible(wordOf(view)), this.link.state === "open" ? "" : linkWords[this.link.state]].filter(Boolean).join(", ");
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
    if (this.then && view.actions.includes("start")) {
      const body = this.then;
      this.then = null;
      this.form.attempt((body) => this.send("start", body), body, Object.values(this.form.fields));
    }
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
    const workers = report?.client.workers ?? [];
    const lost = workers.filter((worker) => worker.lost).length;
    this.tabs.offer("workers", workers.length > 0);
    this.tabs.count("workers", workers.length === 0 ? "" : lost > 0 ? `(${workers.length}, ${lost} lost)` : `(${workers.length})`);
    this.tabs.count("runs", view.runs > 0 ? `(${view.runs})` : "");
    this.timeline.hidden = report === null;
    globalThis.brunt.charts = this.show(report || blank(view), extra || noExtra);
    showProgress(this.progress, report || blank(view), view);
    if (!this.begun) this.first();
  }

  // first is for a page that has just been opened: the tab and the stretch of its
  // address, and the form, which waits for nothing but Enter.
  first() {
    this.begun = true;
    const { tab, range } = this.address.wanted;
    if (this.tabs.has(tab)) this.tabs.choose(tab);
    if (range) globalThis.brunt.charts.select(range);
    if (this.state.view.actions.includes("start") && document.activeElement === document.body && !tab) this.form.focus();
  }

  // control is the one button: what it does next is what it says.
  control() {
    const { view } = this.state;
    this.act = ["start", "stop"].find((act) => view.actions.includes(act)) ?? null;
    this.button.textContent = { start: "Start", stop: "Stop" }[this.act] ?? (active(view.state) ? "Stopping" : "Start");
    this.button.className = "go " + (this.act ?? "");
    // A start may wait for minutes: it can be stopped meanwhile.
    const busy = this.sending !== null && !(this.sending === "start" && this.act === "stop");
    this.button.disabled = this.act === null || busy || this.link?.state === "ended";
    this.form.reach(this.link?.state !== "ended");
    this.askCut(view);
    this.viewOnly.hidden = view.may_start;
  }

  // askCut offers to cut off what still waits for its reply, once it was stopped, and
  // elsewhere: two presses on one button are no wish to lose replies.
  askCut(view) {
    const may = view.actions.includes("cut") && view.state === "draining" && view.may_start;
    const left = this.state.report?.requests.in_flight ?? 0;
    this.cutting.hidden = !may;
    const words = left > 0 ? `Cut off ${counted(left, "request")}` : "Cut off";
    if (this.cut.textContent !== words) this.cut.textContent = words;
    this.cut.disabled = this.sending !== null || this.link?.state === "ended";
  }

  cutOff() {
    return this.form.attempt((body) => this.send("stop", body), { how: "cut" }, []);
  }

  async go() {
    if (this.button.disabled) return;
    if (this.act === "start") return this.form.start();
    return this.form.attempt((body) => this.send("stop", body), { how: "drain" }, []);
  }

  // startOrStop is the key for both; to cut off takes another one.
  startOrStop() {
    if (!this.state.view.may_start) return;
    if (!this.cutting.hidden) this.cut.focus();
    else this.go();
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

  // another stops this run, and starts one once the replies are in: an engine sends one
  // kind of load.
  async another(body) {
    this.then = body; // which may be due before the answer is here
    try {
      await this.send("stop", { how: "drain" });
    } catch (refusal) {
      this.then = null;
      throw refusal;
    }
    if (this.then) this.form.tell("This run is being stopped; the other one starts once its replies are in.");
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
      s: () => this.startOrStop(), "?": () => this.help.showModal(), "/": () => this.toField(),
      "+": () => this.form.nudge(1.1), "=": () => this.form.nudge(1.1), "-": () => this.form.nudge(1 / 1.1),
    });
  }

  toField() {
    this.form.focus();
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
  idle: "Ready: press Enter to start, or set the load first.", starting: "Starting.", "warming up": "Warming up: figures begin once it is over.",
  running: "Running: the first figures come after a second.", draining: "Draining: what is in flight may still be answered.",
};
const linkWords = { connecting: "Connecting to brunt …", reconnecting: "reconnecting", ended: "brunt has ended or is out of reach" };

globalThis.brunt = { live: null };
const past = runShown();
if (past !== null) await showPast(document.getElementById("app"), past);
else globalThis.brunt.live = new Live(document.getElementById("app"));
