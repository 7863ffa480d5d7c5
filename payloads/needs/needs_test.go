package needs

import (
	"strings"
	"testing"
)

// noted is a test that notes how it ends, instead of ending.
type noted struct {
	testing.TB
	how string
}

func (*noted) Helper()            {}
func (n *noted) Fatal(why ...any) { n.how = "failed: " + why[0].(string) }
func (n *noted) Skip(why ...any)  { n.how = "skipped: " + why[0].(string) }

// TestLacking: a person's run is skipped, CI's fails but for what is denied to it.
func TestLacking(t *testing.T) {
	for _, c := range []struct{ ci, denied, want string }{
		{"", "", "skipped: this machine lacks root: why"},
		{"1", "", "failed: this machine lacks root: why"},
		{"1", "netns root", "skipped: this machine lacks root: why"},
		{"1", "rooted", "failed: this machine lacks root: why"},
		{"fast", "", "failed: this machine lacks root: why"},
	} {
		t.Setenv("BRUNT_CI", c.ci)
		t.Setenv("BRUNT_DENIED", c.denied)
		n := &noted{}
		if Lacking(n, "root", "why"); n.how != c.want {
			t.Errorf("%+v: %q", c, n.how)
		}
		if Unknown(n, "too busy"); strings.HasPrefix(n.how, "failed") != (c.ci != "") {
			t.Errorf("%+v: %q", c, n.how)
		}
	}
}

// TestProgram: one that is there is found, another ends the test.
func TestProgram(t *testing.T) {
	t.Setenv("BRUNT_CI", "1")
	n := &noted{}
	if path := Program(n, "go"); path == "" || n.how != "" {
		t.Errorf("%q, %q", path, n.how)
	}
	if Program(n, "no-such-program"); !strings.HasPrefix(n.how, "failed: this machine lacks no-such-program") {
		t.Errorf("%q", n.how)
	}
}

// TestTime: with -short a test is left out, which CI takes only where it means it.
func TestTime(t *testing.T) {
	for _, c := range []struct{ ci, want string }{{"", "skipped"}, {"1", "failed"}, {"fast", "skipped"}} {
		t.Setenv("BRUNT_CI", c.ci)
		n := &noted{}
		if Time(n); testing.Short() != strings.HasPrefix(n.how, c.want) || !testing.Short() && n.how != "" {
			t.Errorf("%q: %q", c.ci, n.how)
		}
	}
}
