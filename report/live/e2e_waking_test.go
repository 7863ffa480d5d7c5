package live_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"brunt/attack/mock/workspacetest"
)

// TestWakingInTheBrowser starts load on an endpoint that is scaled to zero: the
// page says what is waited for, its button stops that, and another start is the
// run that was asked for and nothing more.
func TestWakingInTheBrowser(t *testing.T) {
	chromium := newChromium(t)
	const pat = "dapi0123456789abcdef"
	w, err := workspacetest.Start(workspacetest.Config{PATs: []string{pat}, Endpoints: []workspacetest.Endpoint{{Name: "sleeper", Asleep: time.Hour}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	must(os.WriteFile(ca, w.CA(), 0o600))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_TOKEN", pat)
	s := newSession(t, "sleeper", "-p", bodies(t), "-c", "1", "-n", "3", "--ca", ca, "--wait-ready", "10m", "--serve=127.0.0.1:0", "--wait")
	v := openTab(t, chromium, s.serve(t))
	v.inState("idle")
	v.click("#go")
	v.until(`document.querySelector(".outcome").textContent.startsWith("Waiting for endpoint sleeper to wake")`)
	v.until(`!document.getElementById("go").disabled && document.getElementById("go").textContent === "Stop"`)
	if !await(func() bool { return w.Stats().Invocations > 0 }) {
		t.Fatal("nothing wakes it")
	}
	v.click("#go")
	v.inState("idle")
	v.until(`document.getElementById("problem").textContent.includes("stopped before the load began")`)
	v.until(`document.getElementById("go").textContent === "Start" && !document.getElementById("go").disabled`)
	if n := w.Stats().Invocations; n != 1 {
		t.Errorf("%d requests arrived", n)
	}
	must(w.Put(workspacetest.Endpoint{Name: "sleeper", Asleep: 50 * time.Millisecond}))
	v.click("#go")
	v.inState("done")
	if n := w.Stats().Invocations; n != 5 { // one was given up, one woke it
		t.Errorf("%d requests arrived", n)
	}
	v.until(`document.querySelector(".verdict").textContent.includes("Cold start")`)
	s.interrupt <- os.Interrupt
	<-s.ended
	if len(s.published) != 1 || s.published[0].Requests.Planned != 3 {
		t.Errorf("%d reports", len(s.published))
	}
	v.quiet("409", "ERR_CONNECTION_REFUSED")
}
