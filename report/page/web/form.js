import { el, foreign, visible } from "./dom.js";
import { Field, readNumber, readRate, readSpan, writeNumber, writeSpan } from "./fields.js";
import { counted } from "./format.js";
import { active } from "./header.js";

// The load control: one row that stays where it is, before, during and after a run,
// and below it what else a run can be started with.

const least = { rate: 0.1, concurrency: 1 }; // of the slider; the field takes less and more
const most = { rate: 1e5, concurrency: 1e4 };
const ticks = 1000;
const keyOf = { rate: "rate_per_s", concurrency: "concurrency" };
const labels = { rate: "requests per second", concurrency: "requests at a time" };
const first = 10; // per second, where nobody said anything

const length = { read: readSpan, write: writeSpan, wrong: (text) => `${text} is not a length of time: write 30s, 5m or 1m30s` };
const whole = { read: readNumber, write: writeNumber, mode: "numeric", wrong: (text) => `${text} is not a number: write 1000`, least: 0 };

const warmup = {
  read: (text) => (text.trim().toLowerCase() === "auto" ? "auto" : readSpan(text)),
  write: (value) => (value === "auto" ? value : value === 0 ? "" : writeSpan(value)),
  wrong: (text) => `${text} is not a length of time: write 30s or auto`,
};

const listed = { read: (text) => text.split(/[,;]\s*|\n/).map((one) => one.trim()).filter(Boolean), write: (rules) => (rules ?? []).join(", ") };

export class LoadForm {
  // acts has start(body), change(value), go(), reset(body) and another(body), which starts
  // a run in place of the one under way; each of them throws a Refusal.
  constructor(acts) {
    this.acts = acts;
    this.kind = "rate";
    this.texts = { rate: String(first), concurrency: "16" }; // of the kind that is not chosen
    this.run = null;
    this.reachable = true;
    this.fields = {
      number: new Field("number", labels.rate, { read: (text) => (this.kind === "rate" ? readRate(text) : readNumber(text)), write: writeNumber, least: 0, wrong: (text) => this.kind === "rate" ? `${text} is not a rate: write 10, 500/s or 90/m` : `${text} is not a number of requests: write 16`, mode: "text", hint: "Enter applies it; arrow keys change it by 10 %", unset: "such as 10" }),
      duration_s: new Field("duration", "for", { ...length, least: 0, hint: "such as 30s or 1m30s; empty: until stopped", unset: "until stopped" }),
      requests: new Field("requests", "requests, at most", { ...whole, hint: "the run ends after so many", unset: "no limit" }),
      warmup_s: new Field("warmup", "warm-up", { ...warmup, hint: "in no figure; auto: until latency settles", unset: "none" }),
      timeout_s: new Field("timeout", "timeout", { ...length, least: 0, hint: "of one request", unset: "default" }),
      cap: new Field("cap", "in flight, at most", { ...whole, hint: "past it requests wait for a slot", unset: "default" }),
      stages: new Field("stages", "stages and ramps, instead of one load", { read: (text) => text.trim() || null, write: (text) => text || "", hint: "as --stages takes them: @ is a rate, @x so many at a time", unset: "30s@100, 1m@100..1000", wide: true }),
      slo: new Field("rules", "rules to be held", { ...listed, hint: "as --slo takes them, apart by commas", unset: "p99<200ms, failed<0.1%", wide: true }),
      target: new Field("target", "target", { read: (text) => text.trim() || null, write: (text) => text || "", hint: "URL, endpoint name or mock://", wide: true }),
    };
    this.build();
  }

  build() {
    const { fields } = this;
    const kind = (value, label) => el("label", {}, el("input", { type: "radio", name: "load-kind", value, checked: value === this.kind, onchange: () => this.choose(value, true) }), label);
    this.kinds = el("fieldset", { class: "kinds" }, el("legend", { class: "unseen" }, "kind of load"), kind("rate", "rate"), kind("concurrency", "users"));
    this.slider = el("input", { type: "range", min: 0, max: ticks, step: 1, class: "slider", "aria-label": "load, logarithmic", oninput: () => this.slid() });
    this.apply = el("button", { type: "button", class: "apply", onclick: () => this.change() }, "Apply");
    this.go = el("button", { type: "button", id: "go", class: "go", onclick: () => this.acts.go() });
    this.reset = el("button", { type: "button", id: "reset", onclick: () => this.attempt(this.acts.reset, {}, []) }, "Reset");
    this.more = el("button", { type: "button", id: "more", "aria-expanded": "false", "aria-controls": "plan", onclick: () => this.unfold(this.plan.hidden) }, "More");
    this.payloads = el("fieldset", { class: "payloads", "aria-describedby": "wrong-payloads" }, el("legend", {}, "payloads"));
    this.payloadsError = el("p", { class: "wrong", id: "wrong-payloads", hidden: true });
    this.fixed = el("p", { class: "fixed" });
    this.note = el("p", { class: "note", hidden: true }, "View only: whoever started brunt did not let this address change the load.");
    this.problem = el("p", { class: "wrong", id: "problem", role: "alert", hidden: true });
    fields.number.root.classList.add("main");
    fields.number.input.addEventListener("input", () => this.slide());
    fields.number.input.addEventListener("keydown", (event) => this.arrows(event));
    // The key that leads here is no text, unless a rate is being written.
    fields.number.input.addEventListener("beforeinput", (event) => {
      const { selectionStart: from, selectionEnd: to, value } = event.target;
      if (event.data === "/" && to - from === value.length) event.preventDefault();
    });
    this.plan = el("fieldset", { id: "plan", class: "all", hidden: true }, el("legend", { class: "unseen" }, "more of the load"),
      el("div", { class: "row" }, fields.warmup_s.root, fields.requests.root, fields.timeout_s.root, fields.cap.root),
      el("div", { class: "row" }, fields.stages.root, fields.slo.root),
      el("div", { class: "row" }, this.payloads, fields.target.root, this.fixed), this.payloadsError);
    this.set = el("fieldset", { class: "all control" }, el("legend", { class: "unseen" }, "load"),
      this.kinds, fields.number.root, this.slider, fields.duration_s.root, this.go, this.apply, this.reset);
    // Enter does what fits the state; a browser would press a button that may be grey.
    const enter = (event) => event.key === "Enter" && event.target.matches("input") && this.submit(event);
    this.form = el("form", { novalidate: true, onkeydown: enter, onsubmit: (event) => this.submit(event) }, el("div", { class: "control-row" }, this.set, this.more), this.problem, this.note, this.plan);
    this.root = el("div", { id: "load-panel" }, this.form);
  }

  // unfold shows what else can be set, or hides it.
  unfold(open) {
    this.plan.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    this.more.textContent = open ? "Less" : "More";
  }

  // show follows the server's view.
  show(view) {
    const { form, load } = view;
    const running = active(view.state);
    if (this.run !== view.run || this.running !== running) this.turn(view, running);
    this.view = view;
    const { fields } = this;
    const now = running ? load : form;
    const given = now.rate_per_s !== null || now.concurrency !== null;
    if (!fields.number.dirty) this.choose(now.rate_per_s === null && now.concurrency !== null ? "concurrency" : "rate");
    fields.number.follow(given ? now[keyOf[this.kind]] : first);
    fields.duration_s.follow(running ? view.duration_s : form.duration_s);
    for (const key of ["requests", "warmup_s", "timeout_s", "target"]) fields[key].follow(form[key]);
    fields.cap.follow(form.rate_per_s !== null ? form.concurrency : null);
    for (const key of ["stages", "slo"]) {
      fields[key].root.hidden = form[key] === undefined;
      fields[key].follow(form[key]);
    }
    fields.target.root.hidden = !form.any_target;
    this.fixed.hidden = form.any_target;
    this.fixed.replaceChildren("target ", foreign(form.target, 120));
    this.showPayloads(form.payloads, form.target);
    this.reach(this.reachable);
    this.note.hidden = view.may_start;
    this.locks(view, running);
    this.slide();
  }

  // locks are what can be done now. Nothing goes away: what cannot be used is grey.
  locks(view, running) {
    const change = view.actions.includes("change");
    const may = new Set(view.may_change ?? []);
    this.apply.disabled = !(running && change);
    this.fields.number.input.readOnly = running && !change;
    this.slider.disabled = this.fields.number.input.readOnly;
    this.fields.duration_s.input.readOnly = running && !may.has("duration_s");
    for (const input of this.kinds.querySelectorAll("input")) input.disabled = running && !(change && view.actions.includes("stop"));
    for (const key of ["requests", "warmup_s", "timeout_s", "cap", "stages", "target"]) this.fields[key].input.readOnly = running;
    this.fields.slo.input.readOnly = running && !may.has("slo");
    for (const input of this.payloads.querySelectorAll("input")) input.disabled = running;
    this.reset.disabled = !view.actions.includes("reset");
    this.reset.title = running ? "stops this run and begins a new one under the load as it stands; both stay under Runs" : "clears the page; the run stays under Runs";
  }

  // reach switches all off where nobody would hear of it.
  reach(reachable) {
    this.reachable = reachable;
    this.set.disabled = this.plan.disabled = !reachable || !this.view?.may_start;
  }

  // turn is for another run, or another half of this one's life: what was written before
  // is void, and before the first run the rest of the form is in sight.
  turn(view, running) {
    if (this.run !== view.run) for (const field of Object.values(this.fields)) field.dirty = false;
    if (running || this.run !== view.run) this.fields.number.dirty = false;
    if (this.run !== view.run) this.chosen = null;
    Object.assign(this, { run: view.run, running });
    this.form.classList.toggle("running", running);
    this.unfold(view.state === "idle" && view.run === 0);
    this.clear();
  }

  // focus is for the first screen: Enter starts.
  focus() {
    this.fields.number.input.focus({ preventScroll: true });
    this.fields.number.input.select();
  }

  choose(kind, byHand) {
    const { number } = this.fields;
    if (byHand) {
      this.texts[this.kind] = number.input.value;
      number.input.value = this.texts[kind];
      number.touched();
    }
    this.kind = kind;
    number.label.textContent = labels[kind];
    this.fields.cap.root.hidden = kind !== "rate";
    for (const input of this.kinds.querySelectorAll("input")) input.checked = input.value === kind;
    if (byHand) this.slide();
  }

  showPayloads(files, target) {
    const text = JSON.stringify(files);
    if (this.files === text) return;
    this.files = text;
    const boxes = files.map(({ file, lines, chosen }, i) => el("label", {}, el("input", { type: "checkbox", name: "payload", value: i, checked: this.chosen?.has(file) ?? chosen, onchange: () => this.choosePayloads(files) }), foreign(file, 60), el("span", { class: "none" }, ` ${counted(lines, "body", "bodies")}`)));
    this.payloads.replaceChildren(this.payloads.firstChild, ...(boxes.length > 0 ? boxes : [el("span", { class: "none" }, target.startsWith("mock:") ? "none given: an example is sent" : "none: requests have no body")]));
  }

  choosePayloads(files) {
    const boxes = [...this.payloads.querySelectorAll("input")];
    this.chosen = new Set(files.filter((_, i) => boxes[i].checked).map(({ file }) => file));
    this.payloadsError.hidden = true;
  }

  // slide puts the slider where the number is, slid the other way round.
  slide() {
    const n = this.fields.number.read(this.fields.number.input.value);
    if (!(n > 0)) return;
    const [low, high] = [least[this.kind], most[this.kind]];
    this.slider.value = String(Math.round((ticks * Math.log(n / low)) / Math.log(high / low)));
    this.slider.setAttribute("aria-valuetext", `${n} ${labels[this.kind]}`);
  }

  slid() {
    const [low, high] = [least[this.kind], most[this.kind]];
    this.write(Number((low * (high / low) ** (Number(this.slider.value) / ticks)).toPrecision(2)));
  }

  write(n) {
    const { number } = this.fields;
    number.input.value = writeNumber(this.kind === "rate" ? n : Math.max(Math.round(n), 1));
    number.touched();
    this.slide();
  }

  // scaled is 10 % more or less, at least one request where they are counted.
  scaled(n, factor) {
    const to = Number((n * factor).toPrecision(3));
    if (this.kind === "rate") return to;
    return Math.max(factor > 1 ? Math.max(Math.round(to), n + 1) : Math.min(Math.round(to), n - 1), 1);
  }

  // nudge is + and -: at once while running, in the form before.
  nudge(factor) {
    if (this.set.disabled || this.fields.number.input.readOnly) return;
    const n = this.fields.number.read(this.fields.number.input.value);
    if (!(n > 0)) return;
    this.write(this.scaled(n, factor));
    if (this.running) this.change();
  }

  arrows(event) {
    if (event.key === "Escape") {
      this.fields.number.dirty = false;
      this.clear();
      this.show(this.view);
      event.target.blur();
    }
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const n = this.fields.number.read(event.target.value);
    if (n > 0 && !event.target.readOnly) this.write(this.scaled(n, event.key === "ArrowUp" ? 1.1 : 1 / 1.1));
  }

  submit(event) {
    event.preventDefault();
    if (this.running) this.change();
    else this.start();
  }

  start() {
    if (this.set.disabled) return;
    const body = this.body();
    if (body) return this.attempt(this.acts.start, body, Object.values(this.fields));
  }

  // change sends what was written while running: the load, how long it is to last, the
  // rules. Another kind of load takes another run.
  change() {
    const { number, duration_s: duration, slo } = this.fields;
    const value = number.value();
    if (value === null) number.say(`the load is empty: write ${this.kind === "rate" ? "10, 500/s or 90/m" : "16"}`);
    if (value === null || value === undefined) return this.point(number);
    const { load } = this.view;
    const other = load[keyOf[this.kind]] === null;
    if (other) {
      const body = this.body();
      return body && this.attempt(this.acts.another, body, Object.values(this.fields));
    }
    const body = number.dirty || (!duration.dirty && !slo.dirty) ? { [keyOf[this.kind]]: value } : {};
    for (const [key, field] of [["duration_s", duration], ["slo", slo]]) {
      if (!field.dirty || field.input.readOnly || field.root.hidden) continue;
      const changed = field.value();
      if (changed === undefined) return this.point(field);
      body[key] = changed;
    }
    return this.attempt(this.acts.change, body, [number, duration, slo]);
  }

  // body is what start sends, undefined where a field makes no sense.
  body() {
    const values = Object.fromEntries(Object.entries(this.fields).map(([key, field]) => [key, field.root.hidden ? null : field.value()]));
    const staged = values.stages !== null && values.stages !== undefined;
    if (values.number === null && !staged) {
      this.fields.number.say(`the load is empty: write ${this.kind === "rate" ? "10, 500/s or 90/m" : "16"}`);
      values.number = undefined;
    }
    const wrong = Object.keys(values).find((key) => values[key] === undefined);
    if (wrong) return this.point(this.fields[wrong]);
    const { duration_s, requests, warmup_s, timeout_s } = values;
    const load = staged ? { stages: values.stages } : { ...(this.kind === "rate" ? { rate_per_s: values.number, concurrency: values.cap } : { rate_per_s: null, concurrency: values.number }), duration_s, requests };
    const files = this.view.form.payloads.filter(({ file, chosen }) => this.chosen?.has(file) ?? chosen).map(({ file }) => file);
    const rules = this.fields.slo.root.hidden ? {} : { slo: values.slo };
    return { ...load, warmup_s: warmup_s ?? 0, timeout_s, payloads: files, ...rules, ...(this.view.form.any_target ? { target: values.target } : {}) };
  }

  // attempt sends something; what is refused is said beside its field.
  async attempt(act, body, sent) {
    this.clear();
    try {
      await act(body);
      for (const field of sent) field.dirty = false;
      this.show(this.view);
      if (document.activeElement === this.fields.number.input) this.focus();
    } catch (refusal) {
      this.refused(refusal);
    }
  }

  refused({ message, field }) {
    const words = visible(message);
    const of = { rate_per_s: "number", concurrency: this.kind === "rate" && !this.running ? "cap" : "number" }[field] ?? field;
    if (of in this.fields) {
      this.fields[of].say(words);
      this.point(this.fields[of]);
      return;
    }
    const place = field === "payloads" ? this.payloadsError : this.problem;
    place.textContent = words;
    place.hidden = false;
    if (field === "payloads") this.unfold(true);
  }

  // tell says something that is no refusal.
  tell(words) {
    this.problem.textContent = words;
    this.problem.hidden = false;
  }

  point(field) {
    if (this.plan.contains(field.input)) this.unfold(true);
    field.input.focus();
  }

  clear() {
    for (const field of Object.values(this.fields)) field.say("");
    this.problem.hidden = this.payloadsError.hidden = true;
  }
}

