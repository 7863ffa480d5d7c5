package page

import (
	"strings"
	"testing"
)

// While the server is away the page says so and how old its figures are; when
// it is back the page has missed nothing.
func TestLiveConnection(t *testing.T) {
	t.Parallel()
	f := newFake(t, story{seconds: 40, rate: 50}.report())
	f.begin()
	f.step(5)
	v := watch(t, newBrowser(t), f)
	v.held(5)
	v.js(nil, `(() => {
		globalThis.said = [];
		new MutationObserver(() => said.push(document.querySelector("[role=status]").textContent)).observe(document.querySelector("[role=status]"), { childList: true });
	})()`)
	f.cut("hang")
	v.until(`document.getElementById("banner").offsetHeight > 0 && /^reconnecting, last figure \d+ s old$/.test(document.getElementById("banner").textContent)`)
	f.cut("drop")
	f.step(3) // nobody hears of these
	f.CloseClientConnections()
	v.until(`document.getElementById("banner").offsetHeight > 0 && /^brunt has ended/.test(document.getElementById("banner").textContent)`)
	v.inState("was running")
	var disabled bool
	v.js(&disabled, `document.getElementById("go").disabled && document.querySelector(".apply").matches(":disabled")`)
	if !disabled {
		t.Error("a run can be stopped or changed of which nobody knows")
	}
	f.cut("")
	v.held(8)
	v.until(`document.getElementById("banner").hidden`)
	f.cut("") // comes back by itself, with the id of the last event
	f.step(2)
	v.held(10)
	v.until(`document.getElementById("banner").hidden`)
	v.chartsAreDrawn()
	var said []string
	v.js(&said, `said`)
	if len(said) > 5 || len(said) < 2 || !strings.Contains(said[0], "reconnecting") || said[len(said)-1] != "running" {
		t.Errorf("to those who cannot see, the page said %q", said)
	}
	v.forgive("net::ERR")
	v.quiet()
}

// An event that was missed makes the page ask for all of it.
func TestLiveMissedEvent(t *testing.T) {
	f := newFake(t, story{seconds: 40, rate: 50}.report())
	f.begin()
	f.step(3)
	v := watch(t, newBrowser(t), f)
	v.held(3)
	f.mu.Lock()
	f.at += 4
	f.mu.Unlock()
	f.step(1)
	v.held(8)
	v.until(`brunt.charts.extra.spread.response.length === 8`)

	// Old intervals merge: the last one may come again, wider.
	f.mu.Lock()
	f.send(f.event("tick", 7))
	f.at = 9
	f.send(f.event("tick", 7))
	f.mu.Unlock()
	v.held(9)

	// Fifty more leave nothing behind, and are drawn four times a second at most.
	v.js(nil, frames)
	v.js(nil, `(() => {
		const { live } = brunt, { show } = live;
		globalThis.draws = [];
		live.show = (...of) => (draws.push(performance.now()), show(...of));
	})()`)
	started := v.counters()
	for range 25 {
		f.step(1)
		f.mu.Lock()
		f.send(f.event("tick", f.at))
		f.mu.Unlock()
		v.js(nil, `new Promise(requestAnimationFrame)`)
	}
	v.held(34)
	v.js(nil, frames)
	var gaps []float64
	v.js(&gaps, `draws.slice(1).map((at, i) => at - draws[i])`)
	for _, gap := range gaps {
		if gap < 240 {
			t.Errorf("drawn again after %.0f ms", gap)
		}
	}
	ended := v.counters()
	if ended.Nodes > started.Nodes+40 || ended.JsEventListeners > started.JsEventListeners+10 {
		t.Errorf("50 events made %d nodes of %d and %d listeners of %d", ended.Nodes, started.Nodes, ended.JsEventListeners, started.JsEventListeners)
	}
	v.quiet()
}

// A server that says that it ends is believed at once, and what is done stays
// done.
func TestLiveEndEvent(t *testing.T) {
	f := newFake(t, story{seconds: 40, rate: 50}.report())
	f.begin()
	f.step(3)
	v := watch(t, newBrowser(t), f)
	v.held(3)
	f.turn("done")
	f.mu.Lock()
	f.send("event: end\ndata: {}\n\n")
	f.mu.Unlock()
	v.until(`document.getElementById("banner").textContent === "brunt has ended; these are the last figures"`)
	v.inState("done")
	var disabled bool
	v.js(&disabled, `document.getElementById("go").disabled`)
	if !disabled {
		t.Error("a server that has ended is offered a start")
	}
	v.quiet()
}
