// All that the live view asks of its server, in one place. Paths are relative
// to the page, which a run has an address of its own below.

const pathOfRun = /\/runs\/([^/]+)$/;
const up = pathOfRun.test(location.pathname) ? "../" : "";

// runShown is the id of the run whose address this is, null on the live view.
export const runShown = () => (up ? decodeURIComponent(pathOfRun.exec(location.pathname)[1]) : null);
export const runPath = (id) => `${up}runs/${encodeURIComponent(id)}`;
export const livePath = up || "./";

const paths = Object.fromEntries(["events", "runs", "start", "stop", "change", "reset"].map((what) => [what, `${up}api/${what}`]));

export const downloads = [
  ["report.html", "HTML report", "this page with all its figures in one file that needs no network"],
  ["report.json", "JSON report", "schema 1, with the histograms: for brunt report and scripts"],
  ["intervals.csv", "Intervals as CSV", "one row per second: counts and percentiles"],
  ["results", "Results", "one record per request, in vegeta's format"],
];

export function downloadPath(name, run) {
  return `${up}download/${name}` + (run ? `?run=${encodeURIComponent(run)}` : "");
}

// refusedDownload is why there is no such file, null where there is.
export async function refusedDownload(path) {
  const given = new AbortController();
  try {
    const reply = await fetch(path, { signal: given.signal });
    if (!reply.ok) return (await reply.json().catch(() => null))?.error || `brunt answered with status ${reply.status}`;
  } catch {
    return unanswered;
  }
  given.abort(); // the link itself fetches it
  return null;
}

const unanswered = "brunt did not answer; it may have ended";

// Refusal is what the server said no with; field is the form's, or null.
export class Refusal extends Error {
  constructor(message, field) {
    super(message);
    this.field = field ?? null;
  }
}

// ask sends a command and returns the view that it led to.
export async function ask(what, body) {
  return answer(() => fetch(paths[what], { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
}

export const askRuns = () => answer(() => fetch(paths.runs));
export const askRun = (id) => answer(() => fetch(`${paths.runs}/${encodeURIComponent(id)}`));
export const askCompared = (base, next) => answer(() => fetch(`${up}api/compare?base=${encodeURIComponent(base)}&new=${encodeURIComponent(next)}`));

async function answer(send) {
  let reply;
  try {
    reply = await send();
  } catch {
    throw new Refusal(unanswered);
  }
  const body = await reply.json().catch(() => null);
  if (reply.ok && body !== null) return body;
  throw new Refusal(body?.error || `brunt answered with status ${reply.status}`, body?.field);
}

const attempts = 3; // after so many in vain brunt has ended
const longestPause = 30000;

// Link listens to the server. The browser comes back by itself after a break,
// with the id of what it saw last; where that is in vain, or the server closed
// for good, the link looks again on its own, less and less often.
export class Link {
  constructor(hear, changed) {
    Object.assign(this, { hear, changed, state: "connecting", heard: null, failed: 0, pause: 1000, over: false });
    this.open();
    // A page that the browser keeps for its back button would keep one of the
    // few connections that it allows a server.
    addEventListener("pagehide", () => this.source.close());
    addEventListener("pageshow", (event) => event.persisted && this.restart());
  }

  open() {
    const source = new EventSource(paths.events);
    this.source = source;
    for (const kind of ["view", "tick"]) source.addEventListener(kind, (event) => this.source === source && this.took(kind, event.data));
    source.addEventListener("end", () => this.source === source && this.left());
    source.onerror = () => this.source === source && this.broke();
  }

  took(kind, data) {
    Object.assign(this, { heard: Date.now(), failed: 0, pause: 1000, over: false });
    this.turn("open");
    this.hear(kind, JSON.parse(data));
  }

  broke() {
    this.failed++;
    const closed = this.source.readyState === EventSource.CLOSED;
    if (!closed && this.failed < attempts) {
      this.turn(this.heard === null ? "connecting" : "reconnecting");
      return;
    }
    this.turn(this.failed < attempts ? (this.heard === null ? "connecting" : "reconnecting") : "ended");
    this.source.close();
    setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, longestPause);
  }

  // left is for a server that said so itself. Another one may come.
  left() {
    Object.assign(this, { failed: attempts, over: true });
    this.source.close();
    this.turn("ended");
    setTimeout(() => this.open(), longestPause);
  }

  // restart asks for everything anew: an event was missed.
  restart() {
    this.source.close();
    this.open();
  }

  turn(state) {
    if (this.state === state) return;
    this.state = state;
    this.changed();
  }
}
