package main

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"brunt/attack/figure"
	"brunt/attack/mock/workspacetest"
	"brunt/payloads/needs"
	"brunt/report"
	"brunt/report/config"
	"brunt/report/help"
)

func TestMain(m *testing.M) {
	// The race detector has each process wait for a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=10")
	testscript.Main(m, map[string]func(){"brunt": main})
}

// arrivals counts the requests at one script's server.
type arrivals struct {
	*httptest.Server
	n atomic.Int64
}

// runScripts runs testscripts, whose commands end as soon as this process would:
// under the race detector each waits for a second, unless GORACE says otherwise.
func runScripts(t *testing.T, p testscript.Params) {
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("GORACE", os.Getenv("GORACE"))
		if setup == nil {
			return nil
		}
		return setup(env)
	}
	testscript.Run(t, p)
}

func TestScripts(t *testing.T) {
	dir, files := "testdata/script", []string(nil)
	if testing.Short() { // some that make next to no load
		dir, files = "", []string{"testdata/script/counts.txtar", "testdata/script/help.txtar", "testdata/script/printable.txtar"}
	}
	runScripts(t, testscript.Params{
		Dir: dir, Files: files,
		Setup: func(env *testscript.Env) error {
			root, err := os.Getwd()
			if err != nil {
				return err
			}
			server := &arrivals{}
			server.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.n.Add(1)
				if code, err := strconv.Atoi(r.URL.Query().Get("status")); err == nil {
					w.WriteHeader(code)
				}
				if r.URL.Query().Has("slow") {
					io.Copy(io.Discard, r.Body) // the server looks for the client's end only after it
					<-r.Context().Done()
				}
				fmt.Fprint(w, `{"message":"said the server"}`)
			}))
			env.Defer(server.Close)
			env.Values["server"] = server
			env.Setenv("URL", server.URL)
			// What a terminal obeys.
			env.Setenv("ESC", "\x1b")
			env.Setenv("CSI", "\u009b")
			env.Setenv("BIDI", "\u202e")
			// A port that is free, and one that is not.
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			env.Defer(func() { taken.Close() })
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			defer free.Close()
			env.Setenv("TAKEN", fmt.Sprint(taken.Addr().(*net.TCPAddr).Port))
			env.Setenv("PORT", fmt.Sprint(free.Addr().(*net.TCPAddr).Port))
			env.Setenv("BODIES", filepath.Join(root, "testdata", "bodies.jsonl"))
			if err := openExpired(env); err != nil {
				return err
			}
			return openWorkspace(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"arrived": arrived,
			"sound":   sound,
			"oneline": oneline,
			"exits":   exits,
			"awaits":  awaits,
			"page":    fetch,
			"state":   state,
			"viewer":  viewer,

			"workspace": control,
			"nosecrets": noSecrets,

			"samefigures": sameFigures,
		},
	})
}

// arrived N: the server has seen exactly N requests.
func arrived(ts *testscript.TestScript, _ bool, args []string) {
	if got := strconv.FormatInt(ts.Value("server").(*arrivals).n.Load(), 10); got != args[0] {
		ts.Fatalf("%s requests arrived, not %s", got, args[0])
	}
}

// awaits N: waits until N more requests have arrived; awaits all N: until N have.
func awaits(ts *testscript.TestScript, _ bool, args []string) {
	more, err := strconv.ParseInt(args[len(args)-1], 10, 64)
	ts.Check(err)
	server := ts.Value("server").(*arrivals)
	want := server.n.Load() + more
	if args[0] == "all" {
		want = more
	}
	if !until(func() bool { return server.n.Load() >= want }) {
		ts.Fatalf("%d of %d requests arrived", server.n.Load(), want)
	}
}

// until looks until there is what it looks for; false where that does not come.
func until(found func() bool) bool {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	end := time.After(2 * time.Minute)
	for !found() {
		select {
		case <-look.C:
		case <-end:
			return false
		}
	}
	return true
}

// fetch METHOD PATH STATUS [BODY]: asks the live view, once it is there, and
// keeps its answer in the file page.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	status, body := ask(ts, args[0], args[1], append(args[3:], "")[0])
	ts.Check(os.WriteFile(ts.MkAbs("page"), body, 0o644))
	if strconv.Itoa(status) != args[2] {
		ts.Fatalf("%s %s: status %d: %s", args[0], args[1], status, body)
	}
}

// state WORD: waits until the live view's state is this one.
func state(ts *testscript.TestScript, _ bool, args []string) {
	var text string
	if !until(func() bool {
		stream := open(ts, "GET", "/api/events", "")
		defer stream.Body.Close()
		lines := bufio.NewScanner(stream.Body)
		for text = ""; !strings.Contains(text, `"state":`) && lines.Scan(); {
			text = lines.Text() // the view comes first
		}
		return strings.Contains(text, `"state":"`+args[0]+`"`)
	}) {
		ts.Fatalf("the state is not %s: %s", args[0], text)
	}
}

func ask(ts *testscript.TestScript, method, path, body string) (int, []byte) {
	resp := open(ts, method, path, body)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.StatusCode, text
}

// open asks until the view answers at all.
func open(ts *testscript.TestScript, method, path, body string) *http.Response {
	var resp *http.Response
	var err error
	if !until(func() bool {
		req, wrong := http.NewRequest(method, "http://127.0.0.1:"+ts.Getenv("PORT")+path, strings.NewReader(body))
		ts.Check(wrong)
		req.Header.Set("Content-Type", "application/json")
		req.Close = true
		resp, err = http.DefaultClient.Do(req)
		return err == nil
	}) {
		ts.Fatalf("%v", err)
	}
	return resp
}

// viewer attaches one that reads nothing, until the script ends.
func viewer(ts *testscript.TestScript, _ bool, _ []string) {
	stream := open(ts, "GET", "/api/events", "")
	ts.Defer(func() { stream.Body.Close() })
}

// exits N|M COMMAND…: the command ends with exactly this code, or one of these.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if !slices.Contains(strings.Split(args[0], "|"), strconv.Itoa(code)) {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
}

// sound FILE: the report's figures do not contradict each other.
func sound(ts *testscript.TestScript, _ bool, args []string) {
	rep, err := report.Read(strings.NewReader(ts.ReadFile(args[0])), args[0])
	ts.Check(err)
	ts.Check(rep.Check())
}

// samefigures A B: two reports agree to three digits.
func sameFigures(ts *testscript.TestScript, _ bool, args []string) {
	var reps [2]*report.Report
	for i := range reps {
		rep, err := report.Read(strings.NewReader(ts.ReadFile(args[i])), args[i])
		ts.Check(err)
		ts.Check(rep.Check())
		reps[i] = rep
	}
	a, b := reps[0], reps[1]
	if a.Requests.Succeeded != b.Requests.Succeeded || a.Requests.Failed != b.Requests.Failed {
		ts.Fatalf("%+v and %+v", a.Requests, b.Requests)
	}
	for _, pair := range [][2]*float64{
		{a.LatencyMS[figure.Response].P50, b.LatencyMS[figure.Response].P50}, {a.LatencyMS[figure.Response].P99, b.LatencyMS[figure.Response].P99},
		{a.LatencyMS[figure.Service].P50, b.LatencyMS[figure.Service].P50}, {a.LatenessMS.Max, b.LatenessMS.Max},
	} {
		if math.Abs(*pair[0]-*pair[1]) > 0.002**pair[0]+1e-6 {
			ts.Fatalf("%v and %v", *pair[0], *pair[1])
		}
	}
}

// oneline: standard error is one line of brunt's.
func oneline(ts *testscript.TestScript, _ bool, _ []string) {
	text := ts.ReadFile("stderr")
	if !strings.HasPrefix(text, "brunt: ") || strings.Count(text, "\n") != 1 {
		ts.Fatalf("standard error is not one line of brunt's: %q", text)
	}
}

//go:embed README.md
var readme string

// manual is what users read: the README and the topics of brunt help.
func manual() map[string]string {
	texts := map[string]string{"README": readme}
	for _, topic := range help.Topics() {
		texts[topic.Name] = topic.Text
	}
	return texts
}

// TestReadmeCommands runs every command that the README and the topics of brunt
// help show, each text's in a directory of its own, but for the one that go runs.
func TestReadmeCommands(t *testing.T) {
	needs.Time(t)
	dir, commands := t.TempDir(), 0
	for name, text := range manual() {
		script, n := readmeScript(t, text)
		commands += n
		if n == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if commands < 30 {
		t.Fatalf("README and topics show %d commands", commands)
	}
	runScripts(t, testscript.Params{Dir: dir, Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits}, Setup: func(env *testscript.Env) error {
		if err := openWorkspace(env); err != nil {
			return err
		}
		env.Setenv("DATABRICKS_HOST", env.Getenv("WORKSPACE"))
		env.Setenv("DATABRICKS_CLIENT_ID", clientID)
		env.Setenv("DATABRICKS_CLIENT_SECRET", canarySecret)
		env.Setenv("BRUNT_CA", env.Getenv("WORKSPACE_CA"))
		env.Setenv("BRUNT_RESOLVE", env.Values["workspace"].(*workspacetest.Server).RouteHost("my-fast-endpoint")+":127.0.0.1")
		return nil
	}})
}

// readmeScript is a script of the commands that a text shows, and their number.
func readmeScript(t *testing.T, text string) (string, int) {
	t.Helper()
	shown := regexp.MustCompile("(?m)^\\$ (.+)$(?:\n```\n+```text\n((?s:.+?))```)?").FindAllStringSubmatch(text, -1)
	checks := regexp.MustCompile(`(?m)^(ok|warning|failed)  +(\S+(?: \S+)?)  `) // that a probe is shown to make
	var script strings.Builder
	for _, c := range shown {
		if !strings.HasPrefix(c[1], "go test") {
			script.WriteString(readmeStep(strings.Replace(c[1], "go run .", "brunt", 1)))
			for _, m := range checks.FindAllStringSubmatch(c[2], -1) {
				fmt.Fprintf(&script, "stdout '^%s +%s +'\n", m[1], m[2])
			}
		}
	}
	for _, name := range []string{"testdata/bodies.jsonl", "testdata/rows.csv", "testdata/prompts.txt", "testdata/traffic.csv", "bodies.jsonl"} {
		content, err := os.ReadFile(filepath.Join("testdata", filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&script, "-- %s --\n%s", name, content)
	}
	return script.String(), len(shown)
}

// TestReadmeNames: each topic is in the README, and each file that it links is there.
func TestReadmeNames(t *testing.T) {
	for _, topic := range help.Topics() {
		if want := fmt.Sprintf("| [%s](report/help/%[1]s.md) | %s |\n", topic.Name, topic.Title); !strings.Contains(readme, want) {
			t.Errorf("the README lacks %s", want)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Error(err)
		}
	}
	for name, text := range manual() {
		for _, m := range regexp.MustCompile("`brunt help ([a-z-]+)`").FindAllStringSubmatch(text, -1) {
			if !slices.Contains(help.Names(), m[1]) {
				t.Errorf("%s: no topic %s", name, m[1])
			}
		}
	}
}

// TestGitHub: workflows and forms are YAML; each workflow says what it may do, and
// takes actions by commit, which nobody can move as a tag can be.
func TestGitHub(t *testing.T) {
	files, err := filepath.Glob(".github/*/*.yml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%v, %v", files, err)
	}
	pinned := regexp.MustCompile(`^[\w-]+(/[\w.-]+)+@[0-9a-f]{40}$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var flow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Uses  string
				Steps []struct{ Uses string }
			}
			Body []struct{ ID string }
		}
		if err := yaml.Unmarshal(text, &flow); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if filepath.Base(filepath.Dir(file)) != "workflows" {
			continue
		}
		if !maps.Equal(flow.Permissions, map[string]string{"contents": "read"}) || len(flow.Jobs) == 0 {
			t.Errorf("%s: permissions %v, %d jobs", file, flow.Permissions, len(flow.Jobs))
		}
		for name, job := range flow.Jobs {
			uses := []string{job.Uses}
			for _, step := range job.Steps {
				uses = append(uses, step.Uses)
			}
			for _, action := range uses {
				if action != "" && !pinned.MatchString(action) {
					t.Errorf("%s: %s: %s is not pinned by commit", file, name, action)
				}
			}
		}
	}
	guide, err := os.ReadFile(".github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`((?:attack|report|payloads|testdata|\\.ci|\\.github)/[^` ]*)`").FindAllStringSubmatch(string(guide), -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("CONTRIBUTING.md: %v", err)
		}
	}
}

// TestReadmeFlags: README and topics name no flag that is none of brunt's.
func TestReadmeFlags(t *testing.T) {
	known := map[string]bool{"--help": true, "--man": true}
	for _, of := range []string{"from", "rm", "read-only", "cap-drop", "cpuset-cpus", "cpus", "ulimit"} { // docker's
		known["--"+of] = true
	}
	for _, node := range kong.Must(&commands{}, config.Grammar()...).Model.Leaves(false) {
		for _, f := range node.Flags {
			known["--"+f.Name] = true
			if f.Tag.Negatable != "" {
				known["--no-"+f.Name] = true
			}
		}
	}
	for line := range strings.SplitSeq(strings.Join(slices.Collect(maps.Values(manual())), "\n"), "\n") {
		if strings.HasPrefix(line, "databricks ") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:^|[^\w-])(--[a-z][a-z0-9-]*)`).FindAllStringSubmatch(line, -1) {
			if !known[m[1]] {
				t.Errorf("%s is no flag: %s", m[1], line)
			}
		}
	}
}

// TestReadmeCurl runs the lines that the topic page has for scripts: no answer is an error.
func TestReadmeCurl(t *testing.T) {
	needs.Time(t)
	needs.Program(t, "curl")
	needs.Program(t, "jq")
	lines := regexp.MustCompile(`(?m)^curl (.+)$`).FindAllStringSubmatch(manual()["page"], -1)
	if len(lines) < 11 {
		t.Fatalf("the topic page shows %d lines", len(lines))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(free.Addr().(*net.TCPAddr).Port)
	free.Close()
	script := "! exec brunt attack 'mock://?latency=5ms' -r 50 -d 1m --serve=127.0.0.1:" + port + " --wait &page&\nexec sh curl.sh\nkill -INT page\nwait page\n" +
		"-- curl.sh --\nset -e\nawait() { for i in $(seq 100); do if \"$@\" >/dev/null; then return; fi; sleep 0.1; done; return 1; }\nJ='Content-Type: application/json' U=http://127.0.0.1:" + port + "\n" +
		"curl -s --retry 50 --retry-delay 1 --retry-connrefused $U/healthz\n"
	for _, line := range lines {
		command, _, _ := strings.Cut(line[1], " #")
		if strings.Contains(command, "-m 2") {
			script += "curl " + command + " >answer || true\n" // ends by time
		} else {
			script += "curl --fail " + command + " >answer\n"
		}
		if !strings.Contains(command, "-sfOJ") {
			script += "test -s answer\n"
		}
		switch {
		case strings.Contains(command, "change"): // a first second to report on
			script += "await curl -sf $U/api/report\n"
		case strings.Contains(command, "stop"): // drained
			script += "await sh -c \"curl -s $U/api/runs | jq -e '.runs[0].state == \\\"interrupted\\\"'\"\n"
		}
	}
	file := filepath.Join(t.TempDir(), "curl.txtar")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	runScripts(t, testscript.Params{Files: []string{file}})
}

// minutes of load are a second in the test, and of a warm-up less.
var minutes = strings.NewReplacer(" -d 1m", " -d 1s", " -d 5m", " -d 1s", " -d 10s", " -d 1s", " --warmup 1s", " --warmup 200ms")

// readmeStep is a command as a script's step: it says something on standard
// output, or in the file to which that goes, and nothing on standard error but
// what bodies are made of.
func readmeStep(line string) string {
	line = minutes.Replace(line)
	command, file, redirected := strings.Cut(line, " > ")
	if redirected || strings.Contains(line, " | ") || !strings.HasPrefix(line, "brunt ") {
		command = "sh -c '" + strings.ReplaceAll(line, "'", "''") + "'"
	}
	says := "! stderr .\n"
	switch {
	case strings.HasPrefix(line, "brunt compare"): // 2 on a machine that is too busy to measure
		return "exits 0|2|3 " + command + "\nstdout .\n"
	case strings.Contains(line, "--strict"): // a busy machine is no mistake of the README's
		return "exits 0|4 " + command + "\nstdout .\n"
	case strings.Contains(line, "--serve"):
		says = "stderr '^live view: http://'\n"
	case strings.Contains(line, "--from-endpoint"), strings.Contains(line, "--input-tokens"):
		says = "stderr '^brunt: payloads make: .*(example|estimated)'\n"
	}
	if strings.HasPrefix(line, "brunt attack my-") {
		says = "stdout ' 0 failed'\n" + says
	}
	if redirected {
		return "exec " + command + "\ngrep . " + file + "\n" + says
	}
	return "exec " + command + "\nstdout .\n" + says
}

// The credentials that a script's workspace knows. They are canaries: no output
// may hold them.
const (
	canaryPAT    = "dapi0123456789abcdef0123456789abcanary"
	canarySecret = "dose0123456789abcdef0123456789ascanary"
	clientID     = "11111111-2222-3333-4444-555555555555"
)

// openWorkspace gives a script a look-alike workspace.
func openWorkspace(env *testscript.Env) error {
	w, err := workspacetest.Start(workspacetest.Config{PATs: []string{canaryPAT}, ClientID: clientID, Secret: canarySecret, Endpoints: workspacetest.Sample()})
	if err != nil {
		return err
	}
	env.Defer(w.Close)
	env.Values["workspace"] = w
	ca := filepath.Join(env.WorkDir, "workspace.pem")
	if err := os.WriteFile(ca, w.CA(), 0o644); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"WORKSPACE": w.Host(), "WORKSPACE_CA": ca, "WORKSPACE_PAT": canaryPAT, "WORKSPACE_ID": clientID, "WORKSPACE_SECRET": canarySecret,
		"FAST": w.RouteHost("fast"), "FAST_TOO": w.RouteHost("fast-too"), "FAST_ASLEEP": w.RouteHost("fast-asleep"),
	} {
		env.Setenv(name, value)
	}
	_, port, _ := strings.Cut(w.RouteAddr(), ":")
	env.Setenv("WORKSPACE_PORT", w.Host()[strings.LastIndex(w.Host(), ":")+1:])
	env.Setenv("ROUTE_PORT", port)
	return nil
}

// seenBy is what a workspace has counted, by the words of control.
func seenBy(w *workspacetest.Server) map[string]int64 {
	s := w.Stats()
	return map[string]int64{"invoked": s.Invocations, "served": s.Served, "refused": s.Refused, "issued": s.TokensIssued, "asked": s.LookUps + s.Discoveries + s.TokenRequests}
}

// control tells the workspace what to do, or what it must have seen:
//
//	workspace invoked N | served N | refused N | asked N | issued N
//	workspace awaits served|… N more; reaches served|… N in all
//	workspace lifetime 5s | outage STATUS | revoke
func control(ts *testscript.TestScript, neg bool, args []string) {
	w := ts.Value("workspace").(*workspacetest.Server)
	if args[0] == "awaits" || args[0] == "reaches" {
		least, err := strconv.ParseInt(args[2], 10, 64)
		ts.Check(err)
		if args[0] == "awaits" {
			least += seenBy(w)[args[1]]
		}
		if !until(func() bool { return seenBy(w)[args[1]] >= least }) {
			ts.Fatalf("%s: %+v", args[1], w.Stats())
		}
		return
	}
	if got, ok := seenBy(w)[args[0]]; ok {
		if (strconv.FormatInt(got, 10) == args[1]) == neg {
			ts.Fatalf("%s: %d, %+v", args[0], got, w.Stats())
		}
		return
	}
	switch args[0] {
	case "lifetime":
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		w.SetLifetime(d)
	case "outage":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		w.SetOutage(status)
	case "revoke":
		w.Revoke()
	default:
		ts.Fatalf("workspace %s: unknown", args[0])
	}
}

// noSecrets FILE…: none of the workspace's tokens and secrets is in the files,
// nor in what the last command wrote.
func noSecrets(ts *testscript.TestScript, _ bool, args []string) {
	secrets := ts.Value("workspace").(*workspacetest.Server).Secrets()
	for _, name := range append(args, "stdout", "stderr") {
		text := ts.ReadFile(name)
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, secret[:min(len(secret), 20)]) && len(secret) < 60 {
				ts.Fatalf("%s holds a secret", name)
			}
		}
	}
}

// openExpired gives a script a server whose certificate expired yesterday, and
// the certificate as its own authority.
func openExpired(env *testscript.Env) error {
	s, pem, err := workspacetest.Expired()
	if err != nil {
		return err
	}
	env.Defer(s.Close)
	ca := filepath.Join(env.WorkDir, "expired.pem")
	env.Setenv("EXPIRED", s.URL)
	env.Setenv("EXPIRED_CA", ca)
	return os.WriteFile(ca, pem, 0o644)
}

// What a user runs holds nothing that is made for tests: packages whose names end
// in test, and those that say that only tests import them, are imported by tests
// and by one another alone.
func TestTestPackagesStayOutOfTheProduct(t *testing.T) {
	forTests := func(path string) bool {
		return strings.HasSuffix(path, "test") || path == "brunt/attack/quiet" || path == "brunt/payloads/needs"
	}
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if strings.HasPrefix(entry.Name(), ".") && path != "." {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"), forTests("brunt/" + filepath.ToSlash(filepath.Dir(path))):
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			if name, _ := strconv.Unquote(spec.Path.Value); strings.HasPrefix(name, "brunt/") && forTests(name) {
				t.Errorf("%s imports %s, which is for tests", path, name)
			}
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files: %v", files, err)
	}
}
