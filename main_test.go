package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"brunt/report"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"brunt": main})
}

// arrivals counts the requests at one script's server.
type arrivals struct {
	*httptest.Server
	n atomic.Int64
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
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
					<-r.Context().Done()
				}
				fmt.Fprint(w, `{"message":"said the server"}`)
			}))
			env.Defer(server.Close)
			env.Values["server"] = server
			env.Setenv("URL", server.URL)
			env.Setenv("BODIES", filepath.Join(root, "testdata", "bodies.jsonl"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"arrived": arrived,
			"sound":   sound,
			"oneline": oneline,
			"exits":   exits,
			"awaits":  awaits,

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

// awaits N: waits until N more requests have arrived.
func awaits(ts *testscript.TestScript, _ bool, args []string) {
	more, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	server := ts.Value("server").(*arrivals)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	end := time.After(20 * time.Second)
	for want := server.n.Load() + more; server.n.Load() < want; {
		select {
		case <-look.C:
		case <-end:
			ts.Fatalf("%d of %d requests arrived", server.n.Load(), want)
		}
	}
}

// exits N COMMAND…: the command ends with exactly this code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
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
		{a.LatencyMS.Response.P50, b.LatencyMS.Response.P50}, {a.LatencyMS.Response.P99, b.LatencyMS.Response.P99},
		{a.LatencyMS.Service.P50, b.LatencyMS.Service.P50}, {a.LatenessMS.Max, b.LatenessMS.Max},
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

// TestReadmeCommands runs every command that the README shows, but for the
// two that go itself runs.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^\$ (.+)$`).FindAllStringSubmatch(string(text), -1)
	var script strings.Builder
	for _, c := range commands {
		if !strings.HasPrefix(c[1], "go test") {
			script.WriteString(readmeStep(strings.Replace(c[1], "go run .", "brunt", 1)))
		}
	}
	if len(commands) < 7 {
		t.Fatalf("the README shows %d commands", len(commands))
	}
	for _, name := range []string{"testdata/bodies.jsonl", "testdata/rows.csv"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&script, "-- %s --\n%s", name, content)
	}
	file := filepath.Join(t.TempDir(), "readme.txtar")
	if err := os.WriteFile(file, []byte(script.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{file}, Setup: func(env *testscript.Env) error {
		env.Setenv("AUTH", "Bearer canary")
		return nil
	}})
}

// readmeStep is a command as a script's step: it says something on standard
// output, or in the file to which that goes, and nothing on standard error.
func readmeStep(line string) string {
	command, file, redirected := strings.Cut(line, " > ")
	if redirected || strings.Contains(line, " | ") {
		command = "sh -c '" + strings.ReplaceAll(line, "'", "''") + "'"
	}
	if redirected {
		return "exec " + command + "\ngrep . " + file + "\n! stderr .\n"
	}
	return "exec " + command + "\nstdout .\n! stderr .\n"
}
