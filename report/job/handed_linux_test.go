//go:build !race

package job_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"brunt/attack/mock/workspacetest"
	"brunt/payloads/needs"
	"brunt/report"
)

// handedRig is a workspace with a NATS server whose every message is heard, a coordinator
// that has the workspace's credentials, and two workers that have none.
type handedRig struct {
	t         *testing.T
	dir       string // what the commands write, and what NATS stores
	workspace *workspacetest.Server
	url       string // of NATS
	mu        sync.Mutex
	heard     bytes.Buffer
	messages  int
}

const handedSecret = "dose-canary-of-a-principal"

func newHandedRig(t *testing.T, lifetime time.Duration) *handedRig {
	t.Helper()
	r := &handedRig{t: t, dir: t.TempDir()}
	var err error
	r.workspace, err = workspacetest.Start(workspacetest.Config{
		ClientID: "principal", Secret: handedSecret, Lifetime: lifetime, PATs: []string{"dapi-canary-of-a-person"},
		Endpoints: []workspacetest.Endpoint{{Name: "my-endpoint"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.workspace.Close)
	for name, text := range map[string][]byte{"ca.pem": r.workspace.CA(), "bodies.jsonl": []byte("{\"inputs\":[1]}\n")} {
		if err := os.WriteFile(filepath.Join(r.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: filepath.Join(r.dir, "nats")})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("no NATS server")
	}
	r.url = s.ClientURL()
	ear, err := nats.Connect(r.url)
	if err == nil {
		_, err = ear.Subscribe(">", r.hear)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ear.Close)
	return r
}

// hear keeps a message.
func (r *handedRig) hear(m *nats.Msg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages++
	r.heard.WriteString(m.Subject)
	r.heard.Write(m.Data)
}

// brunt starts a command in the rig's directory, where its output goes, too: with these
// variables and no others of Databricks.
func (r *handedRig) brunt(name string, variables []string, args ...string) *exec.Cmd {
	r.t.Helper()
	c := exec.Command(built(r.t), args...)
	c.Args[0], c.Dir = "brunt", r.dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DATABRICKS_") && !strings.HasPrefix(v, "BRUNT_") {
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(append(c.Env, "HOME="+r.dir), variables...)
	open := func(path string) *os.File {
		f, err := os.Create(filepath.Join(r.dir, path))
		if err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { _ = f.Close() })
		return f
	}
	c.Stdout, c.Stderr = open(name+".out"), open(name+".err")
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// attack starts workers, and a coordinator with these credentials.
func (r *handedRig) attack(variables []string, more ...string) (coordinator *exec.Cmd, workers []*exec.Cmd) {
	coordinator = r.coordinator(variables, more...)
	for _, name := range []string{"w1", "w2"} {
		workers = append(workers, r.brunt(name, nil, "worker", "--nats", r.url, "--once", "--name", name))
	}
	return coordinator, workers
}

// coordinator starts one with these credentials.
func (r *handedRig) coordinator(variables []string, more ...string) *exec.Cmd {
	args := append([]string{
		"attack", "my-endpoint", "-p", "bodies.jsonl", "--ca", "ca.pem", "--workers", "2", "--nats", r.url, "--worker-credentials", "handed",
		"-o", "json", "--json", "run.json", "--plot", "run.html", "--results", "run.csv",
	}, more...)
	return r.brunt("coordinator", append(slices.Clip(variables), "DATABRICKS_HOST="+r.workspace.Host()), args...)
}

var principal = []string{"DATABRICKS_CLIENT_ID=principal", "DATABRICKS_CLIENT_SECRET=" + handedSecret}

// done waits for a run's end, sees that no secret is anywhere, and gives its report.
func (r *handedRig) done(coordinator *exec.Cmd, workers []*exec.Cmd) *report.Report {
	r.t.Helper()
	for _, c := range append(workers, coordinator) {
		_ = c.Wait() // the report says how it went
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "run.json"))
	var rep report.Report
	if err == nil {
		err = json.Unmarshal(text, &rep)
	}
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.said("coordinator.err"))
	}
	r.noSecrets()
	return &rep
}

func (r *handedRig) said(file string) string {
	text, err := os.ReadFile(filepath.Join(r.dir, file))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// noSecrets looks for the principal's secret, and each token that was given out, in all
// messages and all files.
func (r *handedRig) noSecrets() {
	r.t.Helper()
	secrets := r.workspace.Secrets()
	files := 0
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				r.t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		if at := bytes.Index(r.heard.Bytes(), []byte(secret)); at >= 0 {
			r.t.Errorf("a message holds a secret: …%q", r.heard.Bytes()[max(0, at-80):at])
		}
	}
	if files < 10 || r.messages < 50 || len(secrets) < 2 || !bytes.Contains(r.heard.Bytes(), []byte(".credentials")) {
		r.t.Errorf("%d files, %d messages, %d secrets: looking there proves nothing", files, r.messages, len(secrets))
	}
}

// awaitServed waits until so many requests have come as far as the model.
func (r *handedRig) awaitServed(n int64) {
	r.t.Helper()
	for range 3000 {
		if r.workspace.Stats().Served >= n {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	r.t.Fatalf("%d were served\n%s%s", r.workspace.Stats().Served, r.said("coordinator.err"), r.said("w1.err"))
}

// TestHandedTokens has workers without credentials load an endpoint for longer than a token
// lives, on a NATS server where whoever likes hears everything.
func TestHandedTokens(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	t.Run("renewed", func(t *testing.T) {
		t.Parallel()
		r := newHandedRig(t, 3*time.Second)
		rep := r.done(r.attack(principal, "-r", "100", "-d", "6s"))
		if rep.Requests.Succeeded != 600 || len(rep.Verdict.Reasons) > 0 && strings.Contains(strings.Join(rep.Verdict.Reasons, " "), "credentials") {
			t.Errorf("%+v, %q; want 600 that succeeded", rep.Requests, rep.Verdict.Reasons)
		}
		s := r.workspace.Stats()
		used := 0
		for _, n := range s.ByToken {
			if n > 0 {
				used++
			}
		}
		if s.Refused > 0 || s.Served != 600 || used < 3 {
			t.Errorf("%d refused, %d served, by %d tokens; want 0, 600 and 3 or more", s.Refused, s.Served, used)
		}
	})
	t.Run("not renewed", func(t *testing.T) {
		t.Parallel()
		r := newHandedRig(t, 2*time.Second)
		coordinator, workers := r.attack(principal, "-r", "100", "-d", "5s")
		r.awaitServed(50)
		r.workspace.SetOutage(503)
		rep := r.done(coordinator, workers)
		said := *rep.Verdict.Headline + strings.Join(rep.Verdict.Reasons, "\n") + strings.Join(rep.Warnings, "\n")
		for _, want := range []string{"the credentials ran out and were not renewed", "the coordinator could not renew them: log-in at ", "token service is not available"} {
			if !strings.Contains(said, want) {
				t.Errorf("not said: %s\n%s", want, said)
			}
		}
		if n := rep.Status[401]; n == 0 || rep.Requests.Succeeded < 50 || rep.Requests.Succeeded+n != 500 {
			t.Errorf("%d times 401, %+v; want 500 with those that succeeded", n, rep.Requests)
		}
	})
	t.Run("no coordinator for a while", func(t *testing.T) {
		t.Parallel()
		r := newHandedRig(t, 3*time.Second)
		coordinator, workers := r.attack(principal, "-r", "100", "-d", "9s")
		r.awaitServed(50)
		_ = coordinator.Process.Signal(syscall.SIGSTOP)
		for r.workspace.Stats().Refused < 250 {
			<-time.After(20 * time.Millisecond)
		}
		_ = coordinator.Process.Signal(syscall.SIGCONT)
		before := r.workspace.Stats().Served
		rep := r.done(coordinator, workers)
		said := strings.Join(rep.Verdict.Reasons, "\n") + strings.Join(rep.Warnings, "\n")
		// The last attempt may be one that the coordinator has answered before it has new ones.
		absent := strings.Contains(said, "(the coordinator does not answer)") || strings.Contains(said, "(those of the coordinator have expired)")
		if !absent || !strings.Contains(said, "until new ones came") {
			t.Errorf("it says %s", said)
		}
		if n := rep.Status[401]; n == 0 || rep.Requests.Succeeded+n != 900 || r.workspace.Stats().Served == before {
			t.Errorf("%d times 401, %+v; want 900 with those that succeeded", n, rep.Requests)
		}
	})
	t.Run("coordinator started again", func(t *testing.T) {
		t.Parallel()
		r := newHandedRig(t, 3*time.Second)
		first, workers := r.attack(principal, "-r", "50", "-d", "12s")
		r.awaitServed(50)
		_ = first.Process.Kill()
		_ = first.Wait()
		session := regexp.MustCompile(`--resume ([a-z0-9]+)`).FindStringSubmatch(r.said("coordinator.err"))
		if session == nil {
			t.Fatal(r.said("coordinator.err"))
		}
		rep := r.done(r.coordinator(principal, "-r", "50", "-d", "12s", "--resume", session[1]), workers)
		if n := rep.Status[401]; rep.Requests.Succeeded+n != 600 || rep.Requests.Succeeded < 250 {
			t.Errorf("%d times 401, %+v; want 600 with those that succeeded", n, rep.Requests)
		}
		served := r.workspace.Stats().ByToken
		if len(served) < 5 || served[len(served)-1]+served[len(served)-2]+served[len(served)-3] == 0 {
			t.Errorf("the tokens served %d each: none of the second coordinator's was handed out", served)
		}
	})
	t.Run("none that last", func(t *testing.T) {
		t.Parallel()
		r := newHandedRig(t, time.Hour)
		c := r.brunt("coordinator", []string{"DATABRICKS_HOST=" + r.workspace.Host(), "DATABRICKS_TOKEN=dapi-canary-of-a-person"},
			"attack", "my-endpoint", "-p", "bodies.jsonl", "--ca", "ca.pem", "-r", "1", "-d", "1s", "--workers", "2", "--nats", r.url, "--worker-credentials", "handed")
		_ = c.Wait()
		if said := r.said("coordinator.err"); c.ProcessState.ExitCode() != 2 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "only tokens that expire are handed out") {
			t.Errorf("exit %d: %s", c.ProcessState.ExitCode(), said)
		}
	})
}
