package cluster

import (
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"brunt/payloads/needs"
)

// insideVariable is set in the process that makes TestCutHost within the hub's namespace;
// it holds the names of the workers' namespaces.
const insideVariable = "BRUNT_TEST_INSIDE"

// TestCutHost takes the network away from the host of a worker, NATS and endpoint both, for
// a while and for good.
func TestCutHost(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	if text := os.Getenv(insideVariable); text != "" {
		var names []string
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			t.Fatal(err)
		}
		t.Run("3 s", func(t *testing.T) { cutHost(t, names[:2], "v1", 3*time.Second) })
		t.Run("for good", func(t *testing.T) { cutHost(t, names[2:], "v3", 0) })
		return
	}
	names := network(t, "c", 4)
	text, _ := json.Marshal(names[1:])
	inside := exec.Command("ip", "netns", "exec", names[0], os.Args[0], "-test.run", "^TestCutHost$", "-test.v", "-test.timeout", "2m")
	inside.Env = append(os.Environ(), insideVariable+"="+string(text), "TMPDIR="+t.TempDir())
	if out, err := inside.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// cutHost has two workers in namespaces make a run, and cuts the second one off at the
// bridge's port: for so long, or for good.
func cutHost(t *testing.T, namespaces []string, port string, long time.Duration) {
	t.Parallel()
	r := newRigOf(t, rigOptions{workers: 2, bodies: 3000, loss: Redistribute, host: hubAddress, namespaces: namespaces})
	set := func(state string) {
		if out, err := exec.Command("ip", "link", "set", port, state).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	p := openPlan(100, 9*time.Second)
	p.Timeout = 4 * time.Second
	run := r.start(p)
	r.awaitRequests(150)
	set("down")
	if long > 0 {
		<-time.After(long)
		set("up")
	}
	s := r.wait(run, bound(&p))
	r.fits(s)
	c := &s.Counts
	if c.Planned != 900 {
		t.Errorf("%d planned; want 900", c.Planned)
	}
	if long == 0 {
		r.signal(1, syscall.SIGKILL)
		r.tells(s, "w1", "was lost")
		if c.UnknownPlanned == 0 || c.UnknownPlanned > 450 {
			t.Errorf("%d unknown; want what is due until the others take over", c.UnknownPlanned)
		}
		return
	}
	// It holds its lease, and its requests have waited, or have failed.
	if c.Unknown() != 0 || c.NotSent() > 45 {
		t.Errorf("%d unknown, %d not sent; want none\n%s", c.Unknown(), c.NotSent(), r.said())
	}
	if c.Failed > 9 {
		r.tells(s, "of the failed requests were sent by worker", "w1")
	}
}
