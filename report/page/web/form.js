import { el, foreign, tied, visible } from "./dom.js";
import { Field, readNumber, readSpan, writeNumber, writeSpan } from "./fields.js";
import { counted, formatAsked, formatCount, formatSpan } from "./format.js";
import { active } from "./header.js";

// The load panel: what is sent when load is started, and while it runs the one
// number that can be changed.

const most = { rate: 1e5, concurrency: 1e4 }; // of the slider; the field takes more
const ticks = 1000;
const keyOf = { rate: "rate_per_s", concurrency: "concurrency" };
const labels = { rate: "requests per second", concurrency: "requests at a time" };

const span = (wrong) => ({ read: readSpan, write: writeSpan, wrong: `${wrong} is not a length of time: write 30 s or 5 min` });

const warmup = {
  read: (text) => (text.trim().toLowerCase() === "auto" ? "auto" : readSpan(text)),
  write: (value) => (value === "auto" ? value : writeSpan(value)),
  wrong: "the warm-up is no length of time: write 30 s or auto",
};

export class LoadForm {
  // acts has start(body), change(value) and reset(), each of which throws a
  // Refusal.
  constructor(acts) {
    this.acts = acts;
    this.kind = "rate";
    this.texts = { rate: "100", concurrency: "16" }; // of the kind that is not chosen
    this.run = null;
    this.reachable = true;
    this.fields = {
      number: new Field("number", labels.rate, { read: readNumber, write: writeNumber, wrong: "the load is not a number", mode: "decimal", hint: "Enter applies it; arrow keys change it by 10 %", unset: "such as 100" }),
      duration_s: new Field("duration", "duration", { ...span("the duration"), hint: "such as 30 s or 5 min; may be left out where requests are given", unset: "such as 1 min" }),
      requests: new Field("requests", "requests, at most", { read: readNumber, write: writeNumber, wrong: "the number of requests is not a number", mode: "numeric", hint: "the run ends after so many", unset: "no limit" }),
      warmup_s: new Field("warmup", "warm-up", { ...warmup, hint: "in no figure; auto: until latency settles", unset: "none" }),
      timeout_s: new Field("timeout", "timeout", { ...span("the timeout"), hint: "of one request", unset: "default" }),
      cap: new Field("cap", "in flight, at most", { read: readNumber, write: writeNumber, wrong: "the number in flight is not a number", mode: "numeric", hint: "past it requests wait for a slot", unset: "default" }),
      target: new Field("target", "target", { read: (text) => text.trim() || null, write: (text) => text || "", hint: "URL, endpoint name or mock://", wide: true }),
    };
    this.build();
  }

  build() {
    const { fields } = this;
    const kind = (value, label) => el("label", {}, el("input", { type: "radio", name: "load-kind", value, checked: value === this.kind, onchange: () => this.choose(value, true) }), label);
    this.kinds = el("fieldset", { class: "kinds" }, el("legend", { class: "unseen" }, "kind of load"), kind("rate", "rate"), kind("concurrency", "concurrency"));
    this.slider = el("input", { type: "range", min: 0, max: ticks, step: 1, class: "slider", "aria-label": "load, logarithmic", oninput: () => this.slid() });
    this.apply = el("button", { type: "submit", class: "apply" }, "Apply");
    this.reset = el("button", { type: "button", id: "reset", onclick: () => this.attempt(this.acts.reset, {}, []) }, "Reset");
    this.payloads = el("fieldset", { class: "payloads", "aria-describedby": "wrong-payloads" }, el("legend", {}, "payloads"));
    this.payloadsError = el("p", { class: "wrong", id: "wrong-payloads", hidden: true });
    this.fixed = el("p", { class: "fixed" });
    this.note = el("p", { class: "note", hidden: true }, "View only: whoever started brunt did not let this address change the load.");
    this.problem = el("p", { class: "wrong", id: "problem", hidden: true });
    fields.number.root.classList.add("main");
    fields.number.input.addEventListener("input", () => this.slide());
    fields.number.input.addEventListener("keydown", (event) => this.arrows(event));
    this.set = el("fieldset", { class: "all" }, el("legend", { class: "unseen" }, "load"),
      el("div", { class: "row" }, this.kinds, fields.number.root, this.slider, this.apply, this.reset),
      el("div", { class: "row plan" }, fields.duration_s.root, fields.warmup_s.root, fields.requests.root, fields.timeout_s.root, fields.cap.root),
      el("div", { class: "row plan" }, this.payloads, fields.target.root, this.fixed), this.payloadsError);
    this.form = el("form", { novalidate: true, onsubmit: (event) => this.submit(event) }, this.set, this.problem, this.note);
    this.brief = el("span", { class: "brief" });
    this.root = el("details", { id: "load-panel", open: true }, el("summary", {}, el("b", {}, "Load"), " ", this.brief), this.form);
  }

  // show follows the server's view.
  show(view) {
    const { form, load } = view;
    const running = active(view.state);
    if (this.run !== view.run || this.running !== running) this.turn(view, running);
    this.view = view;
    const now = running ? load : form;
    if (!this.fields.number.dirty) this.choose(now.rate_per_s === null && now.concurrency !== null ? "concurrency" : "rate");
    this.fields.number.follow(now[keyOf[this.kind]]);
    for (const key of ["duration_s", "requests", "warmup_s", "timeout_s", "target"]) this.fields[key].follow(form[key]);
    this.fields.cap.follow(form.rate_per_s !== null ? form.concurrency : null);
    this.fields.target.root.hidden = !form.any_target;
    this.fixed.hidden = form.any_target;
    this.fixed.replaceChildren("target ", foreign(form.target, 120));
    this.showPayloads(form.payloads, form.target);
    this.reach(this.reachable);
    this.note.hidden = view.may_start;
    this.apply.hidden = !view.actions.includes("change");
    this.fields.number.input.readOnly = running && !view.actions.includes("change");
    this.slider.disabled = this.fields.number.input.readOnly;
    this.reset.hidden = !view.actions.includes("reset");
    this.reset.title = running ? "stops this run and begins a new one under the load as it stands; both stay under Runs" : "clears the charts; the run stays under Runs";
    this.brief.textContent = tied(briefly(view, running));
    this.slide();
  }

  // reach switches all off where nobody would hear of it.
  reach(reachable) {
    this.reachable = reachable;
    this.set.disabled = !reachable || !this.view?.may_start;
  }

  // turn is for another run, or another half of this one's life: what was
  // written before is void, and the panel is open where it is of use.
  turn(view, running) {
    if (this.run !== view.run) for (const field of Object.values(this.fields)) field.dirty = false;
    if (running || this.run !== view.run) this.fields.number.dirty = false;
    if (this.run !== view.run) this.chosen = null;
    Object.assign(this, { run: view.run, running });
    this.form.classList.toggle("running", running);
    this.root.open = running || view.state === "idle";
    this.clear();
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
    const n = readNumber(this.fields.number.input.value);
    if (!(n > 0)) return;
    this.slider.value = String(Math.round((ticks * Math.log(n)) / Math.log(most[this.kind])));
    this.slider.setAttribute("aria-valuetext", `${n} ${labels[this.kind]}`);
  }

  slid() {
    const n = most[this.kind] ** (Number(this.slider.value) / ticks);
    this.write(Math.max(Number(n.toPrecision(2)), 1));
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
    const n = readNumber(this.fields.number.input.value);
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
    const n = readNumber(event.target.value);
    if (n > 0 && !event.target.readOnly) this.write(this.scaled(n, event.key === "ArrowUp" ? 1.1 : 1 / 1.1));
  }

  submit(event) {
    event.preventDefault();
    if (this.running) this.change();
    else this.start();
  }

  start() {
    const body = this.body();
    if (body) return this.attempt(this.acts.start, body, Object.values(this.fields));
  }

  change() {
    const value = this.fields.number.value();
    if (value === null) this.fields.number.say("the load is empty");
    else if (value !== undefined) this.attempt(this.acts.change, { [keyOf[this.kind]]: value }, [this.fields.number]);
  }

  // body is what start sends, undefined where a field makes no sense.
  body() {
    const values = Object.fromEntries(Object.entries(this.fields).map(([key, field]) => [key, field.value()]));
    if (values.number === null) {
      this.fields.number.say("the load is empty");
      values.number = undefined;
    }
    const wrong = Object.keys(values).find((key) => values[key] === undefined);
    if (wrong) return this.point(this.fields[wrong]);
    const { duration_s, requests, warmup_s, timeout_s } = values;
    const load = this.kind === "rate" ? { rate_per_s: values.number, concurrency: values.cap } : { rate_per_s: null, concurrency: values.number };
    const files = this.view.form.payloads.filter(({ file, chosen }) => this.chosen?.has(file) ?? chosen).map(({ file }) => file);
    return { ...load, duration_s, requests, warmup_s, timeout_s, payloads: files, ...(this.view.form.any_target ? { target: values.target } : {}) };
  }

  // attempt sends something; what is refused is said beside its field.
  async attempt(act, body, sent) {
    this.clear();
    try {
      await act(body);
      for (const field of sent) field.dirty = false;
      this.show(this.view);
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
    this.root.open = true;
  }

  point(field) {
    this.root.open = true;
    field.input.focus();
  }

  clear() {
    for (const field of Object.values(this.fields)) field.say("");
    this.problem.hidden = this.payloadsError.hidden = true;
  }
}

// briefly is the load in a line, for a panel that is closed.
function briefly(view, running) {
  const { rate_per_s: rate, concurrency } = running ? view.load : view.form;
  const words = [rate !== null ? formatAsked(rate) : concurrency !== null ? `${formatCount(concurrency)} at a time` : ""];
  const { duration_s: duration, requests } = view.form;
  if (duration !== null && duration !== undefined) words.push(`for ${formatSpan(duration)}`);
  if (requests !== null && requests !== undefined) words.push(`at most ${counted(requests, "request")}`);
  return words.filter(Boolean).join(", ");
}
