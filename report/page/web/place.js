// The address of what is looked at: the tab and the selected stretch, so that a link
// shows another person the same.

export class Place {
  constructor() {
    const given = new URLSearchParams(location.hash.slice(1));
    const range = (given.get("t") ?? "").split("-").map(Number);
    this.now = { tab: given.get("tab") ?? "", t: "" };
    this.wanted = { tab: this.now.tab, range: range.length === 2 && range[1] > range[0] ? range : null };
  }

  tab(id) {
    this.now.tab = id;
    this.write();
  }

  select(range) {
    this.now.t = range ? range.map((at) => Number(at.toFixed(3))).join("-") : "";
    this.write();
  }

  write() {
    const words = Object.entries(this.now).filter(([, value]) => value !== "").map(([key, value]) => `${key}=${value}`).join("&");
    history.replaceState(null, "", location.pathname + location.search + (words ? "#" + words : ""));
  }
}
