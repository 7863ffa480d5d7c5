package attack

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/mock/workspacetest"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// startWorkspace starts a look-alike workspace whose tokens live this long, and has
// the options trust it and find its hosts.
func startWorkspace(t *testing.T, lifetime time.Duration, o *endpoint.Options, endpoints ...workspacetest.Endpoint) *workspacetest.Server {
	t.Helper()
	w, err := workspacetest.Start(workspacetest.Config{ClientID: "principal", Secret: canarySecret, Lifetime: lifetime, Endpoints: endpoints})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	o.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(o.CAFile, w.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, e := range endpoints {
		o.Resolve = append(o.Resolve, w.RouteHost(e.Name)+":127.0.0.1")
	}
	return w
}

const canarySecret = "dose-canary-secret"

// withoutCredentials empties what the environment says of workspaces, and gives the
// home directory in which profiles are looked for.
func withoutCredentials(t *testing.T) (home string) {
	t.Helper()
	for _, word := range os.Environ() {
		if name, _, _ := strings.Cut(word, "="); strings.HasPrefix(name, "DATABRICKS_") {
			t.Setenv(name, "")
		}
	}
	home = t.TempDir()
	t.Setenv("HOME", home)
	return home
}

// workspaceFor is startWorkspace, with its service principal the one that the
// environment has.
func workspaceFor(t *testing.T, lifetime time.Duration, o *endpoint.Options, endpoints ...workspacetest.Endpoint) *workspacetest.Server {
	t.Helper()
	w := startWorkspace(t, lifetime, o, endpoints...)
	withoutCredentials(t)
	t.Setenv("DATABRICKS_HOST", w.Host())
	t.Setenv("DATABRICKS_CLIENT_ID", "principal")
	t.Setenv("DATABRICKS_CLIENT_SECRET", canarySecret)
	return w
}

// begin starts a run against an endpoint by its name.
func begin(t *testing.T, name string, p plan.Plan, o endpoint.Options) (*Run, *endpoint.Endpoint) {
	t.Helper()
	target, err := endpoint.Open(t.Context(), name, o, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	run, err := Start(p, Request{UserAgent: "test"}, payloads.Single("test", body), target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return run, target
}

// noSecrets fails where a snapshot's words hold a secret of the workspace.
func noSecrets(t *testing.T, w *workspacetest.Server, s *result.Snapshot) {
	t.Helper()
	words := lines(s.Warnings)
	words = append(words, fmt.Sprint(s.Err))
	for _, f := range s.Failures {
		words = append(words, f.Message.String())
	}
	for _, secret := range w.Secrets() {
		if strings.Contains(strings.Join(words, "\n"), secret) {
			t.Errorf("a secret is shown: %q", words)
		}
	}
}

// TestTokens has the tokens of four workspaces run out, at the same time, for they
// are waited for: each workspace is a profile of one file.
func TestTokens(t *testing.T) {
	needs.Time(t)
	home, profiles := withoutCredentials(t), ""
	type endpoints = []workspacetest.Endpoint
	for _, c := range []struct {
		name      string
		lifetime  time.Duration
		endpoints endpoints
		test      func(*testing.T, *workspacetest.Server, endpoint.Options)
	}{
		{"renewed", 5 * time.Second, endpoints{{Name: "one"}, {Name: "two"}, {Name: "routed", RouteOptimized: true}}, tokensRenewed},
		{"outage", 5 * time.Second, endpoints{{Name: "one"}}, tokenOutage},
		{"gone", 2 * time.Second, endpoints{{Name: "one"}}, tokenGone},
		{"hangs", 6 * time.Second, endpoints{{Name: "plain"}, {Name: "routed", RouteOptimized: true}}, tokenServiceHangs},
	} {
		o := endpoint.Options{Profile: c.name}
		w := startWorkspace(t, c.lifetime, &o, c.endpoints...)
		profiles += fmt.Sprintf("[%s]\nhost = %s\nclient_id = principal\nclient_secret = %s\n", c.name, w.Host(), canarySecret)
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, w, o)
		})
	}
	// They begin once this has returned.
	if err := os.WriteFile(filepath.Join(home, ".databrickscfg"), []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tokensRenewed runs load for longer than three tokens live, over HTTP/1.1
// and 2 and to a route-optimised endpoint, all at once: no request comes with
// one that has expired.
func tokensRenewed(t *testing.T, w *workspacetest.Server, o endpoint.Options) {
	var group sync.WaitGroup
	for _, c := range []struct {
		name  string
		rate  string
		http2 bool
	}{{"one", "500", false}, {"two", "100", true}, {"routed", "100", false}} {
		p := testPlan(0)
		p.Rate, p.Concurrency, p.Duration, p.HTTP2 = mustRate(t, c.rate), 64, 6500*time.Millisecond, c.http2
		run, target := begin(t, c.name, p, o)
		group.Go(func() {
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			noSecrets(t, w, s)
			if s.Counts.Succeeded != s.Counts.Planned || len(s.Warnings) > 0 {
				t.Errorf("%s: %d of %d succeeded; %v %q", c.name, s.Counts.Succeeded, s.Counts.Planned, s.Status, s.Warnings)
			}
			if n := target.Renewed(); n < 3 {
				t.Errorf("%s: renewed %d times", c.name, n)
			}
		})
	}
	group.Wait()
	stats := w.Stats()
	used := 0
	for _, n := range stats.ByToken {
		if n > 0 {
			used++
		}
	}
	if stats.Refused > 0 || stats.Served != 500*13/2+2*100*13/2 || used < 12 {
		t.Errorf("%+v: %d tokens used", stats, used)
	}
}

// tokenOutage has the token endpoint fail for three of the five seconds
// that a token lives, from when one has just been had: load goes on, and the
// report says what was.
func tokenOutage(t *testing.T, w *workspacetest.Server, o endpoint.Options) {
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration = mustRate(t, "200"), 64, time.Minute
	run, target := begin(t, "one", p, o)
	await(func() bool { return target.Renewed() >= 1 })
	w.SetOutage(http.StatusServiceUnavailable)
	await(func() bool { return w.Stats().TokensRefused >= 2 })
	w.SetOutage(0)
	await(func() bool { return target.Renewed() >= 3 })
	run.Stop(plan.Drain)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	noSecrets(t, w, s)
	if s.Counts.Succeeded != s.Counts.Sent || s.Counts.Sent < 600 || w.Stats().Refused > 0 {
		t.Errorf("%d of %d succeeded: %v %+v", s.Counts.Succeeded, s.Counts.Sent, s.Status, s.Failures)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].String(), "in 2 attempts (") || !strings.Contains(s.Warnings[0].String(), "were good until") {
		t.Errorf("%q", s.Warnings)
	}
}

// tokenGone has no token ever renewed: load succeeds as long as the first
// one lives, then is refused, and the report says why.
func tokenGone(t *testing.T, w *workspacetest.Server, o endpoint.Options) {
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration = mustRate(t, "200"), 64, 4*time.Second
	run, _ := begin(t, "one", p, o)
	w.SetOutage(http.StatusInternalServerError)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	noSecrets(t, w, s)
	if s.Counts.Succeeded < 100 || s.Status[http.StatusUnauthorized] < 100 || s.Counts.Sent != s.Counts.Planned {
		t.Errorf("%+v %v", s.Counts, s.Status)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].String(), "from then on the endpoint refuses requests") || !strings.Contains(s.Warnings[0].String(), "not available") {
		t.Errorf("%q", s.Warnings)
	}
	if !s.CredentialsExpired {
		t.Error("the credentials are not said to have run out")
	}
}

// tokenServiceHangs has the token service stop to answer when a token has
// just been had: load goes on undisturbed, the attempt is given up in time for
// another, and a run that ends meanwhile does not wait for it.
func tokenServiceHangs(t *testing.T, w *workspacetest.Server, o endpoint.Options) {
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration = mustRate(t, "500"), 64, time.Minute
	var runs []*Run
	var targets []*endpoint.Endpoint
	for _, name := range []string{"plain", "routed"} {
		run, target := begin(t, name, p, o)
		runs, targets = append(runs, run), append(targets, target)
	}
	both := func(is func(*endpoint.Endpoint) bool) {
		await(func() bool { return is(targets[0]) && is(targets[1]) })
	}
	both(func(e *endpoint.Endpoint) bool { return e.Renewed() >= 1 })
	w.SetOutage(workspacetest.Hang)
	await(func() bool { return w.Stats().TokensRefused >= 1 })
	began := w.Stats().Served
	both(func(e *endpoint.Endpoint) bool { return len(e.RenewalFailures()) > 0 })
	if n := w.Stats().Served - began; n < 200 {
		t.Errorf("%d requests were served while the token service was waited for", n)
	}
	w.SetOutage(0)
	renewed := []int{targets[0].Renewed(), targets[1].Renewed()}
	await(func() bool { return targets[0].Renewed() > renewed[0] && targets[1].Renewed() > renewed[1] })
	w.SetOutage(workspacetest.Hang)
	hanging := w.Stats().TokensRefused
	await(func() bool { return w.Stats().TokensRefused > hanging })
	for i, run := range runs {
		run.Stop(plan.Drain)
		<-run.Done()
		targets[i].Close()
		s := run.Snapshot()
		checkBooks(t, s)
		noSecrets(t, w, s)
		if s.Counts.Succeeded != s.Counts.Sent || s.CredentialsExpired {
			t.Errorf("run %d: %+v %v", i, s.Counts, s.Status)
		}
		if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].String(), "no answer in time") || !strings.Contains(s.Warnings[0].String(), "were good until") {
			t.Errorf("run %d: %q", i, s.Warnings)
		}
	}
	if w.Stats().Refused > 0 {
		t.Errorf("%+v", w.Stats())
	}
}

// TestHostHeader has headers ask for another host behind the same address: with
// credentials that is refused before anything is sent, whoever asks for it.
func TestHostHeader(t *testing.T) {
	var o endpoint.Options
	w := workspaceFor(t, time.Hour, &o, workspacetest.Endpoint{Name: "x"})
	line := filepath.Join(t.TempDir(), "lines.jsonl")
	if err := os.WriteFile(line, []byte(`{"body":{"inputs":[1]},"headers":{"hOsT":"evil.test"}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := payloads.Open([]payloads.Spec{{Path: line, Weight: 1}}, payloads.Options{Format: payloads.RequestFormat})
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	for name, c := range map[string]struct {
		header payloads.Header
		set    *payloads.Set
		own    bool
		well   bool
	}{
		"another host":           {payloads.Header{Name: "HOST", Value: "evil.test"}, payloads.Single("test", body), false, false},
		"a line's":               {payloads.Header{}, lines, false, false},
		"the host itself":        {payloads.Header{Name: "Host", Value: strings.TrimPrefix(w.Host(), "https://")}, payloads.Single("test", body), false, true},
		"credentials of the own": {payloads.Header{Name: "Host", Value: "evil.test"}, payloads.Single("test", body), true, true},
	} {
		for _, http2s := range []bool{false, true} {
			options := o
			options.OwnAuth = c.own
			target, err := endpoint.Open(t.Context(), "x", options, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			request := Request{UserAgent: "test"}
			if c.header.Name != "" {
				request.Headers = append(request.Headers, c.header)
			}
			p := testPlan(3)
			p.HTTP2 = http2s
			run, err := Start(p, request, c.set, target, nil)
			if err == nil {
				<-run.Done()
			}
			if c.well != (err == nil) || err != nil && (!strings.Contains(err.Error(), "Host") || strings.Contains(err.Error(), "eyJ")) {
				t.Errorf("%s: %v", name, err)
			}
			target.Close()
		}
	}
}

// TestOwnAuthorizationWins gives an Authorization header of one's own, however
// its name is spelt: the workspace's token is not sent beside it.
func TestOwnAuthorizationWins(t *testing.T) {
	var o endpoint.Options
	w := workspaceFor(t, time.Hour, &o, workspacetest.Endpoint{Name: "x"})
	for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"} {
		for _, http2s := range []bool{false, true} {
			target, err := endpoint.Open(t.Context(), "x", o, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			p := testPlan(3)
			p.HTTP2 = http2s
			run, err := Start(p, Request{UserAgent: "test", Headers: []payloads.Header{{Name: name, Value: "Bearer of-my-own"}}}, payloads.Single("test", body), target, nil)
			if err != nil {
				t.Fatal(err)
			}
			<-run.Done()
			if s := run.Snapshot(); s.Status[http.StatusUnauthorized] != 3 || w.Stats().Served > 0 {
				t.Errorf("%s: %v, %d served", name, s.Status, w.Stats().Served)
			}
			target.Close()
		}
	}
}
